//! The writes of the crash test that change a part of a hash, list, set, sorted set or stream.
//! Invariants: each has the effect and the reply that Redis gives it, wrong types included; spans
//! are long enough to cross from packed to exploded values and back.
//! Must not know: connections. Tests: below; the crash rounds compare it with a real server.

use super::state::{Entry, State};
use crate::harness::Random;
use rand::RngExt;
use std::sync::atomic::{AtomicU64, Ordering};

mod effect;

const KEYS: u32 = 4;
const MEMBERS: u32 = 400;
/// Values longer than this stand in rows of their own.
const LONG_BYTES: usize = 600;
pub const WRONG_TYPE: &[u8] =
    b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

/// Members with consecutive numbers.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    first: u32,
    count: u32,
}

/// What is done to a part of a collection.
#[derive(Clone, Debug)]
pub enum Step {
    SetFields(Span, Vec<u8>),
    DeleteFields(Span),
    ExpireFields(Span, i64),
    AddMembers(Span),
    RemoveMembers(Span),
    AddScored(Span, i64),
    RemoveScored(Span),
    RemoveRanks(u32),
    Push {
        left: bool,
        span: Span,
        value: Vec<u8>,
    },
    Pop {
        left: bool,
        count: u32,
    },
    KeepFirst(u32),
    AddEntry(u64, Vec<u8>),
    TrimEntries(u32),
    CreateGroup,
    ReadGroup(u32),
}

/// One step on one key.
#[derive(Clone, Debug)]
pub struct Collection {
    key: String,
    step: Step,
}

/// A key of a collection, named by the type that it usually has.
pub fn key(random: &mut Random) -> String {
    let kinds = ["hash", "set", "zset", "list", "stream"];
    let kind = kinds[random.random_range(0..kinds.len())];
    format!("{kind}:{}", random.random_range(0..KEYS))
}

impl Step {
    fn draw_stream(roll: u32, count: u32, random: &mut Random) -> Step {
        match roll {
            0..6 => Step::AddEntry(next_id(), value(random)),
            6 => Step::TrimEntries(random.random_range(0..50)),
            7 => Step::CreateGroup,
            _ => Step::ReadGroup(count),
        }
    }
}

impl Collection {
    pub fn draw(random: &mut Random) -> Collection {
        let key = key(random);
        let span = span(random);
        let count = random.random_range(1..=60);
        let left = random.random();
        let kind = key.split(':').next().unwrap_or_default();
        let step = match (kind, random.random_range(0..10)) {
            ("hash", 0..6) => Step::SetFields(span, value(random)),
            ("hash", 6..8) => Step::DeleteFields(span),
            ("hash", _) => {
                let at = super::operation::FAR_FUTURE_MS + random.random_range(0..1_000_000);
                Step::ExpireFields(span, at)
            }
            ("set", 0..6) => Step::AddMembers(span),
            ("set", _) => Step::RemoveMembers(span),
            ("zset", 0..6) => Step::AddScored(span, random.random_range(-500..500)),
            ("zset", 6..8) => Step::RemoveScored(span),
            ("zset", _) => Step::RemoveRanks(count),
            ("list", 0..5) => Step::Push {
                left,
                span,
                value: value(random),
            },
            ("list", 5..9) => Step::Pop { left, count },
            ("list", _) => Step::KeepFirst(random.random_range(0..200)),
            (_, roll) => Step::draw_stream(roll, count, random),
        };
        Collection { key, step }
    }

    pub fn command(&self) -> Vec<Vec<u8>> {
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut say = |text: &str| words.extend(text.split(' ').map(|w| w.as_bytes().to_vec()));
        let key = &self.key;
        match &self.step {
            Step::SetFields(..) => say(&format!("HSET {key}")),
            Step::DeleteFields(_) => say(&format!("HDEL {key}")),
            Step::ExpireFields(span, at) => {
                say(&format!("HPEXPIREAT {key} {at} FIELDS {}", span.count))
            }
            Step::AddMembers(_) => say(&format!("SADD {key}")),
            Step::RemoveMembers(_) => say(&format!("SREM {key}")),
            Step::AddScored(..) => say(&format!("ZADD {key}")),
            Step::RemoveScored(_) => say(&format!("ZREM {key}")),
            Step::RemoveRanks(count) => say(&format!("ZREMRANGEBYRANK {key} 0 {}", count - 1)),
            Step::Push { left: true, .. } => say(&format!("LPUSH {key}")),
            Step::Push { .. } => say(&format!("RPUSH {key}")),
            Step::Pop { left: true, count } => say(&format!("LPOP {key} {count}")),
            Step::Pop { count, .. } => say(&format!("RPOP {key} {count}")),
            Step::KeepFirst(0) => say(&format!("LTRIM {key} 1 0")),
            Step::KeepFirst(count) => say(&format!("LTRIM {key} 0 {}", count - 1)),
            Step::AddEntry(id, _) => say(&format!("XADD {key} {id}-0 f")),
            Step::TrimEntries(max) => say(&format!("XTRIM {key} MAXLEN {max}")),
            Step::CreateGroup => say(&format!("XGROUP CREATE {key} g 0 MKSTREAM")),
            Step::ReadGroup(count) => say(&format!(
                "XREADGROUP GROUP g c COUNT {count} STREAMS {key} >"
            )),
        }
        self.operands(&mut words);
        words
    }

