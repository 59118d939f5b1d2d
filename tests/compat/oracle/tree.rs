//! A raw reply as a tree of raw leaves, and what two trees may have in common.
//! Invariants: a leaf keeps its type byte, so a bulk string never equals a double unless a
//! function here says so. Must not know: commands. Tests: below.

use crate::harness::wire;

/// Clocks of two servers that were asked one after the other, in milliseconds.
const CLOCK_MS: u64 = 10_000;
/// Integers beyond this are moments in milliseconds since 1970.
const MOMENT_MIN: i64 = 1_000_000_000_000;
/// Fields whose integer is a moment or how long something has been idle.
const CLOCK_FIELDS: &[&[u8]] = &[b"idle", b"inactive", b"seen-time", b"active-time"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree<'a> {
    /// Anything without elements, with its type byte and its end.
    Leaf(&'a [u8]),
    /// An array, set, map or push: its type byte and its elements.
    Many(u8, Vec<Tree<'a>>),
}

impl<'a> Tree<'a> {
    pub fn parse(reply: &'a [u8]) -> Tree<'a> {
        match reply.first() {
            Some(kind @ (b'*' | b'~' | b'%' | b'>')) if reply != b"*-1\r\n" => {
                let elements = wire::elements(reply);
                Tree::Many(*kind, elements.into_iter().map(Tree::parse).collect())
            }
            _ => Tree::Leaf(reply),
        }
    }

    /// All leaves from left to right.
    pub fn leaves(&self) -> Vec<&'a [u8]> {
        match self {
            Tree::Leaf(leaf) => vec![leaf],
            Tree::Many(_, items) => items.iter().flat_map(Tree::leaves).collect(),
        }
    }

    /// The elements of an aggregate.
    pub fn items(&self) -> Option<&[Tree<'a>]> {
        match self {
            Tree::Leaf(_) => None,
            Tree::Many(_, items) => Some(items),
        }
    }

    /// The text of a bulk string, a double or an integer.
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Tree::Leaf(leaf) => leaf_text(leaf),
            Tree::Many(..) => None,
        }
    }

    pub fn number(&self) -> Option<i64> {
        match self {
            Tree::Leaf(leaf) => wire::integer(leaf),
            Tree::Many(..) => None,
        }
    }
}

/// What stands in a leaf besides its type and length; `None` for nulls.
pub fn leaf_text(leaf: &[u8]) -> Option<&[u8]> {
    match leaf.first() {
        Some(b'$') => wire::payload(leaf),
        Some(b',' | b':' | b'+') => leaf.get(1..leaf.len() - 2),
        _ => None,
    }
}

/// The same types and numbers of elements, whatever the texts.
pub fn same_shape(ours: &Tree, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Tree::Leaf(a), Tree::Leaf(b)) => {
            a.first() == b.first() && leaf_text(a).is_none() == leaf_text(b).is_none()
        }
        (Tree::Many(a, ours), Tree::Many(b, theirs)) => {
            a == b && pairwise(ours, theirs, same_shape)
        }
        _ => false,
    }
}

/// Equal, but for doubles: ours may be the shortest text of the same number.
pub fn same_values(ours: &Tree, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Tree::Leaf(a), Tree::Leaf(b)) => same_leaf(a, b),
        (Tree::Many(a, ours), Tree::Many(b, theirs)) => {
            a == b && pairwise(ours, theirs, same_values)
        }
        _ => false,
    }
}

/// Equal, but for the sign of zero: a product of a stored 0 and a negative weight is -0.
pub fn same_but_zeros(ours: &Tree, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Tree::Leaf(a), Tree::Leaf(b)) => same_leaf_but_zero(a, b),
        (Tree::Many(a, ours), Tree::Many(b, theirs)) => {
            a == b && pairwise(ours, theirs, same_but_zeros)
        }
        _ => false,
    }
}

/// As `same_leaf`, whatever the sign of zero.
pub fn same_leaf_but_zero(ours: &[u8], theirs: &[u8]) -> bool {
    let zero = |leaf| matches!(leaf_text(leaf), Some(b"0" | b"-0"));
    let zeros = zero(ours) && zero(theirs) && ours.first() == theirs.first();
    zeros || same_leaf(ours, theirs)
}

