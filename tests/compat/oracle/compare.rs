//! How two raw replies compare.
//! Invariants: byte for byte, except where the clock or an unordered set is in the reply.
//! Must not know: commands. Tests: below.

use crate::harness::wire;
use std::collections::BTreeSet;

/// How the replies of a command compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Byte for byte.
    Exact,
    /// Integers that may lie this far apart when neither is negative.
    Near(u64),
    /// An array without order.
    SetOf,
    /// A whole iteration, page by page, compared as a set.
    Scan,
    /// Any key that exists.
    RandomKey,
    /// Byte for byte, once both have swept what is expired.
    Eventually,
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
        Compare::SetOf => is_array(ours) && is_array(theirs) && sorted(ours) == sorted(theirs),
        _ => false,
    }
}

pub fn is_array(reply: &[u8]) -> bool {
    reply.first() == Some(&b'*') && reply != b"*-1\r\n"
}

pub fn is_error(reply: &[u8]) -> bool {
    reply.first() == Some(&b'-')
}

/// The elements of an array as a set; an element that comes twice does not equal one that comes
/// once.
fn sorted(array: &[u8]) -> (usize, BTreeSet<&[u8]>) {
    let elements = wire::elements(array);
    (elements.len(), elements.into_iter().collect())
}

#[test]
fn agree_tolerates_clocks_and_order_only() {
    assert!(agree(Compare::Near(2), b":100\r\n", b":99\r\n"));
    assert!(!agree(Compare::Near(2), b":100\r\n", b":97\r\n"));
    assert!(!agree(Compare::Near(2), b":-1\r\n", b":-2\r\n"));
    assert!(!agree(Compare::Near(2), b":1\r\n", b":-1\r\n"));
    assert!(!agree(Compare::Exact, b":100\r\n", b":99\r\n"));
    assert!(agree(
        Compare::SetOf,
        b"*2\r\n+a\r\n+b\r\n",
        b"*2\r\n+b\r\n+a\r\n"
    ));
    assert!(!agree(
        Compare::SetOf,
        b"*2\r\n+a\r\n+a\r\n",
        b"*1\r\n+a\r\n"
    ));
    assert!(!agree(Compare::SetOf, b"*0\r\n", b"-ERR x\r\n"));
}
