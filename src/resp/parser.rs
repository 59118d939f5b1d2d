//! Incremental parser of requests: multibulk frames and inline lines.
//!
//! Owns [`RequestParser`], which finds one request at a time at the front of the caller's buffer
//! and remembers how far it came, so that no byte of a request arriving in pieces is looked at
//! twice.
//! Invariants: the result does not depend on how the bytes were cut into pieces; `consumed` and
//! every range lie inside the buffer; nothing is reserved for what a peer only announces.
//! Must not know: sockets, commands, replies. Request path: no allocation per argument, no log.
//! Tests: `parser/tests.rs`; `parser/chunking.rs` is the body of the fuzz target too.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use memchr::memchr2;

use super::inline::{UnbalancedQuotes, split_args};
use super::limits::{
    FRAME_LEN_MAX, ProtocolLimits, UNAUTHENTICATED_BULK_LEN_MAX, UNAUTHENTICATED_MULTIBULK_LEN_MAX,
};
use super::parse_i64;
use super::request::{ArgRange, OwnedRequest, Request};

#[cfg(test)]
mod chunking;
#[cfg(test)]
mod tests;

/// Ranges kept allocated between requests, in arguments.
const RANGES_KEEP_MAX: usize = 1024;
/// Unescaped inline bytes kept allocated between requests.
const SCRATCH_KEEP_MAX: usize = 1024;
/// Digits of a length that is certainly read without overflow: more take the slow path.
const SHORT_DIGITS_MAX: usize = 9;
/// The end of a line or of an argument. Like Redis, the parser skips it without a look.
const CRLF_LEN: usize = 2;

/// What one call of [`RequestParser::parse`] found at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The request goes on after the end of the buffer.
    Incomplete,
    /// Something that asks for nothing and gets no reply: a blank line, `*0`, `*-1`.
    Empty {
        /// Bytes to drop from the front of the buffer; never 0.
        consumed: usize,
    },
    /// A whole request, to be read with [`RequestParser::request`].
    Request {
        /// Bytes to drop from the front of the buffer; never 0.
        consumed: usize,
    },
}

/// Why the bytes are not a request. The connection is closed after the reply, since nothing can
/// tell where the next request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An inline request is longer than `inline_len_max`.
    TooBigInlineRequest,
    /// An inline request leaves a quote open or glues text to a closing one.
    UnbalancedQuotes,
    /// The line after `*` is longer than `inline_len_max`.
    TooBigMultibulkCount,
    /// The text after `*` is not a number, or above `multibulk_len_max`.
    InvalidMultibulkLength,
    /// More arguments than a peer may send before it authenticates.
    UnauthenticatedMultibulkLength,
    /// The line after `$` is longer than `inline_len_max`.
    TooBigBulkCount,
    /// An argument begins with this byte instead of `$`.
    ExpectedDollar(u8),
    /// The text after `$` is not a number, negative, or above `bulk_len_max`; or the request
    /// would be longer than [`FRAME_LEN_MAX`].
    InvalidBulkLength,
    /// An argument longer than a peer may send before it authenticates.
    UnauthenticatedBulkLength,
}

impl ProtocolError {
    /// Redis's text, to stand after `ERR Protocol error: `. Bytes, because one of them may be
    /// the peer's, and `\r` or `\n`: the encoder of errors replaces those.
    #[must_use]
    pub fn text(self) -> Cow<'static, [u8]> {
        let text: &[u8] = match self {
            Self::TooBigInlineRequest => b"too big inline request",
            Self::UnbalancedQuotes => b"unbalanced quotes in request",
            Self::TooBigMultibulkCount => b"too big mbulk count string",
            Self::InvalidMultibulkLength => b"invalid multibulk length",
            Self::UnauthenticatedMultibulkLength => b"unauthenticated multibulk length",
            Self::TooBigBulkCount => b"too big bulk count string",
            Self::InvalidBulkLength => b"invalid bulk length",
            Self::UnauthenticatedBulkLength => b"unauthenticated bulk length",
            Self::ExpectedDollar(got) => {
                let mut text = b"expected '$', got '".to_vec();
                text.extend([got, b'\'']);
                return Cow::Owned(text);
            }
        };
        Cow::Borrowed(text)
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text().escape_ascii())
    }
}

