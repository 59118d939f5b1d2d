//! The differences that are meant: rules in code, reasons in `deviations.md`.
//! Invariants: every rule has a row and every row a rule; a run that never needed a row fails.
//! Must not know: how commands are drawn. Tests: below.

use super::compare::is_array;
use super::known::Known;
use super::lag;
use super::tree::{self, Tree};
use crate::harness::server::stand_in;
use crate::harness::wire;
use std::cell::RefCell;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../deviations.md");

/// A permitted difference: which command line shows it, and when it is this one.
pub struct Rule {
    pub id: &'static str,
    /// Command lines that show the difference, run at the start so that the row is needed.
    pub witness: &'static [&'static str],
    pub allows: Judge,
}

/// Whether a command's arguments, our reply and Redis's reply show the permitted difference.
pub type Judge = fn(&[Vec<u8>], &[u8], &[u8]) -> bool;

pub const RULES: &[Rule] = &[
    Rule {
        id: "getex-time-first",
        witness: &["GETEX missing EX 0"],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "GETEX")
                && ours.starts_with(b"-ERR ")
                && (is_nil(theirs) || is_wrong_type(theirs))
        },
    },
    Rule {
        id: "scan-cursor-zero-byte",
        witness: &["SCAN \"\\x00\""],
        allows: |arguments, ours, _| {
            let at = if is_command(arguments, "SCAN") { 1 } else { 2 };
            let scans = ["SCAN", "HSCAN", "SSCAN", "ZSCAN"];
            scans.iter().any(|name| is_command(arguments, name))
                && arguments.get(at).is_some_and(|cursor| cursor.contains(&0))
                && ours == b"-ERR invalid cursor\r\n"
        },
    },
    Rule {
        id: "scan-cursor-not-a-number",
        witness: &["SCAN \"\"", "SCAN -1"],
        allows: |arguments, ours, _| {
            let at = if is_command(arguments, "SCAN") { 1 } else { 2 };
            let scans = ["SCAN", "HSCAN", "SSCAN", "ZSCAN"];
            scans.iter().any(|name| is_command(arguments, name))
                && arguments
                    .get(at)
                    .is_some_and(|cursor| cursor.is_empty() || cursor.starts_with(b"-"))
                && ours == b"-ERR invalid cursor\r\n"
        },
    },
    Rule {
        id: "bit-arguments-first",
        witness: &["BITCOUNT missing 1 2 x", "BITPOS missing 1 0 -1 x"],
        allows: |arguments, ours, theirs| {
            (is_command(arguments, "BITCOUNT") || is_command(arguments, "BITPOS"))
                && ours.starts_with(b"-ERR ")
                && (matches!(theirs, b":0\r\n" | b":-1\r\n") || is_wrong_type(theirs))
        },
    },
    Rule {
        id: "encoding-unchanged",
        witness: &["SET e abc", "SETBIT e 0 0", "OBJECT ENCODING e", "DEL e"],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT")
                && matches!(ours, b"$6\r\nembstr\r\n" | b"$3\r\nint\r\n")
                && theirs == b"$3\r\nraw\r\n"
        },
    },
    Rule {
        id: "refcount-by-value",
        witness: &["INCRBYFLOAT r 1", "OBJECT REFCOUNT r", "DEL r"],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT") && ours == b":2147483647\r\n" && theirs == b":1\r\n"
        },
    },
    Rule {
        id: "shortest-doubles",
        witness: &["ZADD dz 0.1 m", "ZSCORE dz m", "DEL dz"],
        allows: |_, ours, theirs| tree::same_values(&Tree::parse(ours), &Tree::parse(theirs)),
    },
    Rule {
        id: "negative-zero",
        // The member is too long for a listpack, in which Redis keeps -0 as 0.
        witness: &[
            "ZADD dn -0 mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
            "ZSCORE dn mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
            "DEL dn",
        ],
        allows: |_, ours, theirs| tree::same_but_zeros(&Tree::parse(ours), &Tree::parse(theirs)),
    },
    Rule {
        id: "idle-beyond-clock",
        witness: &[
            "RESTORE di 0 \"\\x00\\x05hello\\x0a\\x00cr\\xdfve4 \\x0a\" IDLETIME 20000000",
            "OBJECT IDLETIME di",
            "DEL di",
        ],
        allows: |arguments, ours, theirs| {
            let seconds = wire::integer(ours);
            is_command(arguments, "OBJECT")
                && seconds.is_some_and(|seconds| seconds >= IDLE_CLOCK_SECONDS)
                && wire::integer(theirs).is_some_and(|seconds| seconds <= IDLE_CLOCK_SECONDS)
        },
    },
    Rule {
        id: "difference-encoding",
        witness: &[
            "SADD dd a 1 2 3 4 5 6 7 8 9",
            "SADD de a",
            "SDIFFSTORE ddiff dd de de",
            "OBJECT ENCODING ddiff",
            "DEL dd de ddiff",
        ],
        // Only of the witness's key: after each other SDIFFSTORE the encodings are made equal.
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT")
                && arguments.get(2).is_some_and(|key| key == b"ddiff")
                && ours == b"$6\r\nintset\r\n"
                && theirs == b"$9\r\nhashtable\r\n"
        },
    },
    Rule {
        id: "listpack-lists",
        witness: &["RPUSH dl a", "OBJECT ENCODING dl", "DEL dl"],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT")
                && ours == b"$8\r\nlistpack\r\n"
                && theirs == b"$9\r\nquicklist\r\n"
        },
    },
    Rule {
        id: "listpack-sets",
        witness: &["SADD ds a", "OBJECT ENCODING ds", "DEL ds"],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT")
                && ours == b"$8\r\nlistpack\r\n"
                && theirs == b"$9\r\nhashtable\r\n"
        },
    },
    Rule {
        id: "sort-keeps-encoding",
        witness: &[
            "ZADD dsz 1 a",
            "SORT dsz ALPHA",
            "OBJECT ENCODING dsz",
            "DEL dsz",
        ],
        allows: |arguments, ours, theirs| {
            is_command(arguments, "OBJECT")
                && ours == b"$8\r\nlistpack\r\n"
                && theirs == b"$8\r\nskiplist\r\n"
        },
    },
    Rule {
        id: "stream-info",
        witness: &[
            "XGROUP CREATE dx g 0 MKSTREAM",
            "XGROUP CREATECONSUMER dx g c",
            "XINFO CONSUMERS dx g",
            "DEL dx",
        ],
        allows: |arguments, ours, theirs| {
            let known = |reply| tree::without_fields(&Tree::parse(reply), STREAM_INTERNALS);
            is_command(arguments, "XINFO") && tree::same_but_clocks(&known(ours), &known(theirs))
        },
    },
    Rule {
        id: "consumers-that-got-nothing",
        witness: &[
            "XGROUP CREATE dx g 0 MKSTREAM",
            "XREADGROUP GROUP g c STREAMS dx >",
            "XINFO GROUPS dx",
            "XINFO STREAM dx FULL",
            "XGROUP CREATECONSUMER dx g c",
            "DEL dx",
        ],
        allows: |arguments, ours, theirs| {
            let known = |reply| {
                let tree = tree::without_empty_consumers(&Tree::parse(reply));
                tree::without_fields(&tree, STREAM_INTERNALS)
            };
            match arguments.get(1) {
                Some(word) if word.eq_ignore_ascii_case(b"CREATECONSUMER") => {
                    ours == b":0\r\n" && theirs == b":1\r\n"
                }
                _ => {
                    is_command(arguments, "XINFO")
                        && tree::same_but_clocks(&known(ours), &known(theirs))
                }
            }
        },
    },
    Rule {
        id: "entries-read-bounded",
        witness: &[
            "XGROUP CREATE dxread g $ MKSTREAM ENTRIESREAD 8",
            "XINFO GROUPS dxread",
            "DEL dxread",
        ],
        // Only of the witness's key: elsewhere the field is compared.
        allows: |arguments, ours, theirs| {
            let known = |reply| tree::without_fields(&Tree::parse(reply), &[b"entries-read"]);
            is_command(arguments, "XINFO")
                && arguments.get(2).is_some_and(|key| key == b"dxread")
                && known(ours) == known(theirs)
        },
    },
    Rule {
        id: "lag-of-early-groups",
        witness: &[
            "XADD dx 5-1 f v",
            "XADD dx 5-2 f v",
            "XDEL dx 5-1",
            "XGROUP CREATE dx g 0",
            "XGROUP SETID dx g 0 ENTRIESREAD 0",
            "XINFO STREAM dx FULL",
            "DEL dx",
        ],
        allows: |arguments, ours, theirs| {
            let (ours, theirs) = (Tree::parse(ours), Tree::parse(theirs));
            let known = |reply| {
                let tree = tree::without_empty_consumers(reply);
                let tree = tree::without_fields(&tree, STREAM_INTERNALS);
                tree::without_fields(&tree, lag::COUNTS)
            };
            is_command(arguments, "XINFO")
                && tree::same_but_clocks(&known(&ours), &known(&theirs))
                && lag::explains(&ours, &theirs)
        },
    },
    Rule {
        id: "rank-with-score",
        witness: &["ZRANK missing a WITHSCORE"],
        allows: |arguments, _, theirs| {
            (is_command(arguments, "ZRANK") || is_command(arguments, "ZREVRANK"))
                && arguments.len() == 4
                && theirs.starts_with(b"-ERR wrong number of arguments")
        },
    },
    Rule {
        id: "unbalanced-streams",
        witness: &["XREAD STREAMS missing other 0"],
        allows: |_, ours, theirs| {
            ours.starts_with(b"-ERR Unbalanced 'xread")
                && theirs.starts_with(b"-ERR Unbalanced XREAD list")
        },
    },
    Rule {
        id: "xsetid-below-deleted",
        witness: &["XADD dx 5-1 f v", "XDEL dx 5-1", "XSETID dx 4-1", "DEL dx"],
        allows: |arguments, ours, _| {
            is_command(arguments, "XSETID") && ours.ends_with(b"current max_deleted_entry_id\r\n")
        },
    },
    Rule {
        id: "lpos-least-rank",
        witness: &["LPOS missing a RANK -9223372036854775808"],
        allows: |arguments, ours, _| {
            is_command(arguments, "LPOS")
                && ours.starts_with(b"-ERR value is out of range")
                && arguments.iter().any(|word| word == b"-9223372036854775808")
        },
    },
    Rule {
        id: "timeout-out-of-range",
        witness: &["BLPOP missing 1e400"],
        allows: |_, ours, theirs| {
            ours == b"-ERR timeout is out of range\r\n" && theirs == b"-ERR timeout is negative\r\n"
        },
    },
    Rule {
        id: "help-wording",
        witness: &["OBJECT HELP"],
        allows: |arguments, ours, theirs| is_help(arguments) && is_array(ours) && is_array(theirs),
    },
];

