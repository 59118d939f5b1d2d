//! The types of directives: how words become a value, and what Redis says when they cannot.
//!
//! Owns: `Kind`, its parser and Redis's texts for wrong values.
//! Invariant: parsing is total; a value that `parse` returns lies inside the kind's range.
//! Must not know: the live configuration. Tests: `kind/tests.rs`; against a real `redis-server`
//! in `tests.rs` of the configuration.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::error::strerror;
use super::events;
use super::units::{parse_c_integer, parse_decimal, parse_memory};
use super::value::{ClientClass, OutputLimit, SavePoint, Value};
use super::words::c_string;
use crate::resp::parse_i64;

/// Why a value was refused, in Redis's words.
pub type Reason = Cow<'static, str>;

/// Addresses that `bind` may name.
pub const BIND_ADDRESSES_MAX: usize = 16;
/// Bounds of each of the `oom-score-adj-values`.
const OOM_SCORE_ABS_MAX: i64 = 2000;
const OOM_SCORES: usize = 3;
const PORT_MAX: i64 = 65535;

pub const WRONG_ARGUMENTS: &str = "wrong number of arguments";
const NOT_A_SAVE: &str = "Invalid save parameters";

/// The type of a directive.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    /// A file mode in octal.
    Octal {
        max: i64,
    },
    /// A size in bytes, with units.
    Memory {
        min: u64,
        max: u64,
    },
    /// A size, or a percentage of `maxmemory`.
    MemoryOrPercent,
    /// One of these names. Two names of one value are spellings; the first is shown.
    Choice(&'static [(&'static str, u8)]),
    /// Any of these names together. A name whose bits are 0 stands for none.
    Flags(&'static [(&'static str, u32)]),
    Text,
    /// A text that may hold zero bytes; any other ends at the first, as it does in C.
    Bytes,
    /// A directory that exists; kept as an absolute path.
    Directory,
    Save,
    Bind,
    OutputLimits,
    OomScores,
    /// Letters of `notify-keyspace-events`.
    Events,
    Percentiles,
    /// `<host> <port>`, or `no one`.
    ReplicaOf,
}

/// What parsing needs beyond the words.
pub struct Context<'a> {
    /// The value that a partial one completes: limits of the classes not named, save points that
    /// earlier lines gave.
    pub base: &'a Value,
    /// What relative directories are relative to.
    pub cwd: &'a Path,
}

impl Kind {
    /// Any integer that fits in a C `int`, which most of Redis's numbers are.
    pub const INT: Self = Self::Int {
        min: 0,
        max: i32::MAX as i64,
    };
    pub const PORT: Self = Self::Int {
        min: 0,
        max: PORT_MAX,
    };
    pub const LONG: Self = Self::Int {
        min: 0,
        max: i64::MAX,
    };
    pub const BYTES: Self = Self::Memory {
        min: 0,
        max: i64::MAX as u64,
    };

    /// Whether the value is several words: on a line, or in one `CONFIG SET` argument.
    pub fn is_multi(&self) -> bool {
        matches!(
            self,
            Self::Flags(_)
                | Self::Save
                | Self::Bind
                | Self::OutputLimits
                | Self::OomScores
                | Self::Percentiles
                | Self::ReplicaOf
        )
    }

    /// Whether a zero byte is a byte like others, as where Redis knows the length of the text.
    fn takes_zero_bytes(&self) -> bool {
        matches!(
            self,
            Self::Bytes | Self::Int { .. } | Self::MemoryOrPercent | Self::Percentiles
        )
    }

    /// Parses the words that follow the directive's name.
    pub fn parse(&self, words: &[&[u8]], context: &Context<'_>) -> Result<Value, Reason> {
        let seen_by_c: Vec<&[u8]>;
        let words = if self.takes_zero_bytes() {
            words
        } else {
            seen_by_c = words.iter().map(|word| c_string(word)).collect();
            &seen_by_c
        };
        match self {
            Self::Flags(names) => parse_flags(words, names),
            Self::Save => parse_save(words, context.base),
            Self::Bind => parse_bind(words),
            Self::OutputLimits => parse_output_limits(words, context.base),
            Self::OomScores => parse_oom_scores(words),
            Self::Percentiles => parse_percentiles(words),
            Self::ReplicaOf => parse_replica_of(words),
            single => match words {
                [word] => single.parse_word(word, context.cwd),
                _ => Err(WRONG_ARGUMENTS.into()),
            },
        }
    }