impl std::error::Error for ProtocolError {}

/// Where the parser stands in the frame at the front of the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// In the first line: an inline request or a multibulk count.
    #[default]
    FirstLine,
    /// In the arguments of a multibulk request.
    Arguments,
    /// A request was returned and may still be read; the next call begins another one.
    Returned,
}

/// Parses one client's requests, one at a time.
#[derive(Debug, Default)]
pub struct RequestParser {
    stage: Stage,
    /// Offset in the frame of what is parsed next.
    pos: usize,
    /// Offset up to which the line at `pos` has been searched for its end.
    searched: usize,
    /// Arguments of the multibulk request that are still to come.
    args_left: usize,
    /// Length of the argument at `pos`, once its header has been read.
    bulk_len: Option<usize>,
    /// Bytes that the last call found missing from the argument at `pos`.
    bytes_missing: usize,
    /// Arguments found so far.
    ranges: Vec<ArgRange>,
    /// Whether `ranges` point into `scratch` and not into the caller's buffer.
    inline: bool,
    /// The unescaped arguments of an inline request.
    scratch: Vec<u8>,
}

impl RequestParser {
    /// A parser at the beginning of a request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the request in progress and gives back the memory held.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Looks for one request at the front of `buf`.
    ///
    /// After [`Parsed::Incomplete`] the caller passes the same bytes again, followed by more.
    /// After anything else it first drops the `consumed` bytes. After an error nothing changes,
    /// and the same call gives the same error.
    #[inline]
    pub fn parse(&mut self, buf: &[u8], limits: &ProtocolLimits) -> Result<Parsed, ProtocolError> {
        if self.stage == Stage::Returned {
            self.begin();
        }
        if self.stage == Stage::FirstLine {
            match buf.first() {
                None => return Ok(Parsed::Incomplete),
                Some(b'*') => match self.parse_count(buf, limits)? {
                    None => return Ok(Parsed::Incomplete),
                    Some(0) => return Ok(self.finish_empty()),
                    Some(count) => self.args_left = count,
                },
                Some(_) => return self.parse_inline(buf, limits),
            }
            self.stage = Stage::Arguments;
        }
        self.parse_arguments(buf, limits)
    }

    /// The request that the last call of [`parse`](Self::parse) found. `buf` is what that call
    /// was given, or its `consumed` first bytes.
    #[inline]
    #[must_use]
    pub fn request<'a>(&'a self, buf: &'a [u8]) -> Request<'a> {
        Request::new(self.inline_args().unwrap_or(buf), &self.ranges)
    }

    /// The same, to be kept: `frame` is the `consumed` bytes, taken from the buffer.
    #[must_use]
    pub fn owned_request(&self, frame: Bytes) -> OwnedRequest {
        match self.inline_args() {
            None => OwnedRequest::new(frame, &self.ranges),
            Some(args) => OwnedRequest::new(Bytes::copy_from_slice(args), &self.ranges),
        }
    }

    /// Where the arguments stand: in [`inline_args`](Self::inline_args) if there are any, else in
    /// the frame.
    #[inline]
    #[must_use]
    pub fn argv(&self) -> &[ArgRange] {
        &self.ranges
    }

    /// The unescaped arguments of an inline request; `None` for a multibulk one.
    #[inline]
    #[must_use]
    pub fn inline_args(&self) -> Option<&[u8]> {
        self.inline.then_some(self.scratch.as_slice())
    }

    /// How many more bytes the argument being received certainly needs, its line end included;
    /// 0 outside arguments. A connection reserves this much at once for a large argument. Later
    /// arguments are not counted: their number is only a claim.
    #[must_use]
    pub fn bytes_hint(&self) -> usize {
        self.bytes_missing
    }

