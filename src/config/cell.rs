//! Where the value of a directive lives while the server runs.
//!
//! Owns: the cells that `Config` is made of. Numbers, switches and choices are relaxed atomics: a
//! connection reads them for every command, a `CONFIG SET` is not ordered against requests on
//! other connections, and one atomic load costs what a plain load does. Texts and lists are an
//! `Arc` behind a lock, cloned by readers off the request path.
//! Invariant: a cell only ever holds a value that its directive's kind parsed.
//! Must not know: names. Tests: `table/tests.rs` stores and loads every directive.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;

use super::choice::Choice;
use super::value::{ClientClass, OutputLimit, SavePoint, Value};

/// A yes/no directive.
#[derive(Debug, Default)]
pub struct Switch(AtomicBool);

impl Switch {
    pub fn get(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// An integer directive; the range is the directive's.
#[derive(Debug, Default)]
pub struct Number(AtomicI64);

impl Number {
    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }

    /// The number where the range excludes negative ones; a negative one counts as zero.
    pub fn as_usize(&self) -> usize {
        usize::try_from(self.get()).unwrap_or(0)
    }
}

/// A size in bytes.
#[derive(Debug, Default)]
pub struct Bytes(AtomicU64);

impl Bytes {
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub fn as_usize(&self) -> usize {
        usize::try_from(self.get()).unwrap_or(usize::MAX)
    }
}

/// A set of flags.
#[derive(Debug, Default)]
pub struct Flags(AtomicU32);

impl Flags {
    pub fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

/// One of the variants of `C`.
#[derive(Debug)]
pub struct Chosen<C>(AtomicU8, PhantomData<C>);

impl<C> Default for Chosen<C> {
    fn default() -> Self {
        Self(AtomicU8::new(0), PhantomData)
    }
}

impl<C: Choice> Chosen<C> {
    pub fn get(&self) -> C {
        C::from_index(self.0.load(Relaxed))
    }
}

/// A text or a list.
#[derive(Debug)]
pub struct Shared<T: ?Sized>(RwLock<Arc<T>>);

impl<T> Default for Shared<[T]> {
    fn default() -> Self {
        Self(RwLock::new(Arc::from(Vec::new())))
    }
}

impl<T: ?Sized> Shared<T> {
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read())
    }
}

impl Shared<[u8]> {
    /// Whether the text is empty, which for most directives means unset.
    pub fn is_empty(&self) -> bool {
        self.0.read().is_empty()
    }

    /// The text as a path.
    pub fn as_path(&self) -> std::path::PathBuf {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(&self.get()).into()
    }
}

/// Limits of every client class. A class's three numbers are read one by one: a reply that meets
/// a `CONFIG SET` half-way is judged by a mix of two valid limits, which harms nobody.
#[derive(Debug, Default)]
pub struct OutputLimits([[AtomicU64; 3]; ClientClass::COUNT]);

impl OutputLimits {
    pub fn get(&self, class: ClientClass) -> OutputLimit {
        let [normal, replica, pubsub] = &self.0;
        let [hard, soft, seconds] = match class {
            ClientClass::Normal => normal,
            ClientClass::Replica => replica,
            ClientClass::PubSub => pubsub,
        };
        OutputLimit {
            hard_bytes: hard.load(Relaxed),
            soft_bytes: soft.load(Relaxed),
            soft_seconds: seconds.load(Relaxed),
        }
    }

    fn set(&self, limits: &[OutputLimit; ClientClass::COUNT]) {
        for ([hard, soft, seconds], limit) in self.0.iter().zip(limits) {
            hard.store(limit.hard_bytes, Relaxed);
            soft.store(limit.soft_bytes, Relaxed);
            seconds.store(limit.soft_seconds, Relaxed);
        }
    }
}

/// The cell of a directive, whatever its type.
pub enum Cell<'a> {
    Switch(&'a Switch),
    Number(&'a Number),
    Bytes(&'a Bytes),
    Flags(&'a Flags),
    Chosen(&'a AtomicU8),
    Text(&'a Shared<[u8]>),
    Save(&'a Shared<[SavePoint]>),
    Addresses(&'a Shared<[String]>),
    Percentiles(&'a Shared<[f64]>),
    OutputLimits(&'a OutputLimits),
    /// Nothing reads the directive; its value is only kept for CONFIG GET and CONFIG REWRITE.
    Kept,
}

impl<'a, C: Choice> From<&'a Chosen<C>> for Cell<'a> {
    fn from(chosen: &'a Chosen<C>) -> Self {
        Self::Chosen(&chosen.0)
    }
}

impl Cell<'_> {
    /// The value; `None` for a kept one.
    pub fn load(&self) -> Option<Value> {
        Some(match self {
            Self::Switch(cell) => Value::Bool(cell.get()),
            Self::Number(cell) => Value::Int(cell.get()),
            Self::Bytes(cell) => Value::Memory(cell.get()),
            Self::Flags(cell) => Value::Flags(cell.get()),
            Self::Chosen(cell) => Value::Choice(cell.load(Relaxed)),
            Self::Text(cell) => Value::Text(cell.get()),
            Self::Save(cell) => Value::Save(cell.get()),
            Self::Addresses(cell) => Value::Addresses(cell.get()),
            Self::Percentiles(cell) => Value::Percentiles(cell.get()),
            Self::OutputLimits(cell) => {
                Value::OutputLimits(ClientClass::ALL.map(|class| cell.get(class)))
            }
            Self::Kept => return None,
        })
    }

    /// Stores a value of the cell's own type; gives any other back.
    pub fn store(&self, value: Value) -> Result<(), Value> {
        match (self, value) {
            (Self::Switch(cell), Value::Bool(on)) => cell.0.store(on, Relaxed),
            (Self::Number(cell), Value::Int(number)) => cell.0.store(number, Relaxed),
            (Self::Bytes(cell), Value::Memory(bytes)) => cell.0.store(bytes, Relaxed),
            (Self::Flags(cell), Value::Flags(bits)) => cell.0.store(bits, Relaxed),
            (Self::Chosen(cell), Value::Choice(index)) => cell.store(index, Relaxed),
            (Self::Text(cell), Value::Text(text)) => *cell.0.write() = text,
            (Self::Save(cell), Value::Save(points)) => *cell.0.write() = points,
            (Self::Addresses(cell), Value::Addresses(list)) => *cell.0.write() = list,
            (Self::Percentiles(cell), Value::Percentiles(list)) => *cell.0.write() = list,
            (Self::OutputLimits(cell), Value::OutputLimits(limits)) => cell.set(&limits),
            (_, value) => return Err(value),
        }
        Ok(())
    }
}
