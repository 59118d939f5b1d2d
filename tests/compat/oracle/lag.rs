//! How far behind consumer groups are, computed from what `XINFO STREAM ... FULL` tells.
//! Invariants: a difference in `lag` or `entries-read` is permitted only where entries have gone
//! from the stream, and only if each server's lag follows from its own figures by its own rule.
//! Must not know: how commands are drawn. Tests: below.

use super::tree::{self, Tree};

/// The fields that later versions of Redis count anew after a trim or a deletion.
pub const COUNTS: &[&[u8]] = &[b"lag", b"entries-read"];

type Id = (u64, u64);

/// What a reply says of the stream, and of each group.
struct Info {
    length: i64,
    added: i64,
    first: Id,
    last: Id,
    max_deleted: Id,
    groups: Vec<Group>,
}

#[derive(PartialEq, Eq)]
struct Group {
    last: Id,
    read: Option<i64>,
    lag: Option<i64>,
}

/// Whether two replies differ in counts that Redis 8 computes in another way than Redis 7.0, and
/// ours are those of Redis 8.
pub fn explains(ours: &Tree, theirs: &Tree) -> bool {
    let (Some(ours), Some(theirs)) = (Info::of(ours), Info::of(theirs)) else {
        return false;
    };
    let all_there = ours.length == ours.added && ours.max_deleted == (0, 0);
    let mut pairs = ours.groups.iter().zip(&theirs.groups);
    ours.groups.len() == theirs.groups.len()
        && pairs.all(|(our_group, their_group)| {
            let explained = !all_there
                && our_group.lag == ours.lag_of_redis_8(our_group)
                && their_group.lag == theirs.lag_of_redis_7(their_group);
            our_group == their_group || explained
        })
}

/// The counts of each group in a reply of `XINFO STREAM ... FULL` or `XINFO GROUPS`.
pub fn counts(reply: &Tree) -> Option<Vec<(Option<i64>, Option<i64>)>> {
    let groups = tree::field(reply, b"groups").unwrap_or(reply);
    let groups = groups.items()?.iter().map(Group::of);
    let groups: Option<Vec<Group>> = groups.collect();
    Some(
        groups?
            .iter()
            .map(|group| (group.read, group.lag))
            .collect(),
    )
}

impl Info {
    fn of(reply: &Tree) -> Option<Info> {
        let number = |name| tree::field(reply, name)?.number();
        let id = |name| id(tree::field(reply, name)?);
        let groups = tree::field(reply, b"groups")?
            .items()?
            .iter()
            .map(Group::of);
        Some(Info {
            length: number(b"length")?,
            added: number(b"entries-added")?,
            first: id(b"recorded-first-entry-id")?,
            last: id(b"last-generated-id")?,
            max_deleted: id(b"max-deleted-entry-id")?,
            groups: groups.collect::<Option<_>>()?,
        })
    }

    fn lag_of_redis_7(&self, group: &Group) -> Option<i64> {
        match group.read {
            _ if self.added == 0 => Some(0),
            Some(read) if !self.has_hole_behind(group.last) => Some(self.added - read),
            _ => self.distance(group.last).map(|read| self.added - read),
        }
    }

    fn lag_of_redis_8(&self, group: &Group) -> Option<i64> {
        if self.added == 0 || self.length == 0 {
            return Some(0);
        }
        match group.last < self.first && self.max_deleted < self.first {
            true => Some(self.length),
            false => self.lag_of_redis_7(group),
        }
    }

    fn has_hole_behind(&self, id: Id) -> bool {
        let deleted_inside = self.max_deleted != (0, 0) && self.max_deleted >= self.first;
        self.length > 0 && deleted_inside && id <= self.max_deleted
    }

    /// How many of the entries ever added are at or before an id, where that can be told.
    fn distance(&self, id: Id) -> Option<i64> {
        if id == self.last || (self.length == 0 && id < self.last) {
            return Some(self.added);
        }
        if id > self.last || (self.max_deleted != (0, 0) && self.max_deleted >= self.first) {
            return None;
        }
        let before = self.added - self.length;
        match id.cmp(&self.first) {
            std::cmp::Ordering::Less => Some(before),
            std::cmp::Ordering::Equal => Some(before + 1),
            std::cmp::Ordering::Greater => None,
        }
    }
}

impl Group {
    fn of(reply: &Tree) -> Option<Group> {
        let last = tree::field(reply, b"last-delivered-id")?;
        Some(Group {
            last: id(last)?,
            read: tree::field(reply, b"entries-read")?.number(),
            lag: tree::field(reply, b"lag")?.number(),
        })
    }
}

fn id(text: &Tree) -> Option<Id> {
    let text = std::str::from_utf8(text.text()?).ok()?;
    let (ms, seq) = text.split_once('-')?;
    Some((ms.parse().ok()?, seq.parse().ok()?))
}

/// A reply about a stream of entries 2-0 to 5-0 of which the first two were trimmed, with a group
/// at `last`.
#[cfg(test)]
fn trimmed(length: i64, last: &str, read: i64, lag: i64) -> Vec<u8> {
    let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
    let mut reply = String::from("*12\r\n");
    for (name, value) in [
        ("length", format!(":{length}\r\n")),
        ("last-generated-id", bulk("5-0")),
        ("max-deleted-entry-id", bulk("0-0")),
        ("entries-added", ":4\r\n".to_string()),
        ("recorded-first-entry-id", bulk("4-0")),
    ] {
        reply += &(bulk(name) + &value);
    }
    reply += &(bulk("groups") + "*1\r\n*6\r\n");
    reply += &(bulk("last-delivered-id") + &bulk(last));
    reply += &(bulk("entries-read") + &format!(":{read}\r\n"));
    reply += &(bulk("lag") + &format!(":{lag}\r\n"));
    reply.into_bytes()
}

#[test]
fn counts_may_differ_only_after_something_has_gone() {
    let explained = |ours: &[u8], theirs: &[u8]| explains(&Tree::parse(ours), &Tree::parse(theirs));
    // Before the first entry: two are left to read, 7.0 counts the trimmed ones too.
    assert!(explained(
        &trimmed(2, "0-0", 0, 2),
        &trimmed(2, "0-0", 0, 4)
    ));
    // The right difference on the wrong side, and a lag that follows from nothing.
    assert!(!explained(
        &trimmed(2, "0-0", 0, 4),
        &trimmed(2, "0-0", 0, 2)
    ));
    assert!(!explained(
        &trimmed(2, "0-0", 0, 3),
        &trimmed(2, "0-0", 0, 4)
    ));
    // Counted anew from the first entry that was left.
    assert!(explained(
        &trimmed(2, "4-0", 3, 1),
        &trimmed(2, "4-0", 1, 3)
    ));
    assert!(!explained(
        &trimmed(2, "4-0", 3, 3),
        &trimmed(2, "4-0", 1, 3)
    ));
    // Nothing has gone.
    assert!(!explained(
        &trimmed(4, "4-0", 3, 1),
        &trimmed(4, "4-0", 1, 3)
    ));
    let counted = counts(&Tree::parse(&trimmed(2, "4-0", 3, 1)));
    assert_eq!(counted, Some(vec![(Some(3), Some(1))]));
}
