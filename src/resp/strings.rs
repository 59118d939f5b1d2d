//! Owns [`Strings`]: replies that are lists of strings, put together in one buffer.
//! Invariant: the buffer holds `count` strings as the wire has them, which is the same in every
//! version of RESP. Must not know: where the strings come from. Tests: below.
//!
//! Request path: collections are mostly answered with many short strings, for each of which a reply
//! of its own would cost more than its bytes.

use super::encode::{RespVersion, put_len, put_short_bulk};
use super::{Reply, ReplySink};
use std::cell::Cell;

/// Room that most small collections need.
const START_BYTES: usize = 256;
/// A larger buffer is given back instead of being kept for the next reply.
const KEEP_BYTES_MAX: usize = 64 * 1024;

thread_local! {
    /// The buffer of the last reply that this thread is done with: it has grown to what replies
    /// here need.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What the strings are to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringsOf {
    /// The elements of a list.
    List,
    /// The members of a set; RESP2 gets a list.
    Set,
    /// Keys and values of a map in turn; RESP2 gets a list.
    Map,
}

/// Many strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strings {
    of: StringsOf,
    count: usize,
    wire: Vec<u8>,
}

impl Strings {
    /// None so far.
    #[must_use]
    pub fn of(of: StringsOf) -> Strings {
        Strings {
            of,
            count: 0,
            wire: SPARE.take(),
        }
    }

    /// Appends one.
    #[inline]
    pub fn push(&mut self, string: &[u8]) {
        if self.wire.capacity() == 0 {
            self.wire.reserve(START_BYTES);
        }
        self.count += 1;
        put_short_bulk(string, &mut self.wire);
    }

    /// Bytes of the strings as the wire has them.
    pub(super) fn len(&self) -> usize {
        self.wire.len()
    }

    /// Appends the reply to `out`.
    #[inline]
    pub(super) fn encode<S: ReplySink + ?Sized>(&self, version: RespVersion, out: &mut S) {
        let (marker, count) = match (self.of, version) {
            (StringsOf::Set, RespVersion::Resp3) => (b'~', self.count),
            (StringsOf::Map, RespVersion::Resp3) => (b'%', self.count / 2),
            _ => (b'*', self.count),
        };
        put_len(marker, count, out);
        out.put(&self.wire);
    }
}

impl Drop for Strings {
    #[inline]
    fn drop(&mut self) {
        if (1..=KEEP_BYTES_MAX).contains(&self.wire.capacity()) {
            self.wire.clear();
            // A thread that is about to end has no place for it any more.
            let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.wire)));
        }
    }
}

impl From<Strings> for Reply {
    fn from(strings: Strings) -> Reply {
        Reply::Strings(strings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::encode;

    fn both(reply: &Reply) -> [Vec<u8>; 2] {
        [RespVersion::Resp2, RespVersion::Resp3].map(|version| {
            let mut out = Vec::new();
            encode(reply, version, &mut out);
            out
        })
    }

    #[test]
    fn strings_are_sent_like_single_replies() {
        let texts = [&b"one"[..], b"", b"\r\n\xff", &[b'x'; 1000]];
        let single = || texts.iter().map(|text| Reply::bulk_bytes(text));
        let pairs = single().zip(single()).step_by(2);
        for (of, other) in [
            (StringsOf::List, Reply::array(single())),
            (StringsOf::Set, Reply::Set(single().collect())),
        ] {
            let mut strings = Strings::of(of);
            texts.iter().for_each(|text| strings.push(text));
            assert_eq!(both(&strings.into()), both(&other));
        }
        let mut map = Strings::of(StringsOf::Map);
        for (key, value) in [(texts[0], texts[0]), (texts[2], texts[2])] {
            map.push(key);
            map.push(value);
        }
        assert_eq!(both(&map.into()), both(&Reply::Map(pairs.collect())));
        for of in [StringsOf::List, StringsOf::Set, StringsOf::Map] {
            let nothing = both(&Strings::of(of).into());
            assert_eq!(nothing[0], b"*0\r\n");
        }
    }
}
