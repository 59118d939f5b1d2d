//! Replies as bytes of RESP2 or RESP3.
//!
//! Owns [`encode`], [`RespVersion`] and [`ReplySink`].
//! Invariant: exactly one reply of the chosen version is appended (none for [`Reply::None`]), and
//! no byte of a text can end its line early.
//! Must not know: sockets, how much output a client may have pending. Request path: no allocation
//! but the sink's own.
//! Tests: `encode/tests.rs`.

use bytes::BytesMut;
use memchr::memchr2;

use super::double::format_double;
use super::reply::{Payload, Reply};

#[cfg(test)]
mod tests;

/// Longest header: marker, sign, nineteen digits, line end.
const HEADER_LEN_MAX: usize = 23;

/// Which protocol a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RespVersion {
    /// What every client speaks until it says otherwise.
    #[default]
    Resp2,
    /// Chosen with `HELLO 3`.
    Resp3,
}

impl RespVersion {
    /// The version with this number, as in `HELLO`.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            2 => Some(Self::Resp2),
            3 => Some(Self::Resp3),
            _ => None,
        }
    }

    /// The number of this version.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}

/// Where encoded bytes go.
pub trait ReplySink {
    /// Appends bytes.
    fn put(&mut self, bytes: &[u8]);

    /// Appends a payload. An output queue that can hold on to shared bytes keeps large ones
    /// instead of copying them.
    fn put_payload(&mut self, payload: &Payload) {
        self.put(payload);
    }
}

impl ReplySink for Vec<u8> {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl ReplySink for BytesMut {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Appends `reply` to `out` in the words of `version`.
pub fn encode<S: ReplySink + ?Sized>(reply: &Reply, version: RespVersion, out: &mut S) {
    let resp3 = version == RespVersion::Resp3;
    match reply {
        Reply::None => {}
        Reply::Simple(text) => put_line(b'+', text.as_bytes(), out),
        Reply::Status(text) => put_one_line(b'+', text.as_bytes(), out),
        Reply::Error(text) => put_one_line(b'-', trim_line_ends(text.as_bytes()), out),
        Reply::Int(value) => put_header(b':', *value, out),
        Reply::Bulk(payload) => put_bulk(payload, out),
        Reply::Nil if !resp3 => out.put(b"$-1\r\n"),
        Reply::NilArray if !resp3 => out.put(b"*-1\r\n"),
        Reply::Nil | Reply::NilArray => out.put(b"_\r\n"),
        Reply::Array(replies) => put_list(b'*', replies, version, out),
        Reply::Set(replies) if resp3 => put_list(b'~', replies, version, out),
        Reply::Push(replies) if resp3 => put_list(b'>', replies, version, out),
        Reply::Set(replies) | Reply::Push(replies) => put_list(b'*', replies, version, out),
        Reply::Strings(strings) => strings.encode(version, out),
        Reply::Map(pairs) => put_map(pairs, version, out),
        Reply::Pushed(push, reply) => {
            if resp3 {
                put_list(b'>', push, version, out);
            }
            encode(reply, version, out);
        }
        Reply::Attribute(pairs, reply) => {
            if resp3 {
                put_len(b'|', pairs.len(), out);
                for (key, value) in pairs {
                    encode(key, version, out);
                    encode(value, version, out);
                }
            }
            encode(reply, version, out);
        }
        Reply::Double(value) if resp3 => put_line(b',', &format_double(*value), out),
        Reply::Double(value) => put_short_bulk(&format_double(*value), out),
        Reply::BigNumber(text) if resp3 => put_one_line(b'(', text.as_bytes(), out),
        Reply::BigNumber(text) => put_short_bulk(text.as_bytes(), out),
        Reply::Bool(value) if resp3 => out.put(if *value { b"#t\r\n" } else { b"#f\r\n" }),
        Reply::Bool(value) => out.put(if *value { b":1\r\n" } else { b":0\r\n" }),
        Reply::Verbatim(format, text) if resp3 => {
            put_verbatim(format.code().as_bytes(), text, out);
        }
        Reply::Verbatim(_, text) => put_bulk(text, out),
    }
}

/// Appends a marker, a number and a line end.
#[inline]
fn put_header<S: ReplySink + ?Sized>(marker: u8, number: i64, out: &mut S) {
    // One digit or two: most lengths and counts. Pieces of constant length need no call.
    match number {
        0..10 => return out.put(&[marker, b'0' + number as u8, b'\r', b'\n']),
        10..100 => {
            let (ten, one) = (number as u8 / 10, number as u8 % 10);
            return out.put(&[marker, b'0' + ten, b'0' + one, b'\r', b'\n']);
        }
        _ => {}
    }
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number).as_bytes();
    let mut header = [0; HEADER_LEN_MAX];
    header[0] = marker;
    let end = 1 + digits.len();
    header[1..end].copy_from_slice(digits);
    header[end..end + 2].copy_from_slice(b"\r\n");
    out.put(&header[..end + 2]);
}

/// Appends a header that counts elements or bytes.
#[inline]
pub(super) fn put_len<S: ReplySink + ?Sized>(marker: u8, len: usize, out: &mut S) {
    // Nothing in memory is longer than i64::MAX.
    put_header(marker, len as i64, out);
}

#[inline]
fn put_bulk<S: ReplySink + ?Sized>(payload: &Payload, out: &mut S) {
    put_len(b'$', payload.len(), out);
    out.put_payload(payload);
    out.put(b"\r\n");
}

#[inline]
pub(super) fn put_short_bulk<S: ReplySink + ?Sized>(text: &[u8], out: &mut S) {
    put_len(b'$', text.len(), out);
    out.put(text);
    out.put(b"\r\n");
}

fn put_verbatim<S: ReplySink + ?Sized>(code: &[u8], text: &Payload, out: &mut S) {
    put_len(b'=', code.len() + 1 + text.len(), out);
    out.put(code);
    out.put(b":");
    out.put_payload(text);
    out.put(b"\r\n");
}

fn put_list<S: ReplySink + ?Sized>(
    marker: u8,
    replies: &[Reply],
    version: RespVersion,
    out: &mut S,
) {
    put_len(marker, replies.len(), out);
    for reply in replies {
        encode(reply, version, out);
    }
}

fn put_map<S: ReplySink + ?Sized>(pairs: &[(Reply, Reply)], version: RespVersion, out: &mut S) {
    match version {
        RespVersion::Resp2 => put_len(b'*', pairs.len() * 2, out),
        RespVersion::Resp3 => put_len(b'%', pairs.len(), out),
    }
    for (key, value) in pairs {
        encode(key, version, out);
        encode(value, version, out);
    }
}

/// Appends a line whose text is known to hold no line end.
fn put_line<S: ReplySink + ?Sized>(marker: u8, text: &[u8], out: &mut S) {
    debug_assert!(memchr2(b'\r', b'\n', text).is_none());
    out.put(&[marker]);
    out.put(text);
    out.put(b"\r\n");
}

/// Appends a line with a space for each `\r` and `\n` of the text: they would end it early, and
/// what follows would be read as another reply.
fn put_one_line<S: ReplySink + ?Sized>(marker: u8, text: &[u8], out: &mut S) {
    out.put(&[marker]);
    let mut rest = text;
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        let (clean, tail) = rest.split_at(at);
        out.put(clean);
        out.put(b" ");
        rest = tail.get(1..).unwrap_or_default();
    }
    out.put(rest);
    out.put(b"\r\n");
}

/// Line ends around an error's text are dropped, not replaced.
fn trim_line_ends(mut text: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] | [rest @ .., b'\r' | b'\n'] = text {
        text = rest;
    }
    text
}
