//! The wire as bytes: packing commands, finding the end of one reply, splitting aggregates.
//! Invariants: replies stay raw, so that two servers can be compared byte for byte; both RESP2
//! and RESP3 types are known. Must not know: sockets, commands. Tests: below.

/// One command as a RESP array of bulk strings.
pub fn pack<A: AsRef<[u8]>>(arguments: &[A]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        let argument = argument.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Splits a command line into arguments; `"..."` quotes, with `\xHH`, `\r`, `\n`, `\"`, `\\`.
pub fn words(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_word(quoted),
            None => {
                let end = rest.find(' ').unwrap_or(rest.len());
                (rest.as_bytes()[..end].to_vec(), &rest[end..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn quoted_word(text: &str) -> (Vec<u8>, &str) {
    let mut word = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (word, &text[at + 1..]),
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some('x') => {
                    let digits: String = characters.by_ref().take(2).map(|(_, d)| d).collect();
                    word.push(u8::from_str_radix(&digits, 16).expect("two hex digits after \\x"));
                }
                Some('r') => word.push(b'\r'),
                Some('n') => word.push(b'\n'),
                Some(other) => word.extend_from_slice(other.to_string().as_bytes()),
                None => break,
            },
            other => word.extend_from_slice(other.to_string().as_bytes()),
        }
    }
    panic!("unbalanced quotes in the test's own command line: {text}")
}

/// The length of the first whole reply in `bytes`; `None` while it is incomplete.
///
/// A RESP3 attribute belongs to the reply that follows it; a push is a reply of its own.
pub fn reply_end(bytes: &[u8]) -> Result<Option<usize>, String> {
    let mut at = 0;
    let mut pending: u64 = 1;
    while pending > 0 {
        let Some(line_end) = find_crlf(&bytes[at..]) else {
            return Ok(None);
        };
        let line = &bytes[at..at + line_end];
        at += line_end + 2;
        pending -= 1;
        match line.first() {
            Some(b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(') => {}
            Some(b'$' | b'=' | b'!') => {
                if let Some(length) = header(line)? {
                    at += usize::try_from(length).map_err(|_| "bulk too long")? + 2;
                    if at > bytes.len() {
                        return Ok(None);
                    }
                }
            }
            Some(b'*' | b'~' | b'>') => pending += header(line)?.unwrap_or(0),
            Some(b'%') => pending += 2 * header(line)?.unwrap_or(0),
            Some(b'|') => pending += 2 * header(line)?.unwrap_or(0) + 1,
            _ => return Err(format!("not a reply: {}", show(line))),
        }
    }
    Ok(Some(at))
}

/// The length in a header line; `None` for RESP2's null forms `$-1` and `*-1`.
fn header(line: &[u8]) -> Result<Option<u64>, String> {
    let digits = std::str::from_utf8(&line[1..]).unwrap_or("");
    match digits {
        "-1" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| format!("bad header: {}", show(line))),
    }
}

fn find_crlf(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

/// The raw replies inside one raw aggregate (array, set, map or push).
pub fn elements(aggregate: &[u8]) -> Vec<&[u8]> {
    assert!(
        matches!(aggregate.first(), Some(b'*' | b'~' | b'%' | b'>')),
        "not an aggregate: {}",
        show(aggregate)
    );
    let mut rest = &aggregate[find_crlf(aggregate).expect("a whole reply") + 2..];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let end = reply_end(rest)
            .expect("well formed")
            .expect("a whole reply");
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

/// The payload of a raw bulk string, `None` for a null.
pub fn payload(bulk: &[u8]) -> Option<&[u8]> {
    if bulk == b"$-1\r\n" || bulk == b"_\r\n" {
        return None;
    }
    assert_eq!(
        bulk.first(),
        Some(&b'$'),
        "not a bulk string: {}",
        show(bulk)
    );
    let start = find_crlf(bulk).expect("a whole reply") + 2;
    Some(&bulk[start..bulk.len() - 2])
}

/// The number in a raw integer reply.
pub fn integer(reply: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(reply).ok()?;
    text.strip_prefix(':')?.strip_suffix("\r\n")?.parse().ok()
}

/// Bytes as readable text, escaped and shortened, for messages.
pub fn show(bytes: &[u8]) -> String {
    show_up_to(bytes, 200)
}

/// As `show`, with another limit.
pub fn show_up_to(bytes: &[u8], shown_max: usize) -> String {
    let head = &bytes[..bytes.len().min(shown_max)];
    let more = match bytes.len() {
        length if length > shown_max => format!("... ({length} bytes)"),
        _ => String::new(),
    };
    format!("{}{more}", head.escape_ascii())
}

#[test]
fn reply_end_finds_each_type_and_waits_for_the_rest() {
    let whole: [&[u8]; 9] = [
        b"+OK\r\n",
        b"$3\r\na\r\n\r\n",
        b"$-1\r\n",
        b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        b"%1\r\n+a\r\n#t\r\n",
        b"|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n",
        b"=6\r\ntxt:ab\r\n",
        b"*0\r\n",
        b"_\r\n",
    ];
    for reply in whole {
        assert_eq!(reply_end(reply), Ok(Some(reply.len())), "{}", show(reply));
        assert_eq!(
            reply_end(&reply[..reply.len() - 1]),
            Ok(None),
            "{}",
            show(reply)
        );
        let twice = [reply, reply].concat();
        assert_eq!(reply_end(&twice), Ok(Some(reply.len())), "{}", show(reply));
    }
    assert!(reply_end(b"OK\r\n").is_err());
    assert!(reply_end(b"$x\r\n").is_err());
}

#[test]
fn words_understands_quotes_and_escapes() {
    let expected: Vec<&[u8]> = vec![b"SET", b"a b", b"", b"\x00\xff\r\n\""];
    assert_eq!(words(r#"SET "a b" "" "\x00\xff\r\n\"""#), expected);
}

#[test]
fn elements_splits_nested_aggregates() {
    let parts = elements(b"*3\r\n:1\r\n*2\r\n+a\r\n+b\r\n$-1\r\n");
    let expected: Vec<&[u8]> = vec![b":1\r\n", b"*2\r\n+a\r\n+b\r\n", b"$-1\r\n"];
    assert_eq!(parts, expected);
}