/// What Redis's clock of uses, 24 bits of seconds, can hold.
const IDLE_CLOCK_SECONDS: i64 = (1 << 24) - 1;

/// Fields of XINFO that say how Redis stores a stream, or that Redis 7.2 added.
pub const STREAM_INTERNALS: &[&[u8]] = &[
    b"radix-tree-keys",
    b"radix-tree-nodes",
    b"inactive",
    b"active-time",
];

fn is_help(arguments: &[Vec<u8>]) -> bool {
    matches!(arguments, [_, word] if word.eq_ignore_ascii_case(b"HELP"))
}

fn is_command(arguments: &[Vec<u8>], name: &str) -> bool {
    arguments
        .first()
        .is_some_and(|first| first.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_wrong_type(reply: &[u8]) -> bool {
    reply.starts_with(b"-WRONGTYPE ")
}

fn is_nil(reply: &[u8]) -> bool {
    matches!(reply, b"$-1\r\n" | b"_\r\n")
}

/// The rules that rows permit, and which of them this run has needed.
pub struct Deviations {
    needed: RefCell<BTreeSet<&'static str>>,
}

impl Deviations {
    pub fn load() -> Deviations {
        let ids = ids(TABLE);
        let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(
            ids, rules,
            "deviations.md and the rules name different differences"
        );
        Deviations {
            needed: RefCell::default(),
        }
    }

    /// Whether a rule permits this difference; the first that does is marked as needed.
    pub fn allow(&self, arguments: &[Vec<u8>], ours: &[u8], theirs: &[u8]) -> bool {
        let rule = RULES
            .iter()
            .find(|rule| (rule.allows)(arguments, ours, theirs));
        if let Some(rule) = rule {
            self.needed.borrow_mut().insert(rule.id);
        }
        rule.is_some()
    }

    /// Fails when a row has become unnecessary.
    /// Rules about commands that ours does not know yet are passed over.
    pub fn assert_all_needed(&self, known: &Known) {
        if stand_in() {
            return;
        }
        let needed = self.needed.borrow();
        let idle: Vec<&str> = RULES
            .iter()
            .filter(|rule| !rule.witness.iter().any(|line| known.misses(line)))
            .map(|rule| rule.id)
            .filter(|id| !needed.contains(id))
            .collect();
        assert!(
            idle.is_empty(),
            "no difference needed these rows of deviations.md: {idle:?}"
        );
    }
}

/// The ids of the table's rows: the first cell of each, without backticks.
fn ids(table: &str) -> BTreeSet<&str> {
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix('|'))
        .skip(2);
    let mut ids = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row
            .trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        assert_eq!(
            cells.len(),
            3,
            "a row needs an id, a difference and a reason: {row}"
        );
        assert!(
            cells.iter().all(|cell| !cell.is_empty()),
            "an empty cell: {row}"
        );
        assert!(
            ids.insert(cells[0].trim_matches('`')),
            "the id of {row} comes twice"
        );
    }
    ids
}

#[test]
fn ids_reads_the_rows() {
    let table = "text\n| id | what | why |\n|---|---|---|\n| `a-b` | x | y |\n| c | x | y |\n";
    assert_eq!(ids(table), BTreeSet::from(["a-b", "c"]));
}
