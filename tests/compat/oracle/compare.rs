//! How two raw replies compare.
//! Invariants: byte for byte, except where the clock, chance or an unordered set is in the reply.
//! Must not know: commands. Tests: below.

use super::tree::{self, Tree};
use crate::harness::wire;

/// How the replies of a command compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Byte for byte.
    Exact,
    /// Integers that may lie this far apart when neither is negative.
    Near(u64),
    /// Seconds without use, of an object that is not shared.
    Idle,
    /// Byte for byte, but for moments and idle times inside.
    Clocks,
    /// The same types in the same places.
    Shape,
    /// Elements without order, this many replies each.
    SetOf(usize),
    /// Elements of a hash or set, this many replies each, without order unless both servers keep
    /// them sorted.
    Elements(usize),
    /// A whole iteration, page by page, compared as a set.
    Scan,
    /// Elements of the key drawn at random.
    RandomOf,
    /// An element drawn at random and removed.
    Pop,
    /// Any key that exists.
    RandomKey,
    /// Payloads, each of which the other server restores to the same value.
    Dump,
    /// An entry under an id of the server's own clock.
    AutoId,
    /// A trim that may leave more than it was asked to.
    AboutTrimmed,
    /// Byte for byte, unless ours refuses: then Redis is asked on a copy.
    SetId,
    /// Byte for byte, but for counts of groups, which are judged with the rest of the stream.
    Groups,
    /// Byte for byte; the set that it made gets the same encoding on both servers.
    StoredDifference,
    /// Byte for byte, once both have swept what is expired.
    Eventually,
}

impl Compare {
    /// Whether the command is not sent to both as it stands: one side is told what the other
    /// did, or both work on a copy.
    pub fn is_solo(self) -> bool {
        matches!(
            self,
            Compare::Pop
                | Compare::Dump
                | Compare::AutoId
                | Compare::AboutTrimmed
                | Compare::SetId
                | Compare::StoredDifference
        )
    }

    /// Whether two replies tell by themselves whether they agree.
    pub fn needs_no_question(self) -> bool {
        matches!(
            self,
            Compare::Exact | Compare::Near(_) | Compare::Clocks | Compare::SetOf(_)
        )
    }

    /// Whether more commands may follow in the same packet.
    pub fn needs_no_second_look(self) -> bool {
        matches!(self, Compare::Exact)
    }
}

/// Whether two replies agree, for the ways that need no further command.
pub fn agree(compare: Compare, ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs {
        return true;
    }
    match compare {
        Compare::Near(distance) => match (wire::integer(ours), wire::integer(theirs)) {
            (Some(a), Some(b)) => a >= 0 && b >= 0 && a.abs_diff(b) <= distance,
            _ => false,
        },
        Compare::Clocks => tree::same_but_clocks(&Tree::parse(ours), &Tree::parse(theirs)),
        Compare::Shape => {
            !is_error(ours) && tree::same_shape(&Tree::parse(ours), &Tree::parse(theirs))
        }
        Compare::SetOf(run) => same_elements(ours, theirs, run),
        _ => false,
    }
}

/// Whether two aggregates hold the same elements, `run` replies each, in whatever order.
pub fn same_elements(ours: &[u8], theirs: &[u8], run: usize) -> bool {
    is_aggregate(ours)
        && is_aggregate(theirs)
        && ours.first() == theirs.first()
        && sorted(ours, run) == sorted(theirs, run)
}

pub fn is_array(reply: &[u8]) -> bool {
    reply.first() == Some(&b'*') && reply != b"*-1\r\n"
}

pub fn is_aggregate(reply: &[u8]) -> bool {
    is_array(reply) || matches!(reply.first(), Some(b'~' | b'%'))
}

pub fn is_error(reply: &[u8]) -> bool {
    reply.first() == Some(&b'-')
}

/// The elements of an aggregate in one order for all; what comes twice is there twice.
fn sorted(aggregate: &[u8], run: usize) -> Vec<Vec<&[u8]>> {
    let elements = wire::elements(aggregate);
    let mut chunks: Vec<Vec<&[u8]>> = elements.chunks(run).map(<[_]>::to_vec).collect();
    chunks.sort();
    chunks
}

#[test]
fn agree_tolerates_clocks_and_order_only() {
    assert!(agree(Compare::Near(2), b":100\r\n", b":99\r\n"));
    assert!(!agree(Compare::Near(2), b":100\r\n", b":97\r\n"));
    assert!(!agree(Compare::Near(2), b":-1\r\n", b":-2\r\n"));
    assert!(!agree(Compare::Near(2), b":1\r\n", b":-1\r\n"));
    assert!(!agree(Compare::Exact, b":100\r\n", b":99\r\n"));
    let (ab, ba) = (b"*2\r\n+a\r\n+b\r\n", b"*2\r\n+b\r\n+a\r\n");
    assert!(agree(Compare::SetOf(1), ab, ba));
    let (aab, abb) = (b"*3\r\n+a\r\n+a\r\n+b\r\n", b"*3\r\n+a\r\n+b\r\n+b\r\n");
    assert!(!agree(Compare::SetOf(1), aab, abb));
    assert!(!agree(Compare::SetOf(1), b"*0\r\n", b"-ERR x\r\n"));
    assert!(!same_elements(ab, ba, 2));
    assert!(agree(Compare::Shape, b":1\r\n", b":2\r\n"));
    assert!(!agree(Compare::Shape, b"-ERR x\r\n", b"-ERR y\r\n"));
}