    /// Adds the members that the command names.
    fn operands(&self, words: &mut Vec<Vec<u8>>) {
        match &self.step {
            Step::SetFields(span, value) => {
                words.extend(span.members().flat_map(|field| [field, value.clone()]));
            }
            Step::AddScored(span, base) => {
                let scored = span.scored(*base);
                words.extend(scored.flat_map(|(m, score)| [score.to_string().into_bytes(), m]));
            }
            Step::Push { span, value, .. } => {
                words.extend(span.members().map(|member| [&member[..], value].concat()));
            }
            Step::DeleteFields(span)
            | Step::ExpireFields(span, _)
            | Step::AddMembers(span)
            | Step::RemoveMembers(span)
            | Step::RemoveScored(span) => words.extend(span.members()),
            Step::AddEntry(_, value) => words.push(value.clone()),
            _ => {}
        }
    }

    /// Applies the step; returns the reply that the server must give.
    pub fn apply(&self, state: &mut State) -> Vec<u8> {
        let fresh = self.fresh();
        let existed = state.contains_key(&self.key);
        let entry = state.entry(self.key.clone()).or_insert(Entry {
            value: fresh,
            expire_ms: None,
        });
        let reply = self.change(&mut entry.value, existed);
        let unborn = !existed && matches!(self.step, Step::TrimEntries(_) | Step::ReadGroup(_));
        if entry.value.is_empty() || unborn {
            state.remove(&self.key);
        }
        reply.unwrap_or_else(|| WRONG_TYPE.to_vec())
    }
}

impl Span {
    fn members(self) -> impl Iterator<Item = Vec<u8>> {
        (self.first..self.first + self.count).map(|n| format!("member:{n}").into_bytes())
    }

    fn scored(self, base: i64) -> impl Iterator<Item = (Vec<u8>, i64)> {
        // Neighbours in number are not neighbours in order.
        let score = move |(at, member)| (member, base + (at as i64 * 7919) % 1000);
        self.members().enumerate().map(score)
    }
}

/// Mostly a few members, now and then enough to explode a value, or to make it small again.
fn span(random: &mut Random) -> Span {
    let count = match random.random_range(0..10) {
        0 => random.random_range(50..300),
        1..3 => random.random_range(10..50),
        _ => random.random_range(1..6),
    };
    let first = random.random_range(0..MEMBERS);
    Span { first, count }
}

fn value(random: &mut Random) -> Vec<u8> {
    let length = match random.random_range(0..20) {
        0 => LONG_BYTES,
        _ => random.random_range(1..60),
    };
    vec![random.random_range(b'a'..=b'z'); length]
}

/// Ids grow over all streams and all rounds, so that none is too small for its stream.
fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(1);
    IDS.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn collection_steps_reply_as_redis_does() {
    let mut state = State::new();
    let mut step = |key: &str, step: Step| {
        let key = key.to_string();
        Collection { key, step }.apply(&mut state)
    };
    let span = |first, count| Span { first, count };
    assert_eq!(step("s", Step::AddMembers(span(0, 3))), b":3\r\n");
    assert_eq!(step("s", Step::AddMembers(span(2, 2))), b":1\r\n");
    assert_eq!(
        step(
            "s",
            Step::Pop {
                left: true,
                count: 1
            }
        ),
        WRONG_TYPE
    );
    assert_eq!(step("s", Step::RemoveMembers(span(0, 9))), b":4\r\n");
    assert_eq!(
        step(
            "s",
            Step::Pop {
                left: true,
                count: 1
            }
        ),
        b"*-1\r\n"
    );
    assert_eq!(
        step("x", Step::AddEntry(5, b"v".to_vec())),
        b"$3\r\n5-0\r\n"
    );
    assert_eq!(step("x", Step::TrimEntries(0)), b":1\r\n");
    assert_eq!(step("x", Step::CreateGroup), b"+OK\r\n");
    assert_eq!(step("x", Step::ReadGroup(1)), b"*-1\r\n");
    assert_eq!(state.keys().collect::<Vec<_>>(), ["x"]);
}
