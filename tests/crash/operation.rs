//! The writes of the crash test, and what each makes of a database.
//! Invariants: applying an operation to the model has the effect that the server promises.
//! Must not know: connections. Tests: below; the crash rounds compare it with a real server.

use crate::harness::Random;
use rand::RngExt;
use std::collections::BTreeMap;

const KEYS: u32 = 40;
const BIG_KEYS: u32 = 3;
const BIG_BYTES_MIN: usize = 100 << 10;
const BIG_BYTES_MAX: usize = 2 << 20;
/// A moment far enough away that nothing expires during a test, in milliseconds since 1970.
const FAR_FUTURE_MS: i64 = 4_000_000_000_000;

/// A key's value and its expiry in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub value: Vec<u8>,
    pub expire_ms: Option<i64>,
}

/// What one database holds.
pub type State = BTreeMap<String, Entry>;

/// One write.
#[derive(Clone, Debug)]
pub enum Operation {
    Set {
        key: String,
        value: Vec<u8>,
    },
    SetExpiring {
        key: String,
        value: Vec<u8>,
        expire_ms: i64,
    },
    SetPair {
        left: String,
        right: String,
        value: Vec<u8>,
    },
    Increment {
        key: String,
    },
    Append {
        key: String,
        value: Vec<u8>,
    },
    Overwrite {
        key: String,
        offset: usize,
        value: Vec<u8>,
    },
    Delete {
        keys: Vec<String>,
    },
    ExpireAt {
        key: String,
        expire_ms: i64,
    },
    Persist {
        key: String,
    },
    Rename {
        from: String,
        to: String,
    },
    FlushDb,
}

impl Operation {
    /// Draws an operation; a flush only where `flushes` permits it.
    pub fn draw(random: &mut Random, flushes: bool) -> Operation {
        let value = small_value(random);
        match random.random_range(0..100) {
            0..25 => Operation::Set {
                key: key(random),
                value,
            },
            25..30 => Operation::Set {
                key: big_key(random),
                value: big_value(random),
            },
            30..38 => Operation::SetExpiring {
                key: key(random),
                value,
                expire_ms: FAR_FUTURE_MS + random.random_range(0..1_000_000),
            },
            38..50 => Operation::SetPair {
                left: key(random),
                right: key(random),
                value,
            },
            50..62 => Operation::Increment {
                key: counter(random),
            },
            62..70 => Operation::Append {
                key: key(random),
                value,
            },
            70..72 => Operation::Append {
                key: big_key(random),
                value,
            },
            72..75 => Operation::Overwrite {
                key: big_key(random),
                offset: random.random_range(0..200_000),
                value,
            },
            75..83 => Operation::Delete {
                keys: vec![key(random), key(random)],
            },
            83 => Operation::Delete {
                keys: vec![big_key(random)],
            },
            84..89 => Operation::ExpireAt {
                key: key(random),
                expire_ms: FAR_FUTURE_MS + random.random_range(0..1_000_000),
            },
            89..92 => Operation::Persist { key: key(random) },
            92..97 => Operation::Rename {
                from: key(random),
                to: key(random),
            },
            97 => Operation::Rename {
                from: big_key(random),
                to: big_key(random),
            },
            98 if flushes => Operation::FlushDb,
            _ => Operation::Increment {
                key: counter(random),
            },
        }
    }

    /// The command as it is sent.
    pub fn command(&self) -> Vec<Vec<u8>> {
        fn words(parts: &[&[u8]]) -> Vec<Vec<u8>> {
            parts.iter().map(|part| part.to_vec()).collect()
        }
        match self {
            Operation::Set { key, value } => words(&[b"SET", key.as_bytes(), value]),
            Operation::SetExpiring {
                key,
                value,
                expire_ms,
            } => {
                let at = expire_ms.to_string();
                words(&[b"SET", key.as_bytes(), value, b"PXAT", at.as_bytes()])
            }
            Operation::SetPair { left, right, value } => {
                words(&[b"MSET", left.as_bytes(), value, right.as_bytes(), value])
            }
            Operation::Increment { key } => words(&[b"INCR", key.as_bytes()]),
            Operation::Append { key, value } => words(&[b"APPEND", key.as_bytes(), value]),
            Operation::Overwrite { key, offset, value } => {
                let offset = offset.to_string();
                words(&[b"SETRANGE", key.as_bytes(), offset.as_bytes(), value])
            }
            Operation::Delete { keys } => {
                let keys = keys.iter().map(|key| key.clone().into_bytes());
                [b"DEL".to_vec()].into_iter().chain(keys).collect()
            }
            Operation::ExpireAt { key, expire_ms } => words(&[
                b"PEXPIREAT",
                key.as_bytes(),
                expire_ms.to_string().as_bytes(),
            ]),
            Operation::Persist { key } => words(&[b"PERSIST", key.as_bytes()]),
            Operation::Rename { from, to } => words(&[b"RENAME", from.as_bytes(), to.as_bytes()]),
            Operation::FlushDb => words(&[b"FLUSHDB"]),
        }
    }

