//! Owns MEMORY.
//! Invariants: USAGE counts stored bytes, wherever they are. Must not know: caches.
//! Tests: below the container in `tests/commands/server.rs`.

use super::{ANY_STATE, ROW};
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, text};
use crate::metrics::memory::{self, Allocator};
use crate::resp::Reply;
use crate::session::Services;
use std::sync::atomic::Ordering;
use storage::View;
use storage::ops::size;

/// Elements that USAGE looks at unless told otherwise.
const SAMPLES: u64 = 5;

pub static MEMORY: CommandSpec = CommandSpec {
    name: "memory",
    since: "4.0.0",
    arity: Arity::at_least(2),
    summary: "A container for memory diagnostics commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&DOCTOR, &MALLOC_STATS, &PURGE, &STATS, &USAGE, &HELP],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "4.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&MEMORY).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static USAGE: CommandSpec = CommandSpec {
    name: "usage",
    since: "4.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: Flags::NO_TOUCH.with(Flags::LATCHED),
    handler: Handler::Read(usage),
    syntax: "key [SAMPLES count]",
    summary: "Estimates the bytes that a key and its value take.",
    ..ROW
};

fn usage(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let mut samples = SAMPLES;
    while args.left() > 0 {
        if args.left() < 2 || !args.skip_word("SAMPLES") {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        let given = u64::try_from(args.next_i64()?);
        samples = match given.map_err(|_| CommandError::Fixed(text::SYNTAX))? {
            0 => u64::MAX,
            given => given,
        };
    }
    let bytes = size::stored_bytes(view, key, samples)?;
    Ok(bytes.map_or(Reply::Nil, |bytes| Reply::Int(bytes as i64)))
}

static STATS: CommandSpec = CommandSpec {
    name: "stats",
    since: "4.0.0",
    arity: Arity::exactly(2),
    handler: Handler::Server(|session, _| Ok(stats(&session.services).into())),
    summary: "Returns what the memory of the server is used for.",
    ..ROW
};

fn stats(services: &Services) -> Reply {
    let figures = Figures::read(services);
    let int = |bytes: u64| Reply::Int(bytes as i64);
    let Figures { allocator, .. } = figures;
    let used = allocator.allocated;
    let data = figures.dataset();
    let startup = services.metrics.memory_startup;
    let since_start = used.saturating_sub(startup);
    let databases = services.config.databases.as_usize() as u32;
    let sizes = (0..databases).map(|db| services.store.database_size(db));
    let keys: u64 = sizes.sum();
    Reply::map([
        ("peak.allocated", int(figures.peak)),
        ("total.allocated", int(used)),
        ("startup.allocated", int(startup)),
        ("clients.normal", int(figures.clients)),
        ("overhead.total", int(used - data)),
        ("keys.count", int(keys)),
        (
            "keys.bytes-per-key",
            int(data.checked_div(keys).unwrap_or(0)),
        ),
        ("dataset.bytes", int(data)),
        (
            "dataset.percentage",
            percentage(data.min(since_start), since_start),
        ),
        ("peak.percentage", percentage(used, figures.peak)),
        ("hot-table.bytes", int(figures.hot)),
        ("block-cache.bytes", int(figures.block_cache)),
        ("memtables.bytes", int(figures.memtables)),
        ("allocator.allocated", int(used)),
        ("allocator.active", int(allocator.active)),
        ("allocator.resident", int(allocator.resident)),
        (
            "allocator-fragmentation.ratio",
            ratio(allocator.active, used),
        ),
        (
            "allocator-fragmentation.bytes",
            int(allocator.active.saturating_sub(used)),
        ),
        (
            "allocator-rss.ratio",
            ratio(allocator.resident, allocator.active),
        ),
        (
            "allocator-rss.bytes",
            int(allocator.resident.saturating_sub(allocator.active)),
        ),
        (
            "rss-overhead.ratio",
            ratio(figures.resident, allocator.resident),
        ),
        (
            "rss-overhead.bytes",
            Reply::Int(figures.resident as i64 - allocator.resident as i64),
        ),
        ("fragmentation", ratio(figures.resident, used)),
        (
            "fragmentation.bytes",
            Reply::Int(figures.resident as i64 - used as i64),
        ),
    ])
}

/// What the process knows of its memory, bytes.
struct Figures {
    allocator: Allocator,
    resident: u64,
    peak: u64,
    hot: u64,
    block_cache: u64,
    memtables: u64,
    clients: u64,
}

impl Figures {
    fn read(services: &Services) -> Figures {
        let allocator = memory::allocator();
        let (block_cache, memtables) = services.store.engine().memory_used();
        let now_s = services.store.now_ms() / 1000;
        let peak = &services.metrics.memory_peak;
        let (peak, _) = peak.note(allocator.allocated, now_s);
        let clients = services.clients.all();
        let buffers = clients
            .iter()
            .map(|client| client.buffer_bytes.load(Ordering::Relaxed));
        Figures {
            allocator,
            resident: memory::resident_bytes(),
            peak,
            hot: services.store.table().bytes() as u64,
            block_cache: block_cache as u64,
            memtables: memtables as u64,
            clients: buffers.sum::<usize>() as u64,
        }
    }

    /// What serves the data; memtables are charged to the block cache.
    fn dataset(&self) -> u64 {
        let data = self.hot + self.block_cache.max(self.memtables);
        data.min(self.allocator.allocated)
    }
}

fn ratio(part: u64, whole: u64) -> Reply {
    Reply::Double(part as f64 / whole.max(1) as f64)
}

fn percentage(part: u64, whole: u64) -> Reply {
    Reply::Double(part as f64 * 100.0 / whole.max(1) as f64)
}

static DOCTOR: CommandSpec = CommandSpec {
    name: "doctor",
    since: "4.0.0",
    arity: Arity::exactly(2),
    handler: Handler::Server(|session, _| {
        let figures = Figures::read(&session.services);
        Ok(Reply::text(diagnosis(&figures)).into())
    }),
    summary: "Returns what is unusual about the server's use of memory.",
    ..ROW
};

/// Bytes below which ratios mean nothing.
const SMALL_BYTES: u64 = 64 << 20;

fn diagnosis(figures: &Figures) -> String {
    let Allocator {
        allocated,
        active,
        resident,
    } = figures.allocator;
    if allocated < SMALL_BYTES {
        return "This instance uses too little memory for a diagnosis.\n".to_owned();
    }
    let more_than = |part: u64, whole: u64, percent: u64| part > whole / 100 * percent;
    let mut findings = String::new();
    if more_than(figures.peak, allocated, 150) {
        findings += "* Peak: memory use was more than half as high again in the past. Pages may \
                     be held for it; MEMORY PURGE returns them.\n";
    }
    if more_than(active, allocated, 140) {
        findings += "* Fragmentation: the allocator's pages are more than two fifths larger than \
                     what stands in them.\n";
    }
    if more_than(resident, active, 140) {
        findings += "* Unused pages: the allocator holds pages that nothing stands in; MEMORY \
                     PURGE returns them.\n";
    }
    if more_than(figures.clients, allocated, 25) {
        findings += "* Clients: their buffers take more than a quarter of the memory. Look for \
                     slow readers in CLIENT LIST.\n";
    }
    match findings.is_empty() {
        true => "Nothing unusual was found.\n".to_owned(),
        false => format!("Findings:\n{findings}"),
    }
}

static MALLOC_STATS: CommandSpec = CommandSpec {
    name: "malloc-stats",
    since: "4.0.0",
    arity: Arity::exactly(2),
    handler: Handler::Server(|_, _| Ok(Reply::text(memory::report()).into())),
    summary: "Returns the allocator's own report.",
    ..ROW
};

static PURGE: CommandSpec = CommandSpec {
    name: "purge",
    since: "4.0.0",
    arity: Arity::exactly(2),
    handler: Handler::Server(|_, _| match memory::purge() {
        Ok(()) => Ok(Reply::ok().into()),
        Err(error) => Err(CommandError::Text(format!(
            "ERR Error purging dirty pages: {error}"
        ))),
    }),
    summary: "Gives pages that the allocator holds and does not use back to the kernel.",
    ..ROW
};
