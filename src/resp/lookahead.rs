//! Owns a glance at requests that are not parsed yet, for what only needs to guess right mostly.
//! Invariants: looks at a bounded number of bytes' headers; gives nothing that is not in the
//! buffer; no error, since whatever is unusual ends the glance. Must not know: commands.
//! Tests: below.

use super::parser::short_number;

/// Requests with more arguments end the glance: stepping over them would cost too much.
const ARGS_MAX: usize = 16;
const CRLF_LEN: usize = 2;

/// What a glance sees of a request; empty where it has fewer arguments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Glance<'a> {
    /// The name, and the arguments behind it. In most commands the first one is a key.
    pub words: [&'a [u8]; 4],
}

/// The requests at the front of `buf`, as long as these are whole multibulk requests of a few
/// arguments.
pub fn glances(buf: &[u8]) -> impl Iterator<Item = Glance<'_>> {
    let mut rest = buf;
    std::iter::from_fn(move || {
        let (glance, after) = glance(rest)?;
        rest = after;
        Some(glance)
    })
}

/// The request at the front, and what stands behind it.
#[inline]
fn glance(buf: &[u8]) -> Option<(Glance<'_>, &[u8])> {
    let (count, mut rest) = header(buf, b'*')?;
    if count > ARGS_MAX {
        return None;
    }
    let mut glance = Glance::default();
    for n in 0..count {
        let (len, behind) = header(rest, b'$')?;
        if let Some(word) = glance.words.get_mut(n) {
            *word = behind.get(..len)?;
        }
        rest = behind.get(len + CRLF_LEN..)?;
    }
    Some((glance, rest))
}

#[inline]
fn header(buf: &[u8], marker: u8) -> Option<(usize, &[u8])> {
    let (&first, line) = buf.split_first()?;
    let (number, digits) = short_number(line)?;
    let rest = line.get(digits + CRLF_LEN..)?;
    (first == marker).then_some((usize::try_from(number).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance(buf: &[u8]) -> Vec<String> {
        let found = glances(buf).map(|g| String::from_utf8_lossy(g.words[1]).into_owned());
        found.collect()
    }

    #[test]
    fn keys_of_whole_requests_are_found() {
        let get = "*2\r\n$3\r\nGET\r\n$3\r\none\r\n";
        let set = "*3\r\n$3\r\nSET\r\n$3\r\ntwo\r\n$4\r\n\r\n$9\r\n";
        let ping = "*1\r\n$4\r\nPING\r\n";
        let whole = [get, set, ping, get].concat();
        assert_eq!(glance(whole.as_bytes()), ["one", "two", "", "one"]);
        for cut in 1..get.len() {
            let cut = &whole.as_bytes()[..whole.len() - cut];
            assert_eq!(glance(cut), ["one", "two", ""]);
        }
    }

    #[test]
    fn the_first_words_are_seen_of_longer_requests() {
        let add = b"*6\r\n$4\r\nZADD\r\n$1\r\nk\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\nb\r\n";
        let words: Vec<_> = glances(add).map(|glance| glance.words).collect();
        assert_eq!(words, [[&b"ZADD"[..], b"k", b"1", b"a"]]);
    }

    #[test]
    fn the_unusual_ends_the_glance() {
        let get = "*2\r\n$3\r\nGET\r\n$3\r\none\r\n";
        let long = format!("*17\r\n{}", "$1\r\na\r\n".repeat(17));
        for other in [
            "PING\r\n",
            "*x\r\n",
            "*2\r\n$3\r\nGET\r\n*3\r\none\r\n",
            "*2\r\n$3\r\nGET\r\n$999999999999\r\none\r\n",
            "*-1\r\n",
            "\r\n",
            &long,
        ] {
            assert_eq!(
                glance([get, other, get].concat().as_bytes()),
                ["one"],
                "{other:?}"
            );
        }
    }
}