/// Equal, but for moments and idle times, which may lie a few seconds apart.
pub fn same_but_clocks(ours: &Tree, theirs: &Tree) -> bool {
    let (Tree::Many(a, ours), Tree::Many(b, theirs)) = (ours, theirs) else {
        return same_values(ours, theirs) || near(ours, theirs, MOMENT_MIN);
    };
    let mut after_clock = false;
    let mut position = 0;
    a == b
        && pairwise(ours, theirs, |one, other| {
            let idle_column = position == 2 && ours.len() == 4 && is_pending_row(ours);
            let free = after_clock || idle_column;
            after_clock = one.text().is_some_and(|text| CLOCK_FIELDS.contains(&text));
            position += 1;
            same_but_clocks(one, other) || (free && near(one, other, 0))
        })
}

/// A row of XPENDING or of a pending list: id, consumer, clock, deliveries.
fn is_pending_row(row: &[Tree]) -> bool {
    let is_number = |at: usize| row[at].number().is_some();
    !is_number(0) && !is_number(1) && is_number(2) && is_number(3)
}

fn near(ours: &Tree, theirs: &Tree, least: i64) -> bool {
    match (ours.number(), theirs.number()) {
        (Some(a), Some(b)) => a >= least && b >= least && a.abs_diff(b) <= CLOCK_MS,
        _ => false,
    }
}

fn pairwise<'a>(
    ours: &[Tree<'a>],
    theirs: &[Tree<'a>],
    mut agree: impl FnMut(&Tree<'a>, &Tree<'a>) -> bool,
) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| agree(a, b))
}

/// The same bytes, or the same double of which ours is written with the fewest digits.
pub fn same_leaf(ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs {
        return true;
    }
    if ours.first() != theirs.first() || !matches!(ours.first(), Some(b'$' | b',')) {
        return false;
    }
    match (leaf_text(ours), leaf_text(theirs)) {
        (Some(a), Some(b)) => is_shortest_of(a, b),
        _ => false,
    }
}

/// Whether `short` writes the double in `text` with the fewest digits that read back, or, as an
/// integer, with all its digits.
pub fn is_shortest_of(short: &[u8], text: &[u8]) -> bool {
    let double = |text: &[u8]| -> Option<f64> { std::str::from_utf8(text).ok()?.parse().ok() };
    let (Some(value), Some(of)) = (double(short), double(text)) else {
        return false;
    };
    let fewest = || digits(short) == digits(format!("{value:e}").as_bytes());
    value.to_bits() == of.to_bits() && (fewest() || short == (value as i64).to_string().as_bytes())
}

/// The digits before the exponent, without point, sign and zeros at either end.
fn digits(text: &[u8]) -> Vec<u8> {
    let mantissa = text.split(|byte| *byte == b'e').next().unwrap_or(text);
    let digits: Vec<u8> = mantissa
        .iter()
        .copied()
        .filter(u8::is_ascii_digit)
        .collect();
    let start = digits.iter().position(|digit| *digit != b'0').unwrap_or(0);
    let end = digits.iter().rposition(|digit| *digit != b'0');
    digits[start..end.map_or(start, |last| last + 1)].to_vec()
}

/// The value of a field of a map (RESP3) or flat map (RESP2).
pub fn field<'t, 'a>(map: &'t Tree<'a>, name: &[u8]) -> Option<&'t Tree<'a>> {
    let pairs = map.items()?.chunks_exact(2);
    let mut values = pairs.filter(|pair| pair[0].text() == Some(name));
    values.next().map(|pair| &pair[1])
}

/// A tree without the named fields of its maps (RESP3) or flat maps (RESP2) at any depth.
pub fn without_fields<'a>(tree: &Tree<'a>, names: &[&[u8]]) -> Tree<'a> {
    let Tree::Many(kind, items) = tree else {
        return tree.clone();
    };
    let mut kept = Vec::new();
    let mut rest = items.iter();
    while let Some(item) = rest.next() {
        if item.text().is_some_and(|text| names.contains(&text)) {
            rest.next();
        } else {
            kept.push(without_fields(item, names));
        }
    }
    Tree::Many(*kind, kept)
}

