//! Every kind of reply in both protocols, byte for byte.

use proptest::prelude::*;
use storage::Value;

use super::*;
use crate::resp::reply::VerbatimFormat;

fn encoded(reply: &Reply, version: RespVersion) -> String {
    let mut out = Vec::new();
    encode(reply, version, &mut out);
    let mut same = BytesMut::new();
    encode(reply, version, &mut same);
    assert_eq!(out, same, "every sink gets the same bytes");
    out.escape_ascii()
        .to_string()
        .replace("\\r\\n", "|")
        .replace("\\'", "'")
}

/// Checks both encodings; `|` stands for a line end.
#[track_caller]
fn check(reply: &Reply, resp2: &str, resp3: &str) {
    assert_eq!(encoded(reply, RespVersion::Resp2), resp2);
    assert_eq!(encoded(reply, RespVersion::Resp3), resp3);
}

#[test]
fn types_of_both_protocols_are_the_same_in_both() {
    check(&Reply::None, "", "");
    check(&Reply::ok(), "+OK|", "+OK|");
    check(
        &Reply::Status("Background saving".into()),
        "+Background saving|",
        "+Background saving|",
    );
    check(
        &Reply::error("ERR syntax error"),
        "-ERR syntax error|",
        "-ERR syntax error|",
    );
    check(&Reply::Int(0), ":0|", ":0|");
    check(
        &Reply::Int(i64::MIN),
        ":-9223372036854775808|",
        ":-9223372036854775808|",
    );
    check(&Reply::bulk(""), "$0||", "$0||");
    check(&Reply::bulk(b"a\r\n\0b"), "$5|a|\\x00b|", "$5|a|\\x00b|");
    check(
        &Reply::bulk(Value::from(&b"stored"[..])),
        "$6|stored|",
        "$6|stored|",
    );
    check(&Reply::Array(vec![]), "*0|", "*0|");
    let nested = Reply::array([Reply::Int(1), Reply::array_of_bulks(["a", "b"])]);
    check(&nested, "*2|:1|*2|$1|a|$1|b|", "*2|:1|*2|$1|a|$1|b|");
}

#[test]
fn nulls_are_two_in_resp2_and_one_in_resp3() {
    check(&Reply::Nil, "$-1|", "_|");
    check(&Reply::NilArray, "*-1|", "_|");
    check(&Reply::array([Reply::Nil]), "*1|$-1|", "*1|_|");
}

#[test]
fn collections_of_resp3_are_lists_in_resp2() {
    let map = Reply::map([("a", Reply::Int(1)), ("b", Reply::Nil)]);
    check(&map, "*4|$1|a|:1|$1|b|$-1|", "%2|$1|a|:1|$1|b|_|");
    check(&Reply::Map(vec![]), "*0|", "%0|");
    let set = Reply::Set(vec![Reply::bulk("x"), Reply::Bool(true)]);
    check(&set, "*2|$1|x|:1|", "~2|$1|x|#t|");
    let push = Reply::Push(vec![Reply::bulk("invalidate"), Reply::Nil]);
    check(&push, "*2|$10|invalidate|$-1|", ">2|$10|invalidate|_|");
}

#[test]
fn scalars_of_resp3_are_strings_and_integers_in_resp2() {
    check(&Reply::Double(3.0), "$1|3|", ",3|");
    check(&Reply::Double(-0.5), "$4|-0.5|", ",-0.5|");
    check(&Reply::Double(1e21), "$5|1e+21|", ",1e+21|");
    check(&Reply::Double(f64::INFINITY), "$3|inf|", ",inf|");
    check(&Reply::Double(f64::NEG_INFINITY), "$4|-inf|", ",-inf|");
    check(&Reply::Double(f64::NAN), "$3|nan|", ",nan|");
    check(&Reply::Bool(true), ":1|", "#t|");
    check(&Reply::Bool(false), ":0|", "#f|");
    let big = "1234567999999999999999999999999999999";
    check(
        &Reply::BigNumber(big.into()),
        &format!("$37|{big}|"),
        &format!("({big}|"),
    );
    check(
        &Reply::text("# Server\r\n"),
        "$10|# Server||",
        "=14|txt:# Server||",
    );
    let markdown = Reply::Verbatim(VerbatimFormat::Markdown, "*a*".into());
    check(&markdown, "$3|*a*|", "=7|mkd:*a*|");
}

