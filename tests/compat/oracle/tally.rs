//! How often each command was sent, was not an error, and had something to say.
//! Invariants: counts Redis's replies, so that a run that only compares errors is known for what
//! it is. Must not know: templates. Tests: below.

use super::compare;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Replies that are right for a key that is not there.
const EMPTY: &[&[u8]] = &[
    b"$-1\r\n", b"*-1\r\n", b"_\r\n", b"*0\r\n", b"~0\r\n", b"%0\r\n", b":0\r\n", b":-2\r\n",
];

#[derive(Clone, Copy, Default)]
struct Count {
    sent: u64,
    succeeded: u64,
    told: u64,
}

#[derive(Default)]
pub struct Tally {
    counts: RefCell<BTreeMap<String, Count>>,
}

impl Tally {
    /// Counts a reply of Redis to a command.
    pub fn note(&self, arguments: &[Vec<u8>], reply: &[u8]) {
        let Some(name) = arguments.first() else {
            return;
        };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(name).or_default();
        let succeeded = !compare::is_error(reply);
        count.sent += 1;
        count.succeeded += u64::from(succeeded);
        count.told += u64::from(succeeded && !EMPTY.contains(&reply));
    }

    /// One line per command: sent, no error, neither error nor empty.
    pub fn table(&self) -> String {
        let counts = self.counts.borrow();
        let line = |(name, count): (&String, &Count)| {
            let Count {
                sent,
                succeeded,
                told,
            } = count;
            format!("{name} {sent}/{succeeded}/{told}")
        };
        counts.iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// Those of `commands` that never gave more than an error or an empty reply.
    pub fn never_told(&self, commands: &BTreeSet<String>) -> Vec<String> {
        let counts = self.counts.borrow();
        let told = |name: &&String| counts.get(*name).is_some_and(|count| count.told > 0);
        let silent = commands.iter().filter(|name| !told(name));
        silent.cloned().collect()
    }
}

#[test]
fn never_told_names_commands_without_a_full_reply() {
    let tally = Tally::default();
    let arguments = |name: &str| vec![name.as_bytes().to_vec()];
    tally.note(&arguments("GET"), b"$-1\r\n");
    tally.note(&arguments("SET"), b"+OK\r\n");
    tally.note(&arguments("DEL"), b"-ERR x\r\n");
    let commands = ["get", "set", "del", "ttl"].map(str::to_string).into();
    assert_eq!(tally.never_told(&commands), ["del", "get", "ttl"]);
    assert_eq!(tally.table(), "del 1/0/0, get 1/1/0, set 1/1/1");
}