    fn begin(&mut self) {
        self.stage = Stage::FirstLine;
        self.pos = 0;
        self.searched = 0;
        self.bytes_missing = 0;
        self.ranges.clear();
        self.ranges.shrink_to(RANGES_KEEP_MAX);
        if self.inline {
            self.inline = false;
            self.scratch.clear();
            self.scratch.shrink_to(SCRATCH_KEEP_MAX);
        }
    }

    fn finish_empty(&mut self) -> Parsed {
        self.stage = Stage::Returned;
        Parsed::Empty { consumed: self.pos }
    }

    /// The number of arguments that follow `*`, 0 for a negative one; `None` if its line is
    /// incomplete.
    #[inline]
    fn parse_count(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Option<usize>, ProtocolError> {
        let header = match self.header(buf, limits) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(LineTooLong) => return Err(ProtocolError::TooBigMultibulkCount),
        };
        let count = match header.number.map(usize::try_from) {
            None => return Err(ProtocolError::InvalidMultibulkLength),
            Some(number) => number.unwrap_or(0),
        };
        if count > limits.multibulk_len_max {
            return Err(ProtocolError::InvalidMultibulkLength);
        }
        if !limits.authenticated && count > UNAUTHENTICATED_MULTIBULK_LEN_MAX {
            return Err(ProtocolError::UnauthenticatedMultibulkLength);
        }
        self.advance(header.next);
        Ok(Some(count))
    }

