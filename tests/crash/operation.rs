//! The writes of the crash test, and what each makes of a database.
//! Invariants: applying an operation to the model has the effect that the server promises.
//! Must not know: connections. Tests: below; the crash rounds compare it with a real server.

use super::collection::{self, Collection, WRONG_TYPE};
use super::state::{Entry, State, Value};
use crate::harness::{Random, pack};
use rand::RngExt;

const KEYS: u32 = 40;
const BIG_KEYS: u32 = 3;
const BIG_BYTES_MIN: usize = 100 << 10;
const BIG_BYTES_MAX: usize = 2 << 20;
/// More than one commit holds, and more rows than the sweeper deletes one by one.
const HUGE_BYTES: usize = 9 << 20;
/// A moment far enough away that nothing expires during a test, in milliseconds since 1970.
pub const FAR_FUTURE_MS: i64 = 4_000_000_000_000;

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
    Copy {
        from: String,
        to: String,
    },
    FlushDb,
    Collection(Collection),
    /// MULTI, these, EXEC.
    Transaction(Vec<Operation>),
}

impl Operation {
    /// Draws an operation; a flush only where `flushes` permits it.
    pub fn draw(random: &mut Random, flushes: bool) -> Operation {
        match random.random_range(0..100) {
            0..8 => {
                let count = random.random_range(1..8);
                let parts = (0..count).map(|_| Operation::draw_part(random));
                Operation::Transaction(parts.collect())
            }
            8 if flushes => Operation::FlushDb,
            _ => Operation::draw_one(random),
        }
    }

    /// One that may stand in a transaction, which holds no more than one commit does.
    fn draw_part(random: &mut Random) -> Operation {
        loop {
            match Operation::draw_one(random) {
                Operation::Copy { .. } => {}
                Operation::Set { value, .. } if value.len() >= HUGE_BYTES => {}
                part => return part,
            }
        }
    }

    fn draw_one(random: &mut Random) -> Operation {
        match random.random_range(0..100) {
            0..45 => Operation::Collection(Collection::draw(random)),
            45..80 => Operation::draw_string(random),
            80..85 => Operation::Delete {
                keys: vec![any_key(random), any_key(random)],
            },
            85..90 => Operation::ExpireAt {
                key: any_key(random),
                expire_ms: FAR_FUTURE_MS + random.random_range(0..1_000_000),
            },
            90..92 => Operation::Persist {
                key: any_key(random),
            },
            92..97 => Operation::Rename {
                from: any_key(random),
                to: any_key(random),
            },
            _ => Operation::Copy {
                from: any_key(random),
                to: any_key(random),
            },
        }
    }

    fn draw_string(random: &mut Random) -> Operation {
        let value = small_value(random);
        match random.random_range(0..74) {
            0..25 => Operation::Set {
                key: key(random),
                value,
            },
            25..28 => Operation::Set {
                key: big_key(random),
                value: big_value(random),
            },
            28..30 => Operation::Set {
                key: any_key(random),
                value,
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
            _ => Operation::Overwrite {
                key: big_key(random),
                offset: random.random_range(0..200_000),
                value,
            },
        }
    }

    /// What is sent: one command, or a transaction's.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Operation::Transaction(parts) => {
                let mut bytes = pack(&["MULTI"]);
                parts.iter().for_each(|part| bytes.extend(part.bytes()));
                bytes.extend(pack(&["EXEC"]));
                bytes
            }
            one => pack(&one.command()),
        }
    }

    /// How many replies `bytes` gets.
    pub fn replies(&self) -> usize {
        match self {
            Operation::Transaction(parts) => parts.len() + 2,
            _ => 1,
        }
    }

    fn command(&self) -> Vec<Vec<u8>> {
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
            Operation::Copy { from, to } => {
                words(&[b"COPY", from.as_bytes(), to.as_bytes(), b"REPLACE"])
            }
            Operation::FlushDb => words(&[b"FLUSHDB"]),
            Operation::Collection(collection) => collection.command(),
            Operation::Transaction(_) => unreachable!("a transaction is several commands"),
        }
    }

    /// Applies the operation; returns the replies that the server must give.
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
            Operation::Increment { key } => increment(state, key),
            Operation::Append { key, value } => {
                let Some(bytes) = string_mut(state, key) else {
                    return WRONG_TYPE.to_vec();
                };
                bytes.extend_from_slice(value);
                integer(bytes.len() as u64)
            }
            Operation::Overwrite { key, offset, value } => overwrite(state, key, *offset, value),
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
            Operation::Copy { from, to } if from == to => {
                b"-ERR source and destination objects are the same\r\n".to_vec()
            }
            Operation::Copy { from, to } => {
                let copy = state.get(from).cloned();
                let copied = copy.map(|entry| state.insert(to.clone(), entry)).is_some();
                integer(u64::from(copied))
            }
            Operation::FlushDb => {
                state.clear();
                b"+OK\r\n".to_vec()
            }
            Operation::Collection(collection) => collection.apply(state),
            Operation::Transaction(parts) => {
                let mut replies = b"+OK\r\n".to_vec();
                replies.extend(b"+QUEUED\r\n".repeat(parts.len()));
                replies.extend(format!("*{}\r\n", parts.len()).into_bytes());
                replies.extend(parts.iter().flat_map(|part| part.apply(state)));
                replies
            }
        }
    }
}

fn set(state: &mut State, key: &str, value: &[u8], expire_ms: Option<i64>) -> Vec<u8> {
    let value = Value::String(value.to_vec());
    state.insert(key.to_string(), Entry { value, expire_ms });
    b"+OK\r\n".to_vec()
}

/// The bytes of a string, which begins empty; `None` if the key has another type.
fn string_mut<'a>(state: &'a mut State, key: &str) -> Option<&'a mut Vec<u8>> {
    let empty = Entry {
        value: Value::String(Vec::new()),
        expire_ms: None,
    };
    match &mut state.entry(key.to_string()).or_insert(empty).value {
        Value::String(bytes) => Some(bytes),
        _ => None,
    }
}

fn overwrite(state: &mut State, key: &str, offset: usize, value: &[u8]) -> Vec<u8> {
    let Some(bytes) = string_mut(state, key) else {
        return WRONG_TYPE.to_vec();
    };
    let end = offset + value.len();
    let length = bytes.len().max(end);
    bytes.resize(length, 0);
    bytes[offset..end].copy_from_slice(value);
    integer(length as u64)
}

/// Counters are never renamed or copied onto.
fn increment(state: &mut State, key: &str) -> Vec<u8> {
    let bytes = string_mut(state, key).expect("a counter is a string");
    let text = std::str::from_utf8(bytes).expect("counters hold digits");
    let number: u64 = match text {
        "" => 0,
        digits => digits.parse().expect("digits"),
    };
    *bytes = (number + 1).to_string().into_bytes();
    integer(number + 1)
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

/// A key of any type.
fn any_key(random: &mut Random) -> String {
    match random.random_range(0..10) {
        0..6 => collection::key(random),
        6 => big_key(random),
        _ => key(random),
    }
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
    let length = match random.random_range(0..16) {
        0 => HUGE_BYTES,
        _ => random.random_range(BIG_BYTES_MIN..BIG_BYTES_MAX),
    };
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
            value: Value::String(b"vw".to_vec()),
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
    assert_eq!(state["k"].value, Value::String(b"\0\0x".to_vec()));
}
