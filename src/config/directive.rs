//! One row of the directive table.
//!
//! Owns: what is known of a directive, and the builder that the tables are written with.
//! Invariant: `default` parses as the row's kind; `table/tests.rs` quantifies over all rows.
//! Must not know: which directives exist. Tests: `table/tests.rs`.

use std::path::Path;
use std::sync::Arc;

use super::cell::Cell;
use super::kind::{Context, Kind, Reason};
use super::settings::Settings;
use super::value::Value;
use super::words;

/// Finds the directive's cell.
pub type Slot = for<'a> fn(&'a Settings) -> Cell<'a>;
/// A condition beyond the kind's own range.
pub type Check = fn(&Value) -> Result<(), &'static str>;

/// When a directive may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutability {
    /// Only at start.
    Immutable,
    /// Also by CONFIG SET.
    Mutable,
    /// By CONFIG SET of the clients that `enable-protected-configs` admits.
    Protected,
    /// Only at start; a client that `enable-protected-configs` shuts out is told that first.
    ProtectedImmutable,
}

/// What the server does with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The server obeys it.
    Effective,
    /// Accepted with a warning and without effect, for this reason.
    Ignored(&'static str),
    /// Refused unless it is set to its default: to ignore it would be dangerous.
    Refused(&'static str),
}

/// A directive: everything that loading, setting, showing, rewriting and documenting it needs.
pub struct Directive {
    pub name: &'static str,
    /// Other names of the same setting; CONFIG GET shows them, too.
    pub aliases: &'static [&'static str],
    pub kind: Kind,
    /// As a configuration line would set it.
    pub default: &'static str,
    /// What the shipped configuration file sets instead of the default.
    pub shipped: Option<&'static str>,
    pub mutability: Mutability,
    /// CONFIG GET shows it only by its exact name.
    pub hidden: bool,
    /// Its value must not be written to logs.
    pub secret: bool,
    pub status: Status,
    /// Sentences for the shipped configuration file.
    pub doc: &'static str,
    clamp: Option<(i64, i64)>,
    check: Option<Check>,
    slot: Slot,
}

impl std::fmt::Debug for Directive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Directive({})", self.name)
    }
}

impl PartialEq for Directive {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The builder: `new` makes a mutable directive without effect, kept as Redis would keep it.
impl Directive {
    pub(super) const fn new(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            default,
            shipped: None,
            mutability: Mutability::Mutable,
            hidden: false,
            secret: false,
            status: Status::Effective,
            doc: "",
            clamp: None,
            check: None,
            slot: |_| Cell::Kept,
        }
    }

    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn slot(mut self, slot: Slot) -> Self {
        self.slot = slot;
        self
    }

    pub(super) const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    pub(super) const fn shipped(mut self, shipped: &'static str) -> Self {
        self.shipped = Some(shipped);
        self
    }

    pub(super) const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    pub(super) const fn protected(mut self) -> Self {
        self.mutability = match self.mutability {
            Mutability::Immutable => Mutability::ProtectedImmutable,
            _ => Mutability::Protected,
        };
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn ignored(mut self, reason: &'static str) -> Self {
        self.status = Status::Ignored(reason);
        self
    }

    pub(super) const fn refused(mut self, reason: &'static str) -> Self {
        self.status = Status::Refused(reason);
        self
    }

    /// Values of the kind's range beyond these bounds are accepted and moved to the nearer one.
    pub(super) const fn clamp(mut self, min: i64, max: i64) -> Self {
        self.clamp = Some((min, max));
        self
    }

    pub(super) const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
}

impl Directive {
    pub(super) fn cell<'a>(&self, settings: &'a Settings) -> Cell<'a> {
        (self.slot)(settings)
    }

    /// Parses the words that follow the name.
    pub(super) fn parse(&self, words: &[&[u8]], context: &Context<'_>) -> Result<Value, Reason> {
        let value = match (self.kind.parse(words, context)?, self.clamp) {
            (Value::Int(number), Some((min, max))) => Value::Int(number.clamp(min, max)),
            (value, _) => value,
        };
        if let Some(check) = self.check {
            check(&value)?;
        }
        Ok(value)
    }

    /// The default, where `cwd` is the working directory.
    pub fn default_value(&self, cwd: &Path) -> Value {
        self.line_value(self.default, cwd)
    }

    /// The value that the shipped configuration file gives.
    pub fn shipped_value(&self, cwd: &Path) -> Value {
        self.line_value(self.shipped.unwrap_or(self.default), cwd)
    }

    fn line_value(&self, line: &str, cwd: &Path) -> Value {
        let base = self.empty_base();
        let words = words::split(line.as_bytes()).unwrap_or_default();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let parsed = self.parse(&words, &Context { base: &base, cwd });
        debug_assert!(
            parsed.is_ok() || matches!(self.kind, Kind::Directory),
            "{self:?}"
        );
        // Only a directory that is gone fails here; the path is then kept as it is written.
        parsed.unwrap_or_else(|_| Value::text(line))
    }

    /// What a first save line of a file, or a CONFIG SET, starts from.
    pub(super) fn empty_base(&self) -> Value {
        match self.kind {
            Kind::Save => Value::Save(Arc::from([])),
            _ => Value::text(""),
        }
    }

    /// Whether CONFIG SET can change it for some client.
    pub fn is_mutable(&self) -> bool {
        matches!(self.mutability, Mutability::Mutable | Mutability::Protected)
    }

    /// All names, the directive's own first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}
