//! Owns DUMP, RESTORE and MIGRATE: values in Redis's serialised form; `export` reads a value out of
//! the database as plain data, `import` writes plain data into it.
//! Invariants: the payload is one that the oldest Redis that knows the value's type loads; nothing
//! is written before the whole payload is understood.
//! Must not know: the form itself (`crate::rdb`). Tests: `tests/commands/dump.rs`,
//! `tests/compat/dump.rs`.

pub mod digest;
pub mod export;
mod export_stream;
mod import;
pub mod migrate;

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::config::Config;
use crate::error::{CommandError, CommandResult, text};
use crate::rdb::{self, EncodeOptions, NodeSize};
use crate::resp::Reply;
use bytes::Bytes;
use storage::change::Event;
use storage::ops::{expire, keyspace};
use storage::{Edit, View};

/// The rows of this folder.
pub static COMMANDS: &[&CommandSpec] = &[&DUMP, &migrate::MIGRATE, &RESTORE];

const BAD_FOOTER: &str = "ERR DUMP payload version or checksum are wrong";
const BAD_DATA: &str = "ERR Bad data format";
const BUSY_KEY: &str = "BUSYKEY Target key name already exists.";
const BAD_TTL: &str = "ERR Invalid TTL value, must be >= 0";
const BAD_IDLETIME: &str = "ERR Invalid IDLETIME value, must be >= 0";
const BAD_FREQ: &str = "ERR Invalid FREQ value, must be >= 0 and <= 255";

pub static DUMP: CommandSpec = CommandSpec {
    name: "dump",
    group: Group::Generic,
    since: "2.6.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS))],
    extra: Flags::LATCHED,
    acl: &[Category::Keyspace],
    handler: Handler::Read(dump),
    syntax: "key",
    summary: "Returns a value in Redis's serialised form.",
    complexity: "O(N) in the bytes of the value",
    subcommands: &[],
};

pub static RESTORE: CommandSpec = CommandSpec {
    name: "restore",
    group: Group::Generic,
    since: "2.6.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, KeyFlags::OW.with(KeyFlags::UPDATE))],
    extra: Flags::DENYOOM,
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Write(restore),
    syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
    summary: "Creates a key from the serialised form of a value.",
    complexity: "O(N) in the bytes of the value",
    subcommands: &[],
};

fn dump(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let Some(value) = export::value(view, args.next()?)? else {
        return Ok(Reply::Nil);
    };
    let payload = rdb::dump(&value, &encode_options(ctx.config));
    let payload = payload.map_err(|error| CommandError::Text(format!("ERR {error}")))?;
    Ok(Reply::bulk(payload))
}

/// How values are written: by the thresholds of the moment, as Redis would.
fn encode_options(config: &Config) -> EncodeOptions {
    EncodeOptions {
        list_node: NodeSize::of_directive(config.list_max_listpack_size.get()),
        set_intset_entries: config.set_max_intset_entries.as_usize(),
        set_listpack_entries: config.set_max_listpack_entries.as_usize(),
        set_listpack_value: config.set_max_listpack_value.as_usize(),
        hash_listpack_entries: config.hash_max_listpack_entries.as_usize(),
        hash_listpack_value: config.hash_max_listpack_value.as_usize(),
        zset_listpack_entries: config.zset_max_listpack_entries.as_usize(),
        zset_listpack_value: config.zset_max_listpack_value.as_usize(),
        stream_node_len: config.stream_node_max_bytes.as_usize(),
        stream_node_entries: config.stream_node_max_entries.as_usize(),
        ..EncodeOptions::default()
    }
}

/// Options of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<u64>,
    frequency: Option<u8>,
}

impl Options {
    fn parse(args: &mut Args<'_>) -> CommandResult<Options> {
        let mut options = Options::default();
        while args.left() > 0 {
            let valued = args.left() > 1;
            if args.skip_word("REPLACE") {
                options.replace = true;
            } else if args.skip_word("ABSTTL") {
                options.absolute = true;
            } else if valued && options.frequency.is_none() && args.skip_word("IDLETIME") {
                let idle_s = u64::try_from(args.next_i64()?);
                options.idle_s = Some(idle_s.map_err(|_| BAD_IDLETIME)?);
            } else if valued && options.idle_s.is_none() && args.skip_word("FREQ") {
                let frequency = u8::try_from(args.next_i64()?);
                options.frequency = Some(frequency.map_err(|_| BAD_FREQ)?);
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        Ok(options)
    }
}

fn restore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let (ttl, payload) = (args.next()?, args.next()?);
    let options = Options::parse(args)?;
    let entry = edit.open(key)?;
    if entry.exists() && !options.replace {
        return Err(CommandError::Fixed(BUSY_KEY));
    }
    let at_ms = deadline(ttl, options.absolute, edit.now_ms())?;
    let memory_max = ctx.config.proto_max_bulk_len.as_usize();
    let value = rdb::restore(&Bytes::copy_from_slice(payload), memory_max);
    let value = value.map_err(|error| match error {
        rdb::PayloadError::Footer => BAD_FOOTER,
        rdb::PayloadError::Data(_) => BAD_DATA,
    })?;
    if at_ms.is_some_and(|at| at <= edit.now_ms()) {
        keyspace::delete(edit, key)?;
        return Ok(Reply::ok());
    }
    import::value(edit, key, &value, Event::Restore, ctx)?;
    expire::file(edit, key, at_ms)?;
    let in_use = (options.idle_s, options.frequency);
    if in_use != (None, None) {
        let name = edit.name(key);
        edit.set_usage(&name, options.idle_s, options.frequency);
    }
    Ok(Reply::ok())
}

/// When the key expires, ms since the epoch.
fn deadline(ttl: &[u8], absolute: bool, now_ms: u64) -> CommandResult<Option<u64>> {
    let ttl = storage::encoding::number::parse_i64(ttl);
    let ttl = ttl.ok_or(CommandError::Fixed(text::NOT_INTEGER))?;
    let ttl = u64::try_from(ttl).map_err(|_| CommandError::Fixed(BAD_TTL))?;
    Ok(match (ttl, absolute) {
        (0, _) => None,
        (at, true) => Some(at),
        // A sum that a signed number cannot hold is a time long past, as in Redis.
        (after, false) => {
            let at = now_ms.checked_add(after);
            Some(at.filter(|at| i64::try_from(*at).is_ok()).unwrap_or(0))
        }
    })
}
