//! What a directive can be set to, independent of which directive it is.
//!
//! Owns: `Value` and the small records inside it; how a value is written as text.
//! Invariant: `Kind::parse` of the words of `Value::lines` gives the value back.
//! Must not know: the directives, the live configuration. Tests: `kind/tests.rs`.

use std::sync::Arc;

use super::kind::Kind;
use super::units::{format_decimal, format_memory};
use super::words::quote;

/// The value of one directive. Which variant a directive uses follows from its [`Kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    /// Also octal modes.
    Int(i64),
    /// Bytes.
    Memory(u64),
    /// Percent of `maxmemory`, 0 to 100.
    Percent(u8),
    /// Index into the names of the kind.
    Choice(u8),
    /// Bits named by the kind.
    Flags(u32),
    /// Any bytes: passwords and paths need not be UTF-8.
    Text(Arc<[u8]>),
    Save(Arc<[SavePoint]>),
    Addresses(Arc<[String]>),
    OutputLimits([OutputLimit; ClientClass::COUNT]),
    Percentiles(Arc<[f64]>),
}

/// One `save <seconds> <changes>` rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SavePoint {
    pub seconds: i64,
    pub changes: i64,
}

/// Client classes of `client-output-buffer-limit`, in the order in which Redis lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientClass {
    Normal,
    Replica,
    PubSub,
}

impl ClientClass {
    pub const COUNT: usize = 3;
    pub const ALL: [Self; Self::COUNT] = [Self::Normal, Self::Replica, Self::PubSub];

    /// The class that a configuration line names; `slave` is Redis's older word for `replica`.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Some(Self::Normal),
            b"slave" | b"replica" => Some(Self::Replica),
            b"pubsub" => Some(Self::PubSub),
            _ => None,
        }
    }

    /// `CONFIG GET` keeps the older word, for the tools that parse it.
    fn name_in_replies(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Replica => "slave",
            Self::PubSub => "pubsub",
        }
    }

    fn name_in_files(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            other => other.name_in_replies(),
        }
    }
}

/// Output buffer limits of one client class; 0 turns a limit off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which the client is closed at once.
    pub hard_bytes: u64,
    /// Bytes that may be exceeded only for `soft_seconds`.
    pub soft_bytes: u64,
    pub soft_seconds: u64,
}

impl Value {
    pub fn text(bytes: impl AsRef<[u8]>) -> Self {
        Self::Text(Arc::from(bytes.as_ref()))
    }

    /// The value as `CONFIG GET` replies it.
    pub fn reply(&self, kind: &Kind) -> Vec<u8> {
        match self {
            Self::Text(bytes) => bytes.to_vec(),
            Self::Memory(bytes) => bytes.to_string().into_bytes(),
            Self::Save(points) => join(
                points
                    .iter()
                    .map(|p| format!("{} {}", p.seconds, p.changes)),
            )
            .into_bytes(),
            Self::OutputLimits(limits) => {
                let classes = ClientClass::ALL.iter().zip(limits);
                let words = |(class, limit): (&ClientClass, &OutputLimit)| {
                    let OutputLimit {
                        hard_bytes,
                        soft_bytes,
                        soft_seconds,
                    } = limit;
                    let class = class.name_in_replies();
                    format!("{class} {hard_bytes} {soft_bytes} {soft_seconds}")
                };
                join(classes.map(words)).into_bytes()
            }
            other => other.words(kind).into_bytes(),
        }
    }

    /// The value as configuration lines under `name`, without line ends. An unset text has no
    /// line: not being mentioned is how a file says it.
    pub fn lines(&self, name: &str, kind: &Kind) -> Vec<String> {
        match self {
            Self::Text(bytes) if bytes.is_empty() => Vec::new(),
            // These texts are several words by nature; in quotes they would be one.
            Self::Text(bytes) if kind.is_multi() => {
                vec![format!("{name} {}", String::from_utf8_lossy(bytes))]
            }
            Self::Text(bytes) => vec![format!("{name} {}", quote(bytes))],
            Self::Save(points) if !points.is_empty() => {
                let line = |p: &SavePoint| format!("{name} {} {}", p.seconds, p.changes);
                points.iter().map(line).collect()
            }
            Self::OutputLimits(limits) => {
                let classes = ClientClass::ALL.iter().zip(limits);
                let line = |(class, limit): (&ClientClass, &OutputLimit)| {
                    let hard = format_memory(limit.hard_bytes);
                    let soft = format_memory(limit.soft_bytes);
                    let class = class.name_in_files();
                    format!("{name} {class} {hard} {soft} {}", limit.soft_seconds)
                };
                classes.map(line).collect()
            }
            other => match other.words(kind) {
                words if words.is_empty() => vec![format!("{name} \"\"")],
                words => vec![format!("{name} {words}")],
            },
        }
    }

    /// The words after the name, for the values that are one line and need no quotes.
    fn words(&self, kind: &Kind) -> String {
        match self {
            Self::Bool(on) => String::from(if *on { "yes" } else { "no" }),
            Self::Int(number) if matches!(kind, Kind::Octal { .. }) => format!("{number:o}"),
            Self::Int(number) => number.to_string(),
            Self::Memory(bytes) => format_memory(*bytes),
            Self::Percent(percent) => format!("{percent}%"),
            Self::Choice(index) => String::from(kind.choice_name(*index)),
            Self::Flags(bits) => kind.flag_names(*bits),
            Self::Addresses(addresses) => addresses.join(" "),
            Self::Percentiles(numbers) => join(numbers.iter().map(|n| format_decimal(*n))),
            Self::Text(_) | Self::Save(_) | Self::OutputLimits(_) => String::new(),
        }
    }
}

fn join(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<String>>().join(" ")
}