    /// Applies the operation; returns the reply that the server must give.
    pub fn apply(&self, state: &mut State) -> Vec<u8> {
        match self {
            Operation::Set { key, value } => set(state, key, value, None),
            Operation::SetExpiring {
                key,
                value,
                expire_ms,
            } => set(state, key, value, Some(*expire_ms)),
            Operation::SetPair { left, right, value } => {
                set(state, left, value, None);
                set(state, right, value, None)
            }
            Operation::Increment { key } => {
                let entry = entry(state, key);
                let text = std::str::from_utf8(&entry.value).expect("counters hold digits");
                let number: u64 = if text.is_empty() {
                    0
                } else {
                    text.parse().expect("digits")
                };
                entry.value = (number + 1).to_string().into_bytes();
                integer(number + 1)
            }
            Operation::Append { key, value } => {
                let entry = entry(state, key);
                entry.value.extend_from_slice(value);
                integer(entry.value.len() as u64)
            }
            Operation::Overwrite { key, offset, value } => {
                let entry = entry(state, key);
                let end = offset + value.len();
                let length = entry.value.len().max(end);
                entry.value.resize(length, 0);
                entry.value[*offset..end].copy_from_slice(value);
                integer(length as u64)
            }
            Operation::Delete { keys } => {
                integer(keys.iter().filter_map(|key| state.remove(key)).count() as u64)
            }
            Operation::ExpireAt { key, expire_ms } => match state.get_mut(key) {
                Some(entry) => {
                    entry.expire_ms = Some(*expire_ms);
                    integer(1)
                }
                None => integer(0),
            },
            Operation::Persist { key } => {
                let had = state.get_mut(key).and_then(|entry| entry.expire_ms.take());
                integer(u64::from(had.is_some()))
            }
            Operation::Rename { from, to } => match state.remove(from) {
                Some(entry) => {
                    state.insert(to.clone(), entry);
                    b"+OK\r\n".to_vec()
                }
                None => b"-ERR no such key\r\n".to_vec(),
            },
            Operation::FlushDb => {
                state.clear();
                b"+OK\r\n".to_vec()
            }
        }
    }
}

fn set(state: &mut State, key: &str, value: &[u8], expire_ms: Option<i64>) -> Vec<u8> {
    state.insert(
        key.to_string(),
        Entry {
            value: value.to_vec(),
            expire_ms,
        },
    );
    b"+OK\r\n".to_vec()
}

fn entry<'a>(state: &'a mut State, key: &str) -> &'a mut Entry {
    let empty = Entry {
        value: Vec::new(),
        expire_ms: None,
    };
    state.entry(key.to_string()).or_insert(empty)
}

fn integer(number: u64) -> Vec<u8> {
    format!(":{number}\r\n").into_bytes()
}

fn key(random: &mut Random) -> String {
    format!("key:{}", random.random_range(0..KEYS))
}

fn big_key(random: &mut Random) -> String {
    format!("big:{}", random.random_range(0..BIG_KEYS))
}

fn counter(random: &mut Random) -> String {
    format!("counter:{}", random.random_range(0..5))
}

/// Never empty, so that every operation leaves a key behind.
fn small_value(random: &mut Random) -> Vec<u8> {
    let length = match random.random_range(0..10) {
        0 => random.random_range(1000..9000),
        _ => random.random_range(1..100),
    };
    vec![random.random_range(b'a'..=b'z'); length]
}

/// Each big value differs from others nearly everywhere, so that a mixture of two shows.
fn big_value(random: &mut Random) -> Vec<u8> {
    let length = random.random_range(BIG_BYTES_MIN..BIG_BYTES_MAX);
    let start: usize = random.random_range(0..251);
    let step = random.random_range(1..100);
    (0..length)
        .map(|at| ((start + at * step) % 251) as u8)
        .collect()
}

#[test]
fn apply_keeps_values_and_times_as_redis_does() {
    let mut state = State::new();
    let key = || "k".to_string();
    let set = Operation::SetExpiring {
        key: key(),
        value: b"v".to_vec(),
        expire_ms: 5,
    };
    assert_eq!(set.apply(&mut state), b"+OK\r\n");
    let append = Operation::Append {
        key: key(),
        value: b"w".to_vec(),
    };
    assert_eq!(append.apply(&mut state), b":2\r\n");
    let rename = Operation::Rename {
        from: key(),
        to: "to".to_string(),
    };
    assert_eq!(rename.apply(&mut state), b"+OK\r\n");
    assert_eq!(
        state["to"],
        Entry {
            value: b"vw".to_vec(),
            expire_ms: Some(5)
        }
    );
    let persist = Operation::Persist {
        key: "to".to_string(),
    };
    assert_eq!(persist.apply(&mut state), b":1\r\n");
    assert_eq!(persist.apply(&mut state), b":0\r\n");
    let overwrite = Operation::Overwrite {
        key: key(),
        offset: 2,
        value: b"x".to_vec(),
    };
    assert_eq!(overwrite.apply(&mut state), b":3\r\n");
    assert_eq!(state["k"].value, b"\0\0x");
}
