//! Owns LATENCY: how long commands take, and when some took long.
//! Invariants: figures are those that the metrics keep. Must not know: who measures.
//! Tests: `tests/commands/server.rs`, `metrics/latency.rs`, `metrics/spikes.rs`.

use super::latency_report;
use super::{ANY_STATE, OPERATOR, ROW};
use crate::command::{Args, Arity, CommandSpec, Handler, Outcome};
use crate::commands::{self, help};
use crate::error::{CommandError, CommandResult};
use crate::metrics::latency::Histogram;
use crate::resp::Reply;
use crate::session::Session;

pub static LATENCY: CommandSpec = CommandSpec {
    name: "latency",
    since: "2.8.13",
    arity: Arity::at_least(2),
    summary: "A container for latency diagnostics commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        &DOCTOR, &GRAPH, &HISTOGRAM, &HISTORY, &LATEST, &RESET, &HELP,
    ],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "2.8.13",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&LATENCY).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static DOCTOR: CommandSpec = CommandSpec {
    name: "doctor",
    since: "2.8.13",
    arity: Arity::exactly(2),
    extra: OPERATOR,
    handler: Handler::Server(doctor),
    summary: "Returns what is known of events that took long, and what can be done.",
    ..ROW
};

fn doctor(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let services = &session.services;
    let (spikes, config) = (&services.metrics.spikes, &services.config);
    let latest = spikes.latest().into_iter();
    let events = latest.map(|(event, _, max)| (event, spikes.history(event.as_bytes()), max));
    let events: Vec<_> = events.collect();
    let told = latency_report::diagnosis(&latency_report::Case {
        events: &events,
        threshold_ms: config.latency_monitor_threshold.get(),
        slower_than_us: config.slowlog_log_slower_than.get(),
        now_s: services.store.now_ms() / 1000,
    });
    Ok(Reply::text(told).into())
}

static GRAPH: CommandSpec = CommandSpec {
    name: "graph",
    since: "2.8.13",
    arity: Arity::exactly(3),
    extra: OPERATOR,
    handler: Handler::Server(graph),
    syntax: "event",
    summary: "Returns a drawing of an event's latency samples.",
    ..ROW
};

fn graph(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let wanted = args.next()?;
    let services = &session.services;
    let spikes = &services.metrics.spikes;
    let latest = spikes.latest().into_iter();
    let mut found = latest.filter(|(event, ..)| event.as_bytes() == wanted);
    let Some((event, _, max)) = found.next() else {
        let before = "ERR No samples available for event '";
        return Err(CommandError::quoting(before, wanted, "'"));
    };
    let now_s = services.store.now_ms() / 1000;
    let drawn = latency_report::graph(event, &spikes.history(wanted), max, now_s);
    Ok(Reply::text(drawn).into())
}

static HISTOGRAM: CommandSpec = CommandSpec {
    name: "histogram",
    since: "7.0.0",
    arity: Arity::at_least(2),
    extra: OPERATOR,
    handler: Handler::Server(histogram),
    syntax: "[command [command ...]]",
    summary: "Returns the cumulative distribution of latencies of commands.",
    complexity: "O(N) where N is the number of commands with latency information being retrieved.",
    ..ROW
};

fn histogram(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let wanted: Vec<&[u8]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let all = commands::numbered().iter();
    let all = all.zip(&session.services.metrics.per_command);
    let tracked = all.filter_map(|(command, stats)| Some((command.full_name, stats.latency()?)));
    let tracked: Vec<(&'static str, &Histogram)> = tracked.collect();
    let described = if wanted.is_empty() {
        let all = tracked.into_iter();
        all.map(|(name, histogram)| (name, describe(histogram)))
            .collect()
    } else {
        named(&wanted, &tracked)
    };
    Ok(Reply::map(described).into())
}

/// A container's name stands for its subcommands, too.
fn named(wanted: &[&[u8]], tracked: &[(&'static str, &Histogram)]) -> Vec<(&'static str, Reply)> {
    let mut described = Vec::new();
    for wanted in wanted {
        for (name, histogram) in tracked {
            let container = name.split('|').next().unwrap_or_default();
            let meant = [*name, container].map(str::as_bytes);
            if meant.iter().any(|name| name.eq_ignore_ascii_case(wanted)) {
                described.push((*name, describe(histogram)));
            }
        }
    }
    described
}

fn describe(histogram: &Histogram) -> Reply {
    let rows = histogram.doublings().into_iter();
    let rows = rows.map(|(micros, count)| (Reply::Int(micros as i64), Reply::Int(count as i64)));
    Reply::map([
        ("calls", Reply::Int(histogram.total() as i64)),
        ("histogram_usec", Reply::Map(rows.collect())),
    ])
}

static LATEST: CommandSpec = CommandSpec {
    name: "latest",
    since: "2.8.13",
    arity: Arity::exactly(2),
    extra: OPERATOR,
    handler: Handler::Server(latest),
    summary: "Returns the latest latency samples for all events.",
    ..ROW
};

fn latest(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let latest = session.services.metrics.spikes.latest().into_iter();
    let rows = latest.map(|(event, last, milliseconds_max)| {
        let numbers = [last.at_s, last.milliseconds, milliseconds_max];
        let numbers = numbers.map(|number| Reply::Int(number as i64));
        Reply::array(std::iter::once(Reply::bulk(event)).chain(numbers))
    });
    Ok(Reply::array(rows).into())
}

static HISTORY: CommandSpec = CommandSpec {
    name: "history",
    since: "2.8.13",
    arity: Arity::exactly(3),
    extra: OPERATOR,
    handler: Handler::Server(history),
    syntax: "event",
    summary: "Returns timestamp-latency samples for an event.",
    ..ROW
};

fn history(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let samples = session.services.metrics.spikes.history(args.next()?);
    let rows = samples.into_iter().map(|sample| {
        let numbers = [sample.at_s, sample.milliseconds];
        Reply::array(numbers.map(|number| Reply::Int(number as i64)))
    });
    Ok(Reply::array(rows).into())
}

static RESET: CommandSpec = CommandSpec {
    name: "reset",
    since: "2.8.13",
    arity: Arity::at_least(2),
    extra: OPERATOR,
    handler: Handler::Server(reset),
    syntax: "[event [event ...]]",
    summary: "Resets the latency data for one or more events.",
    ..ROW
};

fn reset(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let events: Vec<&[u8]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let forgotten = session.services.metrics.spikes.reset(&events);
    Ok(Reply::Int(forgotten as i64).into())
}
