//! The parser against bytes as clients send them: whole, in pieces, at and past every limit.

use proptest::prelude::*;

use super::chunking::{Step, check, limits_of, steps};
use super::*;
use crate::resp::limits::{BULK_LEN_MAX_DEFAULT, INLINE_LEN_MAX, MULTIBULK_LEN_MAX};

const AUTHENTICATED: ProtocolLimits = ProtocolLimits::standard(true);
const STRANGER: ProtocolLimits = ProtocolLimits::standard(false);

const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nva\r\nl\r\n";

fn parse_new(bytes: &[u8], limits: &ProtocolLimits) -> Result<Parsed, ProtocolError> {
    RequestParser::new().parse(bytes, limits)
}

fn request(consumed: usize, args: &[&[u8]]) -> Step {
    Step::Request(consumed, args.iter().map(|arg| arg.to_vec()).collect())
}

/// Checks the steps of `bytes`, in one piece and cut at every place.
#[track_caller]
fn check_steps(bytes: &[u8], expected: &[Step]) {
    assert_eq!(steps(bytes, &[bytes.len()], &AUTHENTICATED), expected);
    for cut in 1..bytes.len().min(256) {
        check(bytes, &[cut, bytes.len()], &AUTHENTICATED);
    }
    check(bytes, &[1], &AUTHENTICATED);
}

#[track_caller]
fn check_error(bytes: &[u8], error: ProtocolError) {
    check_steps(bytes, &[Step::Error(error)]);
}

/// A request of these arguments on the wire.
fn multibulk(args: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        frame.extend(format!("${}\r\n", arg.len()).bytes());
        frame.extend_from_slice(arg);
        frame.extend_from_slice(b"\r\n");
    }
    frame
}

#[test]
fn multibulk_arguments_are_ranges_of_the_buffer() {
    let mut parser = RequestParser::new();
    let parsed = parser.parse(SET, &AUTHENTICATED);
    assert_eq!(
        parsed,
        Ok(Parsed::Request {
            consumed: SET.len()
        })
    );
    assert_eq!(parser.inline_args(), None);
    let ranges: Vec<_> = parser.argv().iter().map(|r| (r.start, r.len)).collect();
    assert_eq!(ranges, [(8, 3), (17, 3), (26, 5)]);
    let request = parser.request(SET);
    assert_eq!(request.get(2), Some(&b"va\r\nl"[..]));
    assert_eq!(request.get(2).map(<[u8]>::as_ptr), Some(SET[26..].as_ptr()));
    let owned = parser.owned_request(Bytes::from_static(SET));
    assert_eq!(owned.as_request().get(1), Some(&b"key"[..]));
}

#[test]
fn every_split_of_a_frame_gives_the_same_request() {
    check_steps(SET, &[request(SET.len(), &[b"SET", b"key", b"va\r\nl"])]);
    check_steps(b"*1\r\n$0\r\n\r\n", &[request(10, &[b""])]);
    check_steps(b"PING\r\n", &[request(6, &[b"PING"])]);
}

#[test]
fn pipelined_requests_come_one_at_a_time() {
    let mut pipeline = SET.to_vec();
    pipeline.extend_from_slice(b"*1\r\n$4\r\nPING\r\n\r\nGET \"k\\x00\"\n*0\r\n*2\r\n$3\r\nGET");
    let expected = [
        request(SET.len(), &[b"SET", b"key", b"va\r\nl"]),
        request(14, &[b"PING"]),
        Step::Empty(2),
        request(12, &[b"GET", b"k\0"]),
        Step::Empty(4),
    ];
    check_steps(&pipeline, &expected);
}

#[test]
fn what_asks_for_nothing_is_empty() {
    for bytes in [
        &b"\r\n"[..],
        b"\n",
        b"   \r\n",
        b"\t\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*-10\r\n",
    ] {
        check_steps(bytes, &[Step::Empty(bytes.len())]);
    }
    check_steps(b"*-9223372036854775808\r\n", &[Step::Empty(23)]);
}

