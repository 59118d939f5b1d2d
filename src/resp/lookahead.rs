//! Owns a glance at requests that are not parsed yet, for what only needs to guess right mostly.
//! Invariants: looks at a bounded number of bytes' headers; gives nothing that is not in the
//! buffer; no error, since whatever is unusual ends the glance. Must not know: commands.
//! Tests: below.

use super::parser::short_number;

/// Requests with more arguments end the glance: stepping over them would cost too much.
const ARGS_MAX: usize = 16;
const CRLF_LEN: usize = 2;

/// The first argument behind the name of each request at the front of `buf`, as long as these are
/// whole multibulk requests of a few arguments. In most commands it is a key.
pub fn first_arguments(buf: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = buf;
    std::iter::from_fn(move || {
        let (argument, after) = first_argument(rest)?;
        rest = after;
        Some(argument)
    })
}

/// The first argument of the request at the front, and what stands behind the request.
#[inline]
fn first_argument(buf: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, mut rest) = header(buf, b'*')?;
    if count > ARGS_MAX {
        return None;
    }
    let mut first: &[u8] = &[];
    for n in 0..count {
        let (len, behind) = header(rest, b'$')?;
        if n == 1 {
            first = behind.get(..len)?;
        }
        rest = behind.get(len + CRLF_LEN..)?;
    }
    Some((first, rest))
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
        let found = first_arguments(buf).map(|arg| String::from_utf8_lossy(arg).into_owned());
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
