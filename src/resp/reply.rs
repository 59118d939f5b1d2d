//! What a command answers, before it is put into the words of RESP2 or RESP3.
//!
//! Owns [`Reply`], [`Payload`] and [`ErrorText`].
//! Invariant: a reply says what it means in RESP3's types; only the encoder turns it into less.
//! Must not know: which protocol the client speaks, where the bytes go.
//! Tests: at the end of this file and in `encode.rs`.

use super::strings::Strings;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use storage::Value;
use storage::ops::bytes::Content;

/// The answer to one request, or a message pushed to a client.
///
/// Whoever builds a nested reply from foreign data (a script's tables) bounds its depth: encoding
/// and dropping go one call deeper for each level.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing is sent: `CLIENT REPLY OFF`, and commands whose replies come as pushes.
    None,
    /// A short fixed text, such as `OK`. Without `\r` and `\n`.
    Simple(&'static str),
    /// A short text made for the occasion. `\r` and `\n` are sent as spaces.
    Status(String),
    /// An error.
    Error(ErrorText),
    /// An integer.
    Int(i64),
    /// A string of bytes.
    Bulk(Payload),
    /// No value where one was asked for.
    Nil,
    /// No value where an array was expected; RESP3 makes no difference to [`Reply::Nil`].
    NilArray,
    /// An ordered list.
    Array(Vec<Reply>),
    /// A list, set or map of nothing but strings.
    Strings(Strings),
    /// Pairs; RESP2 gets a flat list of keys and values.
    Map(Vec<(Reply, Reply)>),
    /// An unordered collection without duplicates; RESP2 gets a list.
    Set(Vec<Reply>),
    /// A message outside the order of requests and replies; RESP2 gets a list.
    Push(Vec<Reply>),
    /// A reply with attributes in front, which RESP2 leaves out.
    Attribute(Vec<(Reply, Reply)>, Box<Reply>),
    /// A reply with a push in front, which RESP2 leaves out.
    Pushed(Vec<Reply>, Box<Reply>),
    /// A double; RESP2 gets its text.
    Double(f64),
    /// An integer of any size, in decimal; RESP2 gets its text.
    BigNumber(String),
    /// A truth value; RESP2 gets 1 or 0.
    Bool(bool),
    /// Text for people, marked with how to show it; RESP2 gets the text alone.
    Verbatim(VerbatimFormat, Payload),
}

// Arrays of replies are moved about by value: a new variant shall not make every element larger.
const _: () = assert!(size_of::<Reply>() <= 48);

/// How a verbatim text is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerbatimFormat {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
}

impl VerbatimFormat {
    /// The three letters on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "mkd",
        }
    }
}

impl Reply {
    /// `OK`.
    #[must_use]
    pub const fn ok() -> Self {
        Self::Simple("OK")
    }

    /// An error; `text` begins with its code, such as `ERR` or `WRONGTYPE`.
    #[must_use]
    pub fn error(text: impl Into<ErrorText>) -> Self {
        Self::Error(text.into())
    }

    /// A length or a count.
    #[must_use]
    pub fn count(count: usize) -> Self {
        // No collection has more than i64::MAX elements.
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Bytes, taken over without a copy.
    #[must_use]
    pub fn bulk(payload: impl Into<Payload>) -> Self {
        Self::Bulk(payload.into())
    }

    /// A copy of `text`. A text that lives for ever needs none: [`Reply::bulk`] takes it.
    #[must_use]
    pub fn bulk_str(text: &str) -> Self {
        Self::bulk_bytes(text.as_bytes())
    }

    /// A copy of `bytes`, such as an argument of the request.
    #[must_use]
    pub fn bulk_bytes(bytes: &[u8]) -> Self {
        Self::Bulk(Payload::Owned(bytes.to_vec()))
    }

    /// An integer as a string, as commands reply that give a stored number.
    #[must_use]
    pub fn bulk_int(value: i64) -> Self {
        Self::bulk_str(itoa::Buffer::new().format(value))
    }

    /// Bytes, or nil.
    #[must_use]
    pub fn bulk_or_nil(payload: Option<impl Into<Payload>>) -> Self {
        payload.map_or(Self::Nil, Self::bulk)
    }

    /// Plain text for people, such as the reply of `INFO`.
    #[must_use]
    pub fn text(text: impl Into<Payload>) -> Self {
        Self::Verbatim(VerbatimFormat::Text, text.into())
    }

    /// A list of replies.
    #[must_use]
    pub fn array(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::Array(replies.into_iter().collect())
    }

    /// A list of strings.
    #[must_use]
    pub fn array_of_bulks<P: Into<Payload>>(payloads: impl IntoIterator<Item = P>) -> Self {
        Self::array(payloads.into_iter().map(Self::bulk))
    }

    /// A list of integers.
    #[must_use]
    pub fn array_of_ints(values: impl IntoIterator<Item = i64>) -> Self {
        Self::array(values.into_iter().map(Self::Int))
    }

    /// Pairs whose keys are strings.
    #[must_use]
    pub fn map<K: Into<Payload>>(pairs: impl IntoIterator<Item = (K, Reply)>) -> Self {
        let pairs = pairs.into_iter();
        Self::Map(pairs.map(|(key, value)| (Self::bulk(key), value)).collect())
    }

    /// Bytes of its strings: no fewer reach the wire.
    #[must_use]
    pub fn string_bytes(&self) -> usize {
        match self {
            Self::Bulk(payload) | Self::Verbatim(_, payload) => payload.len(),
            Self::Strings(strings) => strings.len(),
            Self::Array(replies) | Self::Set(replies) | Self::Push(replies) => {
                replies.iter().map(Self::string_bytes).sum()
            }
            Self::Map(pairs) => {
                let pairs = pairs.iter();
                let sizes = pairs.map(|(key, value)| key.string_bytes() + value.string_bytes());
                sizes.sum()
            }
            // The attributes and the push themselves are left out of RESP2.
            Self::Attribute(_, reply) | Self::Pushed(_, reply) => reply.string_bytes(),
            _ => 0,
        }
    }

    /// Whether this is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

impl From<ErrorText> for Reply {
    fn from(text: ErrorText) -> Self {
        Self::Error(text)
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Bulk(Payload::Value(value))
    }
}

/// Bytes to be sent, held in whatever way costs no copy.
#[derive(Clone)]
pub enum Payload {
    /// A stored value, shared with the storage layer.
    Value(Value),
    /// A slice of a shared buffer.
    Bytes(Bytes),
    /// Bytes made for this reply.
    Owned(Vec<u8>),
    /// Bytes of the program.
    Static(&'static [u8]),
}

impl Deref for Payload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Value(value) => value,
            Self::Bytes(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Static(bytes) => bytes,
        }
    }
}

impl PartialEq for Payload {
    /// Equal bytes, however they are held.
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<Content> for Payload {
    fn from(content: Content) -> Self {
        match content {
            Content::Shared(value) => Self::Value(value),
            Content::Gathered(bytes) => Self::Owned(bytes),
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::Owned(text.into_bytes())
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Static(bytes)
    }
}

impl<const N: usize> From<&'static [u8; N]> for Payload {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::Static(bytes)
    }
}

impl From<&'static str> for Payload {
    fn from(text: &'static str) -> Self {
        Self::Static(text.as_bytes())
    }
}

