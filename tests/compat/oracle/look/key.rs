//! The commands that read all there is to know about a key, by its type.
//! Invariants: order matters only where the type has one. Must not know: servers.
//! Tests: every epoch ends with it.

use super::words;
use crate::compat::oracle::compare::Compare;
use crate::compat::oracle::draw::Step;

/// The steps for a key of `kind` as TYPE names it.
pub fn whole(key: &[u8], kind: &[u8]) -> Vec<Step> {
    let ask = |before: &[&[u8]], after: &[&[u8]], compare| {
        Step::new(words(&[before, &[key], after].concat()), compare)
    };
    let mut steps = vec![ask(&[b"TYPE"], &[], Compare::Exact)];
    steps.extend(match kind {
        b"list" => vec![ask(&[b"LRANGE"], &[b"0", b"-1"], Compare::Exact)],
        b"hash" => vec![ask(&[b"HGETALL"], &[], Compare::Elements(2))],
        b"set" => vec![ask(&[b"SMEMBERS"], &[], Compare::Elements(1))],
        b"zset" => vec![ask(
            &[b"ZRANGE"],
            &[b"0", b"-1", b"WITHSCORES"],
            Compare::Exact,
        )],
        b"stream" => vec![
            ask(&[b"XRANGE"], &[b"-", b"+"], Compare::Exact),
            ask(
                &[b"XINFO", b"STREAM"],
                &[b"FULL", b"COUNT", b"0"],
                Compare::Clocks,
            ),
            ask(&[b"XINFO", b"GROUPS"], &[], Compare::Groups),
        ],
        _ => vec![
            ask(&[b"GET"], &[], Compare::Exact),
            ask(&[b"STRLEN"], &[], Compare::Exact),
        ],
    });
    steps.push(ask(&[b"OBJECT", b"ENCODING"], &[], Compare::Exact));
    steps.push(ask(&[b"PEXPIRETIME"], &[], Compare::Near(2000)));
    steps
}
