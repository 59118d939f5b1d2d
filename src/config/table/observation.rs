//! Directives of what the server tells about its work.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NO_COMMANDLOG: &str = "only slow commands are logged";
const FROM_MINUS_ONE: Kind = Kind::Int {
    min: -1,
    max: i64::MAX,
};

pub(super) static ROWS: &[Directive] = &[
    Directive::new("slowlog-log-slower-than", FROM_MINUS_ONE, "10000")
        .aliases(&["commandlog-execution-slower-than"])
        .slot(|c| Cell::Number(&c.slowlog_log_slower_than))
        .doc(
            "Microseconds from which a command is slow enough for the slow log; 0 logs every \
             command, -1 none.",
        ),
    Directive::new("slowlog-max-len", Kind::LONG, "128")
        .aliases(&["commandlog-slow-execution-max-len"])
        .slot(|c| Cell::Number(&c.slowlog_max_len))
        .doc("Entries that the slow log keeps; the oldest goes first."),
    Directive::new("latency-monitor-threshold", Kind::LONG, "0")
        .slot(|c| Cell::Number(&c.latency_monitor_threshold))
        .doc("Milliseconds from which an event counts for LATENCY; 0 turns the monitor off."),
    Directive::new("latency-tracking", Kind::Bool, "yes")
        .slot(|c| Cell::Switch(&c.latency_tracking))
        .doc("Keep a latency histogram for each command."),
    Directive::new(
        "latency-tracking-info-percentiles",
        Kind::Percentiles,
        "50 99 99.9",
    )
    .slot(|c| Cell::Percentiles(&c.latency_tracking_info_percentiles))
    .doc("Percentiles of those histograms that INFO shows."),
    Directive::new("notify-keyspace-events", Kind::Events, "\"\"")
        .slot(|c| Cell::Flags(&c.notify_keyspace_events))
        .ignored("there is no publish/subscribe"),
    Directive::new("commandlog-request-larger-than", FROM_MINUS_ONE, "1048576")
        .ignored(NO_COMMANDLOG),
    Directive::new("commandlog-reply-larger-than", FROM_MINUS_ONE, "1048576")
        .ignored(NO_COMMANDLOG),
    Directive::new("commandlog-large-request-max-len", Kind::LONG, "128").ignored(NO_COMMANDLOG),
    Directive::new("commandlog-large-reply-max-len", Kind::LONG, "128").ignored(NO_COMMANDLOG),
    Directive::new(
        "slowlog-entry-max-argc",
        Kind::Int {
            min: 2,
            max: i32::MAX as i64,
        },
        "32",
    )
    .ignored("entries of the slow log have fixed limits"),
    Directive::new("slowlog-entry-max-string-len", Kind::INT, "128")
        .ignored("entries of the slow log have fixed limits"),
    Directive::new("tracking-table-max-keys", Kind::LONG, "1000000")
        .ignored("there is no client tracking"),
];
