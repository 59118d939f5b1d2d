//! What must hold for any bytes in any pieces.
//!
//! Owns [`check`], which the unit tests and the fuzz target `resp_request` both run; the latter
//! compiles this file into its own crate, so it names the parser only as `crate::resp`.
//! Invariant checked: the parser neither panics nor steps outside its buffer, and how the bytes
//! were cut into pieces changes nothing.
//! Must not know: where the bytes come from.
//! Not covered: that requests are the right ones, which `tests.rs` and the wire tests see to.

use crate::resp::{Parsed, ProtocolError, ProtocolLimits, RequestParser};

/// What a client that sent some bytes asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Something without a reply, of this many bytes.
    Empty(usize),
    /// A request of this many bytes and these arguments.
    Request(usize, Vec<Vec<u8>>),
    /// The bytes stopped being requests.
    Error(ProtocolError),
}

/// The limits that `selector` stands for: standard or tiny ones, for strangers or not. Tiny ones
/// let short inputs reach every limit.
#[must_use]
pub fn limits_of(selector: u8) -> ProtocolLimits {
    let standard = ProtocolLimits::standard(selector & 1 == 0);
    if selector & 2 == 0 {
        return standard;
    }
    ProtocolLimits {
        bulk_len_max: 12,
        multibulk_len_max: 4,
        inline_len_max: 9,
        ..standard
    }
}

/// Parses `bytes` in one piece and in pieces of the lengths in `pieces` (used in turn, for ever),
/// and compares the two.
///
/// # Panics
/// If anything that must hold does not.
pub fn check(bytes: &[u8], pieces: &[usize], limits: &ProtocolLimits) {
    let whole = steps(bytes, &[bytes.len()], limits);
    let pieced = steps(bytes, pieces, limits);
    assert_eq!(whole, pieced, "cut into {pieces:?}");
}

/// Feeds `bytes` piece by piece and lists what the parser found.
pub fn steps(bytes: &[u8], pieces: &[usize], limits: &ProtocolLimits) -> Vec<Step> {
    let mut parser = RequestParser::new();
    let mut steps = Vec::new();
    let (mut start, mut end, mut needed) = (0, 0, 0);
    let mut pieces = pieces.iter().cycle();
    while end < bytes.len() {
        // A piece has at least one byte, or the loop would not end.
        let piece = pieces.next().map_or(1, |&len| len.max(1));
        end = bytes.len().min(end + piece);
        while let Some(step) = step(&mut parser, &bytes[start..end], limits) {
            assert!(
                end >= needed,
                "{needed} bytes were hinted at, {end} sufficed"
            );
            let consumed = match step {
                Step::Empty(consumed) | Step::Request(consumed, _) => consumed,
                Step::Error(_) => {
                    steps.push(step);
                    return steps;
                }
            };
            steps.push(step);
            start += consumed;
        }
        needed = end + parser.bytes_hint();
    }
    steps
}

/// One call of the parser, with everything checked that a caller relies on.
fn step(parser: &mut RequestParser, buf: &[u8], limits: &ProtocolLimits) -> Option<Step> {
    match parser.parse(buf, limits) {
        Ok(Parsed::Incomplete) => {
            let hint = parser.bytes_hint();
            assert!(
                hint <= limits.bulk_len_max.saturating_add(2),
                "hint of {hint}"
            );
            None
        }
        Ok(Parsed::Empty { consumed }) => {
            assert!(
                (1..=buf.len()).contains(&consumed),
                "{consumed} of {}",
                buf.len()
            );
            Some(Step::Empty(consumed))
        }
        Ok(Parsed::Request { consumed }) => {
            assert!(
                (1..=buf.len()).contains(&consumed),
                "{consumed} of {}",
                buf.len()
            );
            assert_eq!(parser.bytes_hint(), 0);
            let frame = parser.inline_args().unwrap_or(&buf[..consumed]);
            let mut args_end = 0;
            for range in parser.argv() {
                let start = range.start as usize;
                assert!(start >= args_end, "arguments overlap");
                args_end = start + range.len as usize;
                assert!(args_end <= frame.len(), "{range:?} in {}", frame.len());
            }
            let request = parser.request(&buf[..consumed]);
            assert!((1..=limits.multibulk_len_max.max(frame.len())).contains(&request.len()));
            let args = request.iter().map(<[u8]>::to_vec).collect();
            Some(Step::Request(consumed, args))
        }
        Err(error) => {
            assert_eq!(
                parser.parse(buf, limits),
                Err(error),
                "an error is repeated"
            );
            Some(Step::Error(error))
        }
    }
}