    #[inline]
    fn parse_arguments(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Parsed, ProtocolError> {
        while self.args_left > 0 {
            let len = match self.bulk_len {
                Some(len) => len,
                None => match self.parse_bulk_len(buf, limits)? {
                    Some(len) => len,
                    None => return Ok(Parsed::Incomplete),
                },
            };
            let end = self.pos + len + CRLF_LEN;
            if buf.len() < end {
                self.bulk_len = Some(len);
                self.bytes_missing = end - buf.len();
                return Ok(Parsed::Incomplete);
            }
            self.ranges.push(ArgRange::new(self.pos, len));
            self.bulk_len = None;
            self.bytes_missing = 0;
            self.args_left -= 1;
            self.advance(end);
        }
        self.stage = Stage::Returned;
        Ok(Parsed::Request { consumed: self.pos })
    }

    /// The length of the argument whose header stands at `pos`; `None` if its line is incomplete.
    #[inline]
    fn parse_bulk_len(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Option<usize>, ProtocolError> {
        let header = match self.header(buf, limits) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(LineTooLong) => return Err(ProtocolError::TooBigBulkCount),
        };
        if header.marker != b'$' {
            return Err(ProtocolError::ExpectedDollar(header.marker));
        }
        let len = match header.number.map(usize::try_from) {
            Some(Ok(len)) if len <= limits.bulk_len_max => len,
            _ => return Err(ProtocolError::InvalidBulkLength),
        };
        if len > FRAME_LEN_MAX.saturating_sub(header.next + CRLF_LEN) {
            return Err(ProtocolError::InvalidBulkLength);
        }
        if !limits.authenticated && len > UNAUTHENTICATED_BULK_LEN_MAX {
            return Err(ProtocolError::UnauthenticatedBulkLength);
        }
        self.advance(header.next);
        Ok(Some(len))
    }

    /// The line at `pos`, a marker and a number; `None` if it is incomplete.
    #[inline]
    fn header(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Option<Header>, LineTooLong> {
        if let Some([marker @ (b'*' | b'$'), rest @ ..]) = buf.get(self.pos..)
            && let Some((number, len)) = short_number(rest)
            && len < limits.inline_len_max
        {
            return Ok(Some(Header {
                marker: *marker,
                number: Some(number),
                next: self.pos + 1 + len + CRLF_LEN,
            }));
        }
        self.long_header(buf, limits)
    }

    /// A header that is incomplete, malformed or merely long.
    #[cold]
    fn long_header(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Option<Header>, LineTooLong> {
        let Some(end) = self.find_line_end(buf, b'\r', limits)? else {
            return Ok(None);
        };
        if buf.len() < end + CRLF_LEN {
            return Ok(None);
        }
        let line = buf.get(self.pos..end).unwrap_or_default();
        Ok(Some(Header {
            // The marker of an empty line is the line's own end.
            marker: line.first().copied().unwrap_or(b'\r'),
            number: line.get(1..).and_then(parse_i64),
            next: end + CRLF_LEN,
        }))
    }

    #[inline(never)]
    fn parse_inline(
        &mut self,
        buf: &[u8],
        limits: &ProtocolLimits,
    ) -> Result<Parsed, ProtocolError> {
        let newline = match self.find_line_end(buf, b'\n', limits) {
            Ok(Some(newline)) => newline,
            Ok(None) => return Ok(Parsed::Incomplete),
            Err(LineTooLong) => return Err(ProtocolError::TooBigInlineRequest),
        };
        let line = buf.get(..newline).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.ranges.clear();
        self.scratch.clear();
        split_args(line, &mut self.scratch, &mut self.ranges)
            .map_err(|UnbalancedQuotes| ProtocolError::UnbalancedQuotes)?;
        self.inline = true;
        self.stage = Stage::Returned;
        let consumed = newline + 1;
        if self.ranges.is_empty() {
            return Ok(Parsed::Empty { consumed });
        }
        Ok(Parsed::Request { consumed })
    }

    /// Offset of the byte `end` that closes the line at `pos`; `None` if it is not there yet.
    ///
    /// A line may be `inline_len_max` bytes long, whether its end is there or not, so that the
    /// answer does not depend on how the bytes were cut. A NUL hides all that follows it, as it
    /// does in Redis: such a line never ends and is refused when it has grown too long.
    fn find_line_end(
        &mut self,
        buf: &[u8],
        end: u8,
        limits: &ProtocolLimits,
    ) -> Result<Option<usize>, LineTooLong> {
        let len_max = limits.inline_len_max.min(FRAME_LEN_MAX);
        let searched = self.searched.max(self.pos);
        let rest = buf.get(searched..).unwrap_or_default();
        let found = memchr2(end, 0, rest).map(|offset| searched + offset);
        match found {
            Some(at) if buf.get(at) == Some(&end) => {
                self.searched = at;
                if at - self.pos > len_max {
                    return Err(LineTooLong);
                }
                Ok(Some(at))
            }
            _ => {
                self.searched = found.unwrap_or(buf.len());
                if buf.len().saturating_sub(self.pos) > len_max {
                    return Err(LineTooLong);
                }
                Ok(None)
            }
        }
    }

    #[inline]
    fn advance(&mut self, pos: usize) {
        self.pos = pos;
        self.searched = pos;
    }
}

/// A line that announces how many arguments or bytes follow.
struct Header {
    /// Its first byte: `*` or `$` in a well-formed one.
    marker: u8,
    /// The rest, if that is an integer.
    number: Option<i64>,
    /// Offset of the byte after the line's end.
    next: usize,
}

/// A line has no end within `inline_len_max` bytes.
struct LineTooLong;

/// The number at the front of `line` and the count of its digits, if it is short, canonical and
/// followed by a whole line end: what nearly every header is.
#[inline]
pub(super) fn short_number(line: &[u8]) -> Option<(i64, usize)> {
    // One digit or two: the numbers of arguments and the lengths of most.
    match *line {
        [one @ b'0'..=b'9', b'\r', _, ..] => return Some((i64::from(one - b'0'), 1)),
        [ten @ b'1'..=b'9', one @ b'0'..=b'9', b'\r', _, ..] => {
            return Some((i64::from(ten - b'0') * 10 + i64::from(one - b'0'), 2));
        }
        _ => {}
    }
    let mut number = 0;
    for (digits, &byte) in line.iter().enumerate().take(SHORT_DIGITS_MAX + 1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let canonical = digits == 1 || (digits > 1 && line.first() != Some(&b'0'));
            let complete = byte == b'\r' && line.len() >= digits + CRLF_LEN;
            return (canonical && complete).then_some((number, digits));
        }
        number = number * 10 + i64::from(digit);
    }
    None
}