    fn parse_word(&self, word: &[u8], cwd: &Path) -> Result<Value, Reason> {
        match *self {
            Self::Bool if word.eq_ignore_ascii_case(b"yes") => Ok(Value::Bool(true)),
            Self::Bool if word.eq_ignore_ascii_case(b"no") => Ok(Value::Bool(false)),
            Self::Bool => Err("argument must be 'yes' or 'no'".into()),
            Self::Int { min, max } => {
                let number = parse_i64(word)
                    .ok_or(Reason::from("argument couldn't be parsed into an integer"))?;
                within(number, min, max).map(Value::Int)
            }
            Self::Octal { max } => parse_octal(word, max),
            Self::Memory { min, max } => {
                let bytes =
                    parse_memory(word).ok_or(Reason::from("argument must be a memory value"))?;
                within(bytes, min, max).map(Value::Memory)
            }
            Self::MemoryOrPercent => parse_memory_or_percent(word),
            Self::Choice(names) => parse_choice(word, names),
            Self::Directory => parse_directory(word, cwd),
            Self::Events => match events::parse(word) {
                Some(bits) => Ok(Value::Flags(bits)),
                None => Err(events::INVALID.into()),
            },
            _ => Ok(Value::text(word)),
        }
    }

    /// The name shown for a choice.
    pub fn choice_name(&self, index: u8) -> &'static str {
        let Self::Choice(names) = self else {
            return "unknown";
        };
        names
            .iter()
            .find(|(_, value)| *value == index)
            .map_or("unknown", |(name, _)| name)
    }

    /// The names shown for a set of flags, in the order of the kind.
    pub fn flag_names(&self, bits: u32) -> String {
        match self {
            Self::Events => events::format(bits),
            Self::Flags(names) => {
                let shown = |value: u32| match bits {
                    0 => value == 0,
                    bits => value != 0 && bits & value == value,
                };
                let names = names.iter().filter(|(_, value)| shown(*value));
                names
                    .map(|(name, _)| *name)
                    .collect::<Vec<&str>>()
                    .join(" ")
            }
            _ => String::new(),
        }
    }
}

fn within<N: PartialOrd + std::fmt::Display>(number: N, min: N, max: N) -> Result<N, Reason> {
    if number < min || number > max {
        return Err(format!("argument must be between {min} and {max} inclusive").into());
    }
    Ok(number)
}

fn parse_octal(word: &[u8], max: i64) -> Result<Value, Reason> {
    let mode = parse_c_integer(word, 8).ok_or(Reason::from(
        "argument couldn't be parsed as an octal number",
    ))?;
    if !(0..=max).contains(&mode) {
        return Err(format!("argument must be between 0 and {max:o} inclusive").into());
    }
    Ok(Value::Int(mode))
}

fn parse_memory_or_percent(word: &[u8]) -> Result<Value, Reason> {
    if let Some(bytes) = parse_memory(c_string(word)) {
        return within(bytes, 0, i64::MAX as u64).map(Value::Memory);
    }
    let percent = word
        .strip_suffix(b"%")
        .and_then(parse_i64)
        .filter(|percent| *percent >= 0);
    match percent.map(u8::try_from) {
        Some(Ok(percent @ 0..=100)) => Ok(Value::Percent(percent)),
        Some(_) => Err("percentage argument must be less or equal to 100".into()),
        None => Err("argument must be a memory or percent value".into()),
    }
}

