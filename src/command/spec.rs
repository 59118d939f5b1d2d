//! Owns the shape of a table row: everything the server knows of a command, once.
//! Invariants: READONLY and WRITE follow from the handler's type, never typed by hand; @read,
//! @write, @fast and @slow follow from flags. Must not know: any particular command.
//! Tests: `commands/tests.rs` quantifies over all rows.

use super::{Args, Category, Ctx, Flags, KeySpec, Outcome};
use crate::error::CommandResult;
use crate::session::Session;
use storage::{Edit, View};

/// Group of a command in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Generic,
    String,
    Bitmap,
    List,
    Set,
    SortedSet,
    Hash,
    Stream,
    Geo,
    HyperLogLog,
    Transactions,
    Connection,
    Server,
}

impl Group {
    /// As COMMAND DOCS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::Bitmap => "bitmap",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::Stream => "stream",
            Group::Geo => "geo",
            Group::HyperLogLog => "hyperloglog",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
        }
    }
}

/// Number of arguments, the command's name (and its container's) included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arity(i32);

impl Arity {
    /// Exactly `count`.
    pub const fn exactly(count: i32) -> Arity {
        Arity(count)
    }

    /// `count` or more.
    pub const fn at_least(count: i32) -> Arity {
        Arity(-count)
    }

    /// Whether a request of `count` arguments fits.
    #[inline]
    pub fn admits(self, count: usize) -> bool {
        let count = count as i64;
        if self.0 >= 0 {
            count == i64::from(self.0)
        } else {
            count >= -i64::from(self.0)
        }
    }

    /// As COMMAND INFO shows it: negative for a minimum.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }
}

/// Reads a database. May run on any thread, more than once, with the same result.
pub type ReadFn = fn(&View<'_>, &mut Args<'_>, &Ctx<'_>) -> CommandResult;
/// Changes a database. May run on any thread, more than once; nothing happens until it is staged.
pub type WriteFn = fn(&mut Edit<'_>, &mut Args<'_>, &Ctx<'_>) -> CommandResult;
/// Looks at or changes the server or the session; runs on the connection's thread, never blocks.
pub type ServerFn = fn(&mut Session, &mut Args<'_>) -> CommandResult<Outcome>;

/// Commands that `exec` carries out itself, since they wait, run others or end the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// SAVE: fsync what is staged.
    Save,
    /// BGSAVE: the same.
    BackgroundSave,
    /// BGREWRITEAOF: the same.
    RewriteLog,
    /// EXEC.
    Exec,
    /// WATCH.
    Watch,
    /// SHUTDOWN.
    Shutdown,
    /// DEBUG SLEEP.
    Sleep,
    /// DEBUG RELOAD and friends: drop caches, read again.
    Reload,
    /// DEBUG DIGEST.
    Digest,
    /// COMPACT: compaction of a partition or of all.
    Compact,
    /// CONFIG REWRITE: the file is read and written on the pool.
    ConfigRewrite,
    /// PFSELFTEST.
    HyperLogLogSelfTest,
    /// MIGRATE.
    Migrate,
    /// DEBUG POPULATE.
    Populate,
    /// WAITAOF: fsync of what is staged.
    WaitSynced,
}

impl Control {
    /// Whether users know it as a write.
    const fn writes(self) -> bool {
        matches!(self, Control::Migrate)
    }
}

/// Who carries a command out, and with what rights.
#[derive(Clone, Copy)]
pub enum Handler {
    /// On a view.
    Read(ReadFn),
    /// On an edit, under exclusive latches on the row's keys.
    Write(WriteFn),
    /// A read that keeps what it computed. Where one key is named, `recall` on a view finds what is
    /// kept; where that gives `NeedsLatch`, `compute` runs on an edit, under exclusive latches on
    /// the row's keys. To users and to admission it is a read: what cannot be kept is answered all
    /// the same.
    Memo { recall: ReadFn, compute: WriteFn },
    /// On the server and the session.
    Server(ServerFn),
    /// By `exec`.
    Control(Control),
    /// A container: its subcommands do the work.
    Container,
}

/// One row of the table.
pub struct CommandSpec {
    /// Lower case; of a subcommand only its own part.
    pub name: &'static str,
    pub group: Group,
    /// First Redis (or, above 9.0.0, Valkey) version that has it.
    pub since: &'static str,
    pub arity: Arity,
    pub keys: &'static [KeySpec],
    /// Flags beyond those that the handler's type gives.
    pub extra: Flags,
    /// ACL categories beyond those that flags give.
    pub acl: &'static [Category],
    pub handler: Handler,
    /// Arguments after the name, in the notation of Redis's documentation.
    pub syntax: &'static str,
    pub summary: &'static str,
    pub complexity: &'static str,
    pub subcommands: &'static [&'static CommandSpec],
}

/// What differs between the rows of a group without subcommands.
pub struct Row {
    pub name: &'static str,
    pub since: &'static str,
    pub arity: Arity,
    pub keys: &'static [KeySpec],
    pub extra: Flags,
    pub handler: Handler,
    pub syntax: &'static str,
    pub summary: &'static str,
    pub complexity: &'static str,
}

impl Row {
    /// The whole row.
    pub const fn in_group(self, group: Group, acl: &'static [Category]) -> CommandSpec {
        CommandSpec {
            name: self.name,
            group,
            since: self.since,
            arity: self.arity,
            keys: self.keys,
            extra: self.extra,
            acl,
            handler: self.handler,
            syntax: self.syntax,
            summary: self.summary,
            complexity: self.complexity,
            subcommands: &[],
        }
    }
}

impl CommandSpec {
    /// All flags, implied ones included.
    pub const fn flags(&self) -> Flags {
        match self.handler {
            Handler::Read(_) | Handler::Memo { .. } => self.extra.with(Flags::READONLY),
            Handler::Write(_) => self.extra.with(Flags::WRITE),
            Handler::Control(kind) if kind.writes() => self.extra.with(Flags::WRITE),
            Handler::Server(_) | Handler::Control(_) | Handler::Container => self.extra,
        }
    }

    /// Whether it changes a database.
    #[inline]
    pub fn is_write(&self) -> bool {
        match self.handler {
            Handler::Write(_) => true,
            Handler::Control(kind) => kind.writes(),
            _ => false,
        }
    }

    /// Whether it may stage rows: a write, or a read that keeps what it computed.
    #[inline]
    pub fn may_stage(&self) -> bool {
        matches!(self.handler, Handler::Memo { .. }) || self.is_write()
    }

    /// The subcommand of this (lower-case) name.
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static CommandSpec> {
        let found = |spec: &&&CommandSpec| spec.name.as_bytes().eq_ignore_ascii_case(name);
        self.subcommands.iter().find(found).copied()
    }
}

impl std::fmt::Debug for CommandSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommandSpec({})", self.name)
    }
}
