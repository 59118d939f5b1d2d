//! One request: its arguments, wherever their bytes stand.
//!
//! Owns [`Request`] (borrowed, what handlers read) and [`OwnedRequest`] (kept for later: `MULTI`,
//! blocked clients, work handed to another thread).
//! Invariant: every range lies inside its frame; argument bytes are never copied here, except
//! from inline requests, whose quoting has to be undone anyway.
//! Must not know: commands, clients, how a request arrived.
//! Tests: at the end of this file; ranges from the wire in `parser/tests.rs`.

use bytes::Bytes;
use smallvec::SmallVec;

use super::limits::FRAME_LEN_MAX;

/// Where one argument stands, relative to the start of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgRange {
    /// Offset of the first byte.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

impl ArgRange {
    /// A range of `len` bytes from `start`. The caller keeps both within [`FRAME_LEN_MAX`].
    #[inline]
    pub(super) fn new(start: usize, len: usize) -> Self {
        debug_assert!(start <= FRAME_LEN_MAX && len <= FRAME_LEN_MAX);
        Self {
            start: start as u32,
            len: len as u32,
        }
    }

    /// The bytes of `frame` in this range; empty for a range that is not inside the frame, which
    /// only a caller that mixes up two frames can make.
    #[inline]
    fn of(self, frame: &[u8]) -> &[u8] {
        let start = self.start as usize;
        let bytes = frame.get(start..start + self.len as usize);
        debug_assert!(
            bytes.is_some(),
            "{self:?} is outside a frame of {}",
            frame.len()
        );
        bytes.unwrap_or_default()
    }
}

/// The arguments of one request, the command's name first.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    frame: &'a [u8],
    ranges: &'a [ArgRange],
}

impl<'a> Request<'a> {
    /// A request of the arguments at `ranges` of `frame`.
    #[must_use]
    pub fn new(frame: &'a [u8], ranges: &'a [ArgRange]) -> Self {
        Self { frame, ranges }
    }

    /// Number of arguments, the name included.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is not even a name. The parser never makes such a request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The argument at `index`, 0 being the name.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        Some(self.ranges.get(index)?.of(self.frame))
    }

    /// The arguments in order.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + use<'a> {
        let frame = self.frame;
        self.ranges.iter().map(move |range| range.of(frame))
    }

    /// The request without its first `count` arguments; empty when there are no more.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        Self {
            frame: self.frame,
            ranges: self.ranges.get(count..).unwrap_or_default(),
        }
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts = self.iter().map(|arg| arg.escape_ascii().to_string());
        f.debug_list().entries(texts).finish()
    }
}

/// A request that lives by itself.
#[derive(Clone)]
pub struct OwnedRequest {
    frame: Bytes,
    /// Eight ranges hold most requests without an allocation.
    ranges: SmallVec<[ArgRange; 8]>,
}

impl OwnedRequest {
    /// Takes over `frame`, such as `BytesMut::split_to(consumed).freeze()`, without a copy.
    #[must_use]
    pub fn new(frame: Bytes, ranges: &[ArgRange]) -> Self {
        Self {
            frame,
            ranges: SmallVec::from_slice(ranges),
        }
    }

    /// A request of these arguments, copied: for tests and for requests made by the server.
    ///
    /// # Panics
    /// If the arguments together are longer than [`FRAME_LEN_MAX`].
    #[must_use]
    pub fn from_args<A: AsRef<[u8]>>(args: &[A]) -> Self {
        let mut frame = Vec::new();
        let mut ranges = SmallVec::new();
        for arg in args {
            let arg = arg.as_ref();
            let start = frame.len();
            frame.extend_from_slice(arg);
            assert!(frame.len() <= FRAME_LEN_MAX, "arguments are too long");
            ranges.push(ArgRange::new(start, arg.len()));
        }
        Self {
            frame: frame.into(),
            ranges,
        }
    }

    /// The request, to be read.
    #[inline]
    #[must_use]
    pub fn as_request(&self) -> Request<'_> {
        Request::new(&self.frame, &self.ranges)
    }
}

impl std::fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_request().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_by_index_and_in_order() {
        let owned = OwnedRequest::from_args(&[&b"SET"[..], b"", b"a\r\n\0b"]);
        let request = owned.as_request();
        assert_eq!(request.len(), 3);
        assert!(!request.is_empty());
        assert_eq!(request.get(0), Some(&b"SET"[..]));
        assert_eq!(request.get(1), Some(&b""[..]));
        assert_eq!(request.get(2), Some(&b"a\r\n\0b"[..]));
        assert_eq!(request.get(3), None);
        let all: Vec<&[u8]> = request.iter().collect();
        assert_eq!(all, [&b"SET"[..], b"", b"a\r\n\0b"]);
        assert_eq!(request.iter().len(), 3);
        assert_eq!(request.iter().next_back(), Some(&b"a\r\n\0b"[..]));
    }

    #[test]
    fn skip_drops_leading_arguments_and_stops_at_the_end() {
        let owned = OwnedRequest::from_args(&["CLIENT", "KILL", "ID", "3"]);
        let rest = owned.as_request().skip(2);
        assert_eq!(rest.len(), 2);
        assert_eq!(rest.get(0), Some(&b"ID"[..]));
        assert!(rest.skip(2).is_empty());
        assert!(rest.skip(9).is_empty());
    }

    #[test]
    fn owned_request_shares_the_frame_it_was_given() {
        let frame = Bytes::from_static(b"*1\r\n$4\r\nPING\r\n");
        let range = ArgRange { start: 8, len: 4 };
        let owned = OwnedRequest::new(frame.clone(), &[range]);
        let name = owned.as_request().get(0).unwrap_or_default();
        assert_eq!(name, b"PING");
        assert_eq!(name.as_ptr(), frame[8..].as_ptr());
    }

    #[test]
    fn debug_shows_arguments_escaped() {
        let owned = OwnedRequest::from_args(&[&b"GET"[..], b"\xff"]);
        assert_eq!(format!("{owned:?}"), r#"["GET", "\\xff"]"#);
    }
}
