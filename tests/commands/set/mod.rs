//! The set commands: `members` adds, takes away, tells and walks; `algebra` makes sets from sets;
//! draws at random stand in both and, for fairness, in `uniform`.
//! Must not know: how sets are kept. Tests: the files below.

mod algebra;
mod members;

use crate::harness::ask;
use redis::Connection;
use std::collections::BTreeSet;

const WRONG: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_INTEGER: &str = "ERR value is not an integer or out of range";

/// All members of a set; fails if one comes twice.
#[track_caller]
fn all(c: &mut Connection, key: &str) -> BTreeSet<String> {
    distinct(ask(c, &format!("SMEMBERS {key}")))
}

#[track_caller]
fn distinct(members: Vec<String>) -> BTreeSet<String> {
    let set: BTreeSet<String> = members.iter().cloned().collect();
    assert_eq!(set.len(), members.len(), "a member comes twice");
    set
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_string).collect()
}

/// Adds members in pages.
#[track_caller]
fn fill<'a>(c: &mut Connection, key: &str, members: impl IntoIterator<Item = &'a String>) {
    let members: Vec<&str> = members.into_iter().map(String::as_str).collect();
    for page in members.chunks(500) {
        let () = ask(c, &format!("SADD {key} {}", page.join(" ")));
    }
}

/// Sets of integers, of short words, of many words, of long words.
fn samples() -> [BTreeSet<String>; 4] {
    [
        (0..20).map(|n| (n * n - 50).to_string()).collect(),
        (0..30).map(|n| format!("m{n}")).collect(),
        (0..3000).map(|n| format!("member:{n}")).collect(),
        (0..50)
            .map(|n| format!("{n}{}", "x".repeat(2000)))
            .collect(),
    ]
}