/// A reply of XINFO without consumers that have nothing pending, and without their number.
pub fn without_empty_consumers<'a>(tree: &Tree<'a>) -> Tree<'a> {
    let Tree::Many(kind, items) = tree else {
        return tree.clone();
    };
    let mut kept = Vec::new();
    let mut rest = items.iter().peekable();
    while let Some(item) = rest.next() {
        let counted = item.text() == Some(b"consumers")
            && rest.peek().is_some_and(|value| value.number().is_some());
        if counted {
            rest.next();
        } else if !is_empty_consumer(item) {
            kept.push(without_empty_consumers(item));
        }
    }
    Tree::Many(*kind, kept)
}

fn is_empty_consumer(tree: &Tree) -> bool {
    let is_none = |name| field(tree, name).is_some_and(|value| value.number() == Some(0));
    let is_consumer = field(tree, b"seen-time").or(field(tree, b"idle")).is_some();
    is_consumer && (is_none(b"pel-count") || is_none(b"pending"))
}

#[test]
fn consumers_with_something_pending_stay() {
    let consumer = |pending: i64| {
        format!("*1\r\n*4\r\n$7\r\npending\r\n:{pending}\r\n$4\r\nidle\r\n:7\r\n").into_bytes()
    };
    let (empty, busy) = (consumer(0), consumer(2));
    let none = Tree::Many(b'*', Vec::new());
    assert_eq!(without_empty_consumers(&Tree::parse(&empty)), none);
    let busy = Tree::parse(&busy);
    assert_eq!(without_empty_consumers(&busy), busy);
    let group = Tree::parse(b"*2\r\n$9\r\nconsumers\r\n:3\r\n");
    assert_eq!(without_empty_consumers(&group), none);
}

#[test]
fn doubles_agree_when_ours_is_the_shortest() {
    assert!(is_shortest_of(b"0.1", b"0.10000000000000001"));
    assert!(is_shortest_of(b"1e+21", b"1e+21"));
    assert!(is_shortest_of(
        b"123456789012345680",
        b"1.2345678901234568e+17"
    ));
    assert!(!is_shortest_of(b"0.10000000000000001", b"0.1"));
    assert!(!is_shortest_of(b"0.2", b"0.10000000000000001"));
    assert!(same_leaf(
        b"$3\r\n0.1\r\n",
        b"$19\r\n0.10000000000000001\r\n"
    ));
    assert!(!same_leaf(b"$3\r\n0.1\r\n", b",0.10000000000000001\r\n"));
}

#[test]
fn clocks_agree_where_clocks_stand() {
    let same = |a: &[u8], b: &[u8]| same_but_clocks(&Tree::parse(a), &Tree::parse(b));
    let row = |idle: i64, count: i64| {
        format!("*1\r\n*4\r\n$3\r\n1-1\r\n$1\r\nc\r\n:{idle}\r\n:{count}\r\n").into_bytes()
    };
    assert!(same(&row(5, 1), &row(9, 1)));
    assert!(!same(&row(5, 1), &row(5, 2)));
    assert!(!same(&row(5, 1), &row(500_000, 1)));
    assert!(same(
        b"*2\r\n$4\r\nidle\r\n:1\r\n",
        b"*2\r\n$4\r\nidle\r\n:7\r\n"
    ));
    assert!(!same(
        b"*2\r\n$3\r\nlag\r\n:1\r\n",
        b"*2\r\n$3\r\nlag\r\n:7\r\n"
    ));
}

#[test]
fn shapes_and_fields() {
    let one = Tree::parse(b"*2\r\n$1\r\na\r\n:1\r\n");
    let other = Tree::parse(b"*2\r\n$3\r\nabc\r\n:7\r\n");
    assert!(same_shape(&one, &other));
    assert!(!same_shape(&one, &Tree::parse(b"*2\r\n$-1\r\n:1\r\n")));
    assert_eq!(without_fields(&one, &[b"a"]), Tree::Many(b'*', Vec::new()));
    assert_eq!(one.leaves().len(), 2);
}