/// The whole text of an error, code first. Bytes and not a `str`, since errors quote what
/// clients sent. `\r` and `\n` never reach the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorText(Cow<'static, [u8]>);

impl ErrorText {
    /// The text as it was given.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl From<&'static str> for ErrorText {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<String> for ErrorText {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for ErrorText {
    fn from(text: Vec<u8>) -> Self {
        Self(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constructors_make_the_variants_they_name() {
        assert_eq!(Reply::ok(), Reply::Simple("OK"));
        assert_eq!(Reply::count(3), Reply::Int(3));
        assert_eq!(Reply::bulk_int(-7), Reply::bulk("-7"));
        assert_eq!(Reply::bulk_or_nil(None::<Value>), Reply::Nil);
        assert_eq!(Reply::bulk_or_nil(Some("a")), Reply::bulk_str("a"));
        assert_eq!(
            Reply::array_of_bulks(["a", "b"]),
            Reply::Array(vec![Reply::bulk("a"), Reply::bulk("b")])
        );
        assert_eq!(
            Reply::array_of_ints([1, 2]),
            Reply::Array(vec![Reply::Int(1), Reply::Int(2)])
        );
        assert_eq!(
            Reply::map([("k", Reply::Int(1))]),
            Reply::Map(vec![(Reply::bulk("k"), Reply::Int(1))])
        );
        assert!(Reply::error("ERR syntax error").is_error());
        assert!(!Reply::Nil.is_error());
    }

    #[test]
    fn strings_count_wherever_they_stand_in_a_reply() {
        let strings = Reply::array([Reply::bulk("four"), Reply::Int(7), Reply::text("five5")]);
        let pair = (Reply::bulk("k"), strings.clone());
        let nested = Reply::array([Reply::Map(vec![pair]), Reply::Set(vec![strings])]);
        assert_eq!(nested.string_bytes(), 1 + 9 + 9);
        let mut wire = Vec::new();
        crate::resp::encode(&nested, crate::resp::RespVersion::Resp2, &mut wire);
        assert!(wire.len() > nested.string_bytes());
        assert_eq!(Reply::Nil.string_bytes(), 0);
    }

    #[test]
    fn payloads_compare_by_bytes_however_held() {
        let held = [
            Payload::from(Value::from(&b"abc"[..])),
            Payload::from(Bytes::from_static(b"abc")),
            Payload::from(b"abc".to_vec()),
            Payload::from("abc"),
            Payload::from(b"abc"),
        ];
        for payload in &held {
            assert_eq!(payload, &held[0]);
            assert_eq!(&**payload, b"abc");
        }
        assert_ne!(held[0], Payload::from("abd"));
    }

    #[test]
    fn a_stored_value_becomes_a_reply_without_a_copy() {
        let value = Value::from(&b"payload"[..]);
        let place = value.as_ptr();
        let Reply::Bulk(payload) = Reply::from(value) else {
            panic!("a value is a bulk reply");
        };
        assert_eq!(payload.as_ptr(), place);
    }

    #[test]
    fn error_text_keeps_bytes_that_are_not_text() {
        let error = ErrorText::from(b"ERR unknown command '\xff'".to_vec());
        assert_eq!(error.as_bytes(), b"ERR unknown command '\xff'");
        assert_eq!(format!("{error:?}"), r#""ERR unknown command \'\xff\'""#);
    }
}