#[test]
fn line_ends_inside_a_line_become_spaces() {
    let error = Reply::error("ERR unknown command 'a\r\nb\n'".to_owned());
    check(
        &error,
        "-ERR unknown command 'a  b '|",
        "-ERR unknown command 'a  b '|",
    );
    let status = Reply::Status("a\r\n+OK\r\n".into());
    check(&status, "+a  +OK  |", "+a  +OK  |");
    let number = Reply::BigNumber("1\r\n2".into());
    assert_eq!(encoded(&number, RespVersion::Resp3), "(1  2|");
}

#[test]
fn line_ends_around_an_error_are_dropped() {
    let error = Reply::error("\r\n\nERR a\rb\r\n\r".to_owned());
    check(&error, "-ERR a b|", "-ERR a b|");
    check(&Reply::error("\r\n"), "-|", "-|");
}

#[test]
fn encode_appends() {
    let mut out = b"+OK\r\n".to_vec();
    encode(&Reply::Int(1), RespVersion::Resp2, &mut out);
    assert_eq!(out, b"+OK\r\n:1\r\n");
}

#[test]
fn a_sink_may_take_payloads_whole() {
    #[derive(Default)]
    struct Chunks(Vec<Payload>);
    impl ReplySink for Chunks {
        fn put(&mut self, bytes: &[u8]) {
            self.0.push(Payload::Owned(bytes.to_vec()));
        }
        fn put_payload(&mut self, payload: &Payload) {
            self.0.push(payload.clone());
        }
    }
    let value = Value::from(vec![b'v'; 100]);
    let place = value.as_ptr();
    let mut chunks = Chunks::default();
    encode(&Reply::from(value), RespVersion::Resp2, &mut chunks);
    assert_eq!(&*chunks.0[0], b"$100\r\n");
    assert_eq!(chunks.0[1].as_ptr(), place);
    assert_eq!(&*chunks.0[2], b"\r\n");
}

#[test]
fn versions_have_the_numbers_of_hello() {
    assert_eq!(RespVersion::from_number(2), Some(RespVersion::Resp2));
    assert_eq!(RespVersion::from_number(3), Some(RespVersion::Resp3));
    assert_eq!(RespVersion::from_number(4), None);
    assert_eq!(RespVersion::default().number(), 2);
    assert_eq!(RespVersion::Resp3.number(), 3);
}

/// The length of the one reply at the front of `bytes`, read as a client would.
fn reply_len(bytes: &[u8]) -> usize {
    let line_end = bytes.windows(2).position(|pair| pair == b"\r\n");
    let line_end = line_end.unwrap_or_else(|| panic!("no line end in {:?}", bytes.escape_ascii()));
    let line = std::str::from_utf8(&bytes[1..line_end]).unwrap_or("");
    let mut len = line_end + 2;
    let count = line.parse::<i64>().unwrap_or(0).max(0) as usize;
    let elements = match bytes[0] {
        b'*' | b'~' | b'>' => count,
        b'%' => count * 2,
        b'$' | b'=' => {
            return len + if line == "-1" { 0 } else { count + 2 };
        }
        _ => 0,
    };
    for _ in 0..elements {
        len += reply_len(&bytes[len..]);
    }
    len
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    let leaf = prop_oneof![
        any::<i64>().prop_map(Reply::Int),
        bytes().prop_map(Reply::bulk),
        bytes().prop_map(|text| Reply::error([b"ERR ", &text[..]].concat())),
        "\\PC{0,10}[\r\n]{0,2}".prop_map(Reply::Status),
        bytes().prop_map(Reply::text),
        any::<f64>().prop_map(Reply::Double),
        any::<bool>().prop_map(Reply::Bool),
        Just(Reply::Nil),
        Just(Reply::NilArray),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..6);
        let pairs = prop::collection::vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            list().prop_map(Reply::Array),
            list().prop_map(Reply::Set),
            list().prop_map(Reply::Push),
            pairs.prop_map(Reply::Map),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_exactly_one_reply(reply in any_reply()) {
        for version in [RespVersion::Resp2, RespVersion::Resp3] {
            let mut out = Vec::new();
            encode(&reply, version, &mut out);
            prop_assert_eq!(reply_len(&out), out.len());
        }
    }
}