fn one_of<V>(names: &[(&'static str, V)]) -> Reason {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    format!(
        "argument(s) must be one of the following: {}",
        names.join(", ")
    )
    .into()
}

fn value_named<V: Copy>(word: &[u8], names: &[(&'static str, V)]) -> Result<V, Reason> {
    let named = names
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    named.map(|(_, value)| *value).ok_or_else(|| one_of(names))
}

fn parse_choice(word: &[u8], names: &[(&'static str, u8)]) -> Result<Value, Reason> {
    value_named(word, names).map(Value::Choice)
}

fn parse_flags(words: &[&[u8]], names: &[(&'static str, u32)]) -> Result<Value, Reason> {
    if words.is_empty() {
        return Err(one_of(names));
    }
    let mut bits = 0;
    for word in words {
        bits |= value_named(word, names)?;
    }
    Ok(Value::Flags(bits))
}

/// A relative path starts at `cwd`, which follows the `dir` lines read so far.
fn parse_directory(word: &[u8], cwd: &Path) -> Result<Value, Reason> {
    use std::os::unix::ffi::OsStrExt;
    let path = cwd.join(std::ffi::OsStr::from_bytes(word));
    let path = path
        .canonicalize()
        .map_err(|error| Reason::from(strerror(&error)))?;
    if !path.is_dir() {
        return Err("Not a directory".into());
    }
    Ok(Value::text(path.as_os_str().as_bytes()))
}

/// Save points are added to those of `base`; a single empty word drops all.
fn parse_save(words: &[&[u8]], base: &Value) -> Result<Value, Reason> {
    if words == [b""] {
        return Ok(Value::Save(Arc::from([])));
    }
    let (pairs, []) = words.as_chunks::<2>() else {
        return Err(NOT_A_SAVE.into());
    };
    let mut points = match base {
        Value::Save(points) => points.to_vec(),
        _ => Vec::new(),
    };
    for [seconds, changes] in pairs {
        let seconds = parse_c_integer(seconds, 10).filter(|seconds| *seconds >= 1);
        let changes = parse_c_integer(changes, 10).filter(|changes| *changes >= 0);
        let (Some(seconds), Some(changes)) = (seconds, changes) else {
            return Err(NOT_A_SAVE.into());
        };
        points.push(SavePoint { seconds, changes });
    }
    Ok(Value::Save(points.into()))
}

fn parse_bind(words: &[&[u8]]) -> Result<Value, Reason> {
    if words.len() > BIND_ADDRESSES_MAX {
        return Err("Too many bind addresses specified.".into());
    }
    if words == [b""] {
        return Ok(Value::Addresses(Arc::from([])));
    }
    // Such an address survives being written into a file as a plain word.
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'');
    if !words
        .iter()
        .all(|word| !word.is_empty() && word.iter().all(plain))
    {
        return Err("Invalid bind address.".into());
    }
    let addresses = words
        .iter()
        .map(|word| String::from_utf8_lossy(word).into_owned());
    Ok(Value::Addresses(addresses.collect()))
}

fn parse_output_limits(words: &[&[u8]], base: &Value) -> Result<Value, Reason> {
    let (quadruples, []) = words.as_chunks::<4>() else {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    };
    let mut limits = match base {
        Value::OutputLimits(limits) => *limits,
        _ => [OutputLimit::default(); ClientClass::COUNT],
    };
    for [class, hard, soft, seconds] in quadruples {
        let Some(class) = ClientClass::from_name(class) else {
            return Err("Invalid client class specified in buffer limit configuration.".into());
        };
        let seconds = parse_c_integer(seconds, 10).and_then(|seconds| u64::try_from(seconds).ok());
        let (Some(hard_bytes), Some(soft_bytes), Some(soft_seconds)) =
            (parse_memory(hard), parse_memory(soft), seconds)
        else {
            return Err("Error in hard, soft or soft_seconds setting in \
                        buffer limit configuration."
                .into());
        };
        for (slot, limit) in ClientClass::ALL.iter().zip(&mut limits) {
            if *slot == class {
                *limit = OutputLimit {
                    hard_bytes,
                    soft_bytes,
                    soft_seconds,
                };
            }
        }
    }
    Ok(Value::OutputLimits(limits))
}

fn parse_oom_scores(words: &[&[u8]]) -> Result<Value, Reason> {
    if words.len() != OOM_SCORES {
        return Err(WRONG_ARGUMENTS.into());
    }
    let mut scores = Vec::with_capacity(OOM_SCORES);
    for word in words {
        let score = parse_c_integer(word, 10).filter(|score| score.abs() <= OOM_SCORE_ABS_MAX);
        let Some(score) = score else {
            return Err(
                "Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into(),
            );
        };
        scores.push(score.to_string());
    }
    Ok(Value::text(scores.join(" ")))
}

fn parse_percentiles(words: &[&[u8]]) -> Result<Value, Reason> {
    let words = if words == [b""] { &[] } else { words };
    let mut percentiles = Vec::with_capacity(words.len());
    for word in words {
        let Some(percentile) = parse_decimal(word) else {
            return Err("Invalid latency-tracking-info-percentiles parameters".into());
        };
        if !(0.0..=100.0).contains(&percentile) {
            return Err(
                "latency-tracking-info-percentiles parameters should sit between \
                        [0.0,100.0]"
                    .into(),
            );
        }
        percentiles.push(percentile);
    }
    Ok(Value::Percentiles(percentiles.into()))
}

fn parse_replica_of(words: &[&[u8]]) -> Result<Value, Reason> {
    let [host, port] = words else {
        return Err(WRONG_ARGUMENTS.into());
    };
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        return Ok(Value::text(""));
    }
    let Some(port) = parse_c_integer(port, 10).filter(|port| (0..=PORT_MAX).contains(port)) else {
        return Err("Invalid master port".into());
    };
    let host = String::from_utf8_lossy(host);
    Ok(Value::text(format!("{host} {port}")))
}

#[cfg(test)]
mod tests;