#[test]
fn inline_lines_end_with_lf_and_may_have_one_cr_before_it() {
    check_steps(b"GET a\n", &[request(6, &[b"GET", b"a"])]);
    check_steps(b"GET a\r\n", &[request(7, &[b"GET", b"a"])]);
    check_steps(b"GET a\r\r\n", &[request(8, &[b"GET", b"a"])]);
    check_steps(b"GET \"a\r\"\r\n", &[request(10, &[b"GET", b"a\r"])]);
    check_steps(b"$3\r\n", &[request(4, &[b"$3"])]);
}

#[test]
fn inline_arguments_are_unescaped_into_the_parser() {
    let line = b"SET 'a b' \"\\x41\\n\"\r\n";
    let mut parser = RequestParser::new();
    let parsed = parser.parse(line, &AUTHENTICATED);
    assert_eq!(
        parsed,
        Ok(Parsed::Request {
            consumed: line.len()
        })
    );
    assert_eq!(parser.inline_args(), Some(&b"SETa bA\n"[..]));
    let owned = parser.owned_request(Bytes::copy_from_slice(line));
    assert_eq!(owned.as_request().get(2), Some(&b"A\n"[..]));
    // The next request is a multibulk one again.
    assert_eq!(
        parser.parse(SET, &AUTHENTICATED),
        Ok(Parsed::Request {
            consumed: SET.len()
        })
    );
    assert_eq!(parser.request(SET).get(0), Some(&b"SET"[..]));
}

#[test]
fn malformed_frames_are_refused_with_the_reason() {
    use ProtocolError::*;
    for bytes in [
        &b"*\r\n"[..],
        b"*x\r\n",
        b"*+1\r\n",
        b"*01\r\n",
        b"* 1\r\n",
        b"*-0\r\n",
        b"*1 \r\n",
        b"*1\n$4\nPING\n\r\n",
        b"*3000000000\r\n",
        b"*99999999999999999999999\r\n",
    ] {
        check_error(bytes, InvalidMultibulkLength);
    }
    for bytes in [
        &b"*1\r\n$\r\n"[..],
        b"*1\r\n$-1\r\n",
        b"*1\r\n$x\r\n",
        b"*1\r\n$04\r\n",
        b"*1\r\n$ 4\r\n",
        b"*1\r\n$9223372036854775807\r\n",
        b"*1\r\n$9223372036854775808\r\n",
    ] {
        check_error(bytes, InvalidBulkLength);
    }
    check_error(b"*1\r\nfoo\r\n", ExpectedDollar(b'f'));
    check_error(b"*1\r\n4\r\n", ExpectedDollar(b'4'));
    check_error(b"*1\r\n\r\n", ExpectedDollar(b'\r'));
    check_error(b"*2\r\n$1\r\na\r\n:3\r\n", ExpectedDollar(b':'));
    check_error(b"SET \"a\r\n", UnbalancedQuotes);
    check_error(b"SET \"a\"b\r\n", UnbalancedQuotes);
    check_error(b"SET 'a\r\n", UnbalancedQuotes);
}

#[test]
fn errors_have_the_texts_of_redis() {
    use ProtocolError::*;
    for (error, text) in [
        (TooBigInlineRequest, "too big inline request"),
        (UnbalancedQuotes, "unbalanced quotes in request"),
        (TooBigMultibulkCount, "too big mbulk count string"),
        (InvalidMultibulkLength, "invalid multibulk length"),
        (
            UnauthenticatedMultibulkLength,
            "unauthenticated multibulk length",
        ),
        (TooBigBulkCount, "too big bulk count string"),
        (ExpectedDollar(b'f'), "expected '$', got 'f'"),
        (InvalidBulkLength, "invalid bulk length"),
        (UnauthenticatedBulkLength, "unauthenticated bulk length"),
    ] {
        assert_eq!(error.text(), text.as_bytes());
    }
    assert_eq!(&*ExpectedDollar(0xff).text(), b"expected '$', got '\xff'");
}

#[test]
fn line_ends_are_skipped_without_a_look() {
    check_steps(b"*1\rx$4\rxPINGxx", &[request(14, &[b"PING"])]);
}

#[test]
fn bulk_len_max_is_the_longest_argument() {
    let limits = ProtocolLimits {
        bulk_len_max: 5,
        ..AUTHENTICATED
    };
    assert_eq!(
        parse_new(b"*1\r\n$5\r\nabcde\r\n", &limits),
        Ok(Parsed::Request { consumed: 15 })
    );
    assert_eq!(
        parse_new(b"*1\r\n$6\r\n", &limits),
        Err(ProtocolError::InvalidBulkLength)
    );
    let at = format!("*1\r\n${BULK_LEN_MAX_DEFAULT}\r\n");
    assert_eq!(
        parse_new(at.as_bytes(), &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    let past = format!("*1\r\n${}\r\n", BULK_LEN_MAX_DEFAULT + 1);
    assert_eq!(
        parse_new(past.as_bytes(), &AUTHENTICATED),
        Err(ProtocolError::InvalidBulkLength)
    );
}

#[test]
fn multibulk_len_max_is_the_most_arguments() {
    let at = format!("*{MULTIBULK_LEN_MAX}\r\n");
    let mut parser = RequestParser::new();
    assert_eq!(
        parser.parse(at.as_bytes(), &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    assert_eq!(
        parser.ranges.capacity(),
        0,
        "nothing is reserved for a claim"
    );
    assert_eq!(parser.bytes_hint(), 0);
    let past = format!("*{}\r\n", MULTIBULK_LEN_MAX + 1);
    assert_eq!(
        parse_new(past.as_bytes(), &AUTHENTICATED),
        Err(ProtocolError::InvalidMultibulkLength)
    );
}

#[test]
fn inline_len_max_is_the_longest_line() {
    let line = |len: usize, end: &str| ["A".repeat(len), end.to_owned()].concat().into_bytes();
    let at = line(INLINE_LEN_MAX, "\n");
    assert_eq!(
        parse_new(&at, &AUTHENTICATED),
        Ok(Parsed::Request { consumed: at.len() })
    );
    assert_eq!(
        parse_new(&line(INLINE_LEN_MAX, ""), &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    for end in ["", "\n"] {
        let past = line(INLINE_LEN_MAX + 1, end);
        let error = Err(ProtocolError::TooBigInlineRequest);
        assert_eq!(parse_new(&past, &AUTHENTICATED), error);
        check(&past, &[4096], &AUTHENTICATED);
    }
}

#[test]
fn inline_len_max_is_the_longest_header() {
    let digits = |len: usize| "1".repeat(len);
    let at = format!("*{}", digits(INLINE_LEN_MAX - 1));
    assert_eq!(
        parse_new(at.as_bytes(), &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    let past = format!("*{}", digits(INLINE_LEN_MAX));
    assert_eq!(
        parse_new(past.as_bytes(), &AUTHENTICATED),
        Err(ProtocolError::TooBigMultibulkCount)
    );
    let at = format!("*1\r\n${}", digits(INLINE_LEN_MAX - 1));
    assert_eq!(
        parse_new(at.as_bytes(), &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    for end in ["", "\r\n"] {
        let past = format!("*1\r\n${}{end}", digits(INLINE_LEN_MAX));
        let error = Err(ProtocolError::TooBigBulkCount);
        assert_eq!(parse_new(past.as_bytes(), &AUTHENTICATED), error);
        check(past.as_bytes(), &[5000], &AUTHENTICATED);
    }
}

#[test]
fn a_nul_keeps_a_line_from_ending() {
    for (head, error) in [
        (&b"PI\0NG"[..], ProtocolError::TooBigInlineRequest),
        (b"*1\0", ProtocolError::TooBigMultibulkCount),
        (b"*1\r\n$4\0", ProtocolError::TooBigBulkCount),
        (b"*1\r\n\x004", ProtocolError::TooBigBulkCount),
    ] {
        let mut bytes = head.to_vec();
        bytes.extend_from_slice(b"\r\n");
        assert_eq!(parse_new(&bytes, &AUTHENTICATED), Ok(Parsed::Incomplete));
        bytes.resize(INLINE_LEN_MAX + 16, b'\n');
        assert_eq!(parse_new(&bytes, &AUTHENTICATED), Err(error));
        check(&bytes, &[3, 1000], &AUTHENTICATED);
    }
}

#[test]
fn strangers_may_send_ten_arguments_of_sixteen_kib() {
    assert_eq!(parse_new(b"*10\r\n", &STRANGER), Ok(Parsed::Incomplete));
    assert_eq!(
        parse_new(b"*11\r\n", &STRANGER),
        Err(ProtocolError::UnauthenticatedMultibulkLength)
    );
    assert_eq!(
        parse_new(b"*1\r\n$16384\r\n", &STRANGER),
        Ok(Parsed::Incomplete)
    );
    assert_eq!(
        parse_new(b"*1\r\n$16385\r\n", &STRANGER),
        Err(ProtocolError::UnauthenticatedBulkLength)
    );
    // What nobody may send is refused for that reason first.
    assert_eq!(
        parse_new(b"*3000000000\r\n", &STRANGER),
        Err(ProtocolError::InvalidMultibulkLength)
    );
    assert_eq!(
        parse_new(b"*1\r\n$536870913\r\n", &STRANGER),
        Err(ProtocolError::InvalidBulkLength)
    );
}

#[test]
fn limits_hold_from_the_next_header_on() {
    let mut parser = RequestParser::new();
    let head = b"*2\r\n$4\r\nAUTH\r\n";
    assert_eq!(parser.parse(head, &STRANGER), Ok(Parsed::Incomplete));
    let mut more = head.to_vec();
    more.extend_from_slice(b"$20000\r\n");
    assert_eq!(parser.parse(&more, &AUTHENTICATED), Ok(Parsed::Incomplete));
    assert_eq!(parser.bytes_hint(), 20002);
}

#[test]
fn frame_len_max_is_the_longest_request() {
    let limits = ProtocolLimits {
        bulk_len_max: usize::MAX,
        ..AUTHENTICATED
    };
    // The header is 4 + 13 bytes, and the argument's line end has 2.
    let at = format!("*1\r\n${}\r\n", FRAME_LEN_MAX - 19);
    let mut parser = RequestParser::new();
    assert_eq!(parser.parse(at.as_bytes(), &limits), Ok(Parsed::Incomplete));
    assert_eq!(at.len() + parser.bytes_hint(), FRAME_LEN_MAX);
    let past = format!("*1\r\n${}\r\n", FRAME_LEN_MAX - 18);
    assert_eq!(
        parse_new(past.as_bytes(), &limits),
        Err(ProtocolError::InvalidBulkLength)
    );
}

#[test]
fn bytes_hint_is_what_the_argument_still_needs() {
    let mut parser = RequestParser::new();
    assert_eq!(parser.bytes_hint(), 0);
    let frame = b"*2\r\n$3\r\nGET\r\n$10\r\n0123456789\r\n";
    let expected = |len: usize| match len {
        8..13 => 13 - len,
        18..30 => 30 - len,
        _ => 0,
    };
    for len in 0..frame.len() {
        assert_eq!(
            parser.parse(&frame[..len], &AUTHENTICATED),
            Ok(Parsed::Incomplete)
        );
        assert_eq!(parser.bytes_hint(), expected(len), "after {len} bytes");
    }
    assert_eq!(
        parser.parse(frame, &AUTHENTICATED),
        Ok(Parsed::Request { consumed: 30 })
    );
    assert_eq!(parser.bytes_hint(), 0);
}

#[test]
fn a_line_arriving_in_pieces_is_searched_once() {
    let mut parser = RequestParser::new();
    let line = vec![b'A'; 60_000];
    assert_eq!(parser.parse(&line, &AUTHENTICATED), Ok(Parsed::Incomplete));
    assert_eq!(parser.searched, line.len());
    let mut header = b"*1\r\n$".to_vec();
    header.resize(50_000, b'1');
    let mut parser = RequestParser::new();
    assert_eq!(
        parser.parse(&header, &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    assert_eq!((parser.pos, parser.searched), (4, header.len()));
}

#[test]
fn arguments_arriving_in_pieces_are_parsed_once() {
    let mut parser = RequestParser::new();
    assert_eq!(
        parser.parse(&SET[..24], &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    assert_eq!((parser.argv().len(), parser.args_left), (2, 1));
    assert_eq!(parser.pos, 22);
}

#[test]
fn memory_of_a_giant_request_is_given_back() {
    let args = vec![b"a".to_vec(); RANGES_KEEP_MAX * 4];
    let mut parser = RequestParser::new();
    let frame = multibulk(&args);
    let parsed = parser.parse(&frame, &AUTHENTICATED);
    assert_eq!(
        parsed,
        Ok(Parsed::Request {
            consumed: frame.len()
        })
    );
    assert_eq!(parser.argv().len(), args.len());
    assert_eq!(parser.parse(b"", &AUTHENTICATED), Ok(Parsed::Incomplete));
    assert!(parser.ranges.capacity() <= RANGES_KEEP_MAX);
    let line = vec![b'A'; SCRATCH_KEEP_MAX * 4];
    let line = [&line[..], b"\n"].concat();
    let parsed = parser.parse(&line, &AUTHENTICATED);
    assert_eq!(
        parsed,
        Ok(Parsed::Request {
            consumed: line.len()
        })
    );
    assert_eq!(parser.parse(b"", &AUTHENTICATED), Ok(Parsed::Incomplete));
    assert!(parser.scratch.capacity() <= SCRATCH_KEEP_MAX);
}

#[test]
fn reset_forgets_a_request_in_progress() {
    let mut parser = RequestParser::new();
    assert_eq!(
        parser.parse(&SET[..20], &AUTHENTICATED),
        Ok(Parsed::Incomplete)
    );
    parser.reset();
    assert_eq!(
        parser.parse(b"PING\r\n", &AUTHENTICATED),
        Ok(Parsed::Request { consumed: 6 })
    );
}

/// Bytes that are often nearly a request.
fn nearly_requests() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => Just(b"*".to_vec()),
        4 => Just(b"$".to_vec()),
        8 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        4 => (0u32..14).prop_map(|n| n.to_string().into_bytes()),
        2 => (0usize..14).prop_map(|n| format!("${n}\r\n{}\r\n", "x".repeat(n)).into_bytes()),
        1 => (-2i64..6).prop_map(|n| format!("*{n}\r\n").into_bytes()),
        1 => prop_oneof![Just("\""), Just("'"), Just("\\"), Just("\\x4"), Just(" "), Just("\0")]
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_bytes_in_any_pieces_give_the_same(
        bytes in nearly_requests(),
        pieces in prop::collection::vec(1usize..9, 1..6),
        selector in 0u8..4,
    ) {
        check(&bytes, &pieces, &limits_of(selector));
    }

    #[test]
    fn requests_come_back_as_they_were_sent(
        requests in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..12),
            1..4,
        ),
        pieces in prop::collection::vec(1usize..50, 1..6),
    ) {
        let frames: Vec<_> = requests.iter().map(|args| multibulk(args)).collect();
        let expected: Vec<_> = std::iter::zip(&frames, requests)
            .map(|(frame, args)| Step::Request(frame.len(), args))
            .collect();
        prop_assert_eq!(steps(&frames.concat(), &pieces, &AUTHENTICATED), expected);
    }

    #[test]
    fn inline_arguments_come_back_as_they_were_quoted(
        args in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..6),
    ) {
        let mut line = Vec::new();
        for arg in &args {
            line.extend_from_slice(b" \"");
            for byte in arg {
                line.extend(format!("\\x{byte:02x}").bytes());
            }
            line.push(b'"');
        }
        line.extend_from_slice(b"\r\n");
        let expected = vec![Step::Request(line.len(), args)];
        prop_assert_eq!(steps(&line, &[7], &AUTHENTICATED), expected);
    }
}
