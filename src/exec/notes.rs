//! Owns what is noted of a command that ran: for monitors, and if it took long in the slow log and
//! the latency monitor.
//! Invariants: passwords never get there. Must not know: how commands run.
//! Tests: below, `tests/commands/server.rs`.

use crate::command::Flags;
use crate::commands::NumberedCommand;
use crate::config::is_secret;
use crate::metrics::slowlog::{self, Entry};
use crate::metrics::spikes::Sample;
use crate::resp::Request;
use crate::session::{ClientInfo, Services};
use std::sync::atomic::Ordering;

const REDACTED: &[u8] = b"(redacted)";

/// Notes a command that ran for so long, if that is long.
#[inline]
pub fn note(
    services: &Services,
    client: &ClientInfo,
    command: &NumberedCommand,
    request: &Request<'_>,
    nanoseconds: u64,
) {
    if services.monitors.any() {
        tell_monitors(services, client, command, request);
    }
    let config = &services.config;
    let microseconds = (nanoseconds / 1000) as i64;
    let slow = config.slowlog_log_slower_than.get();
    if slow >= 0 && microseconds >= slow {
        add_to_slow_log(services, client, command, request, microseconds as u64);
    }
    let spike = config.latency_monitor_threshold.get();
    if spike > 0 && microseconds / 1000 >= spike {
        let event = match command.spec.flags().has(Flags::FAST) {
            true => "fast-command",
            false => "command",
        };
        let sample = Sample {
            at_s: services.store.now_ms() / 1000,
            milliseconds: microseconds as u64 / 1000,
        };
        services.metrics.spikes.add(event, sample);
    }
}

/// Lets monitors see a command that ran, unless it is the operator's.
#[cold]
pub fn tell_monitors(
    services: &Services,
    client: &ClientInfo,
    command: &NumberedCommand,
    request: &Request<'_>,
) {
    let flags = command.spec.flags();
    if flags.has(Flags::ADMIN) || flags.has(Flags::SKIP_MONITOR) {
        return;
    }
    let now_ms = services.store.now_ms();
    let from = match client.unix {
        true => format!("unix:{}", client.addr.trim_end_matches(":0")),
        false => client.addr.clone(),
    };
    let db = client.db.load(Ordering::Relaxed);
    let mut line = format!("{}.{:03}000 [{db} {from}]", now_ms / 1000, now_ms % 1000);
    for word in shown(command.full_name, request) {
        line.push(' ');
        quote(word, &mut line);
    }
    services.monitors.tell(&line);
}

/// Appends a word in quotes, with escapes for what cannot be read.
fn quote(word: &[u8], out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    for &byte in word {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            b' '..=b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
}

#[cold]
fn add_to_slow_log(
    services: &Services,
    client: &ClientInfo,
    command: &NumberedCommand,
    request: &Request<'_>,
    microseconds: u64,
) {
    let entry = Entry {
        id: 0,
        at_s: services.store.now_ms() / 1000,
        microseconds,
        args: slowlog::cut(shown(command.full_name, request), request.len()),
        addr: client.addr.clone(),
        name: client.names.lock().name.clone(),
    };
    let len_max = services.config.slowlog_max_len.as_usize();
    services.metrics.slow_log.add(entry, len_max);
}

/// A request's arguments, without what only its client may know.
fn shown<'a>(command: &str, request: &'a Request<'a>) -> impl Iterator<Item = &'a [u8]> {
    let words = || request.iter();
    let is_auth = |word: &[u8]| {
        [&b"auth"[..], b"auth2"]
            .iter()
            .any(|it| word.eq_ignore_ascii_case(it))
    };
    let auth_at = words().position(is_auth);
    let secret_from = match (command, auth_at) {
        ("auth", _) => 1,
        ("hello" | "migrate", Some(at)) => at + 1,
        _ => usize::MAX,
    };
    let secret_until = match command {
        "hello" => secret_from.saturating_add(2),
        "migrate"
            if auth_at
                .and_then(|at| request.get(at))
                .is_some_and(|word| word.len() > 4) =>
        {
            secret_from.saturating_add(2)
        }
        "migrate" => secret_from.saturating_add(1),
        _ => usize::MAX,
    };
    let sets = command == "config|set";
    words().enumerate().map(move |(at, word)| {
        let named = || request.get(at.wrapping_sub(1)).unwrap_or_default();
        let is_value = sets && at > 2 && at % 2 == 1;
        let secret = (secret_from..secret_until).contains(&at) || (is_value && is_secret(named()));
        if secret { REDACTED } else { word }
    })
}

#[cfg(test)]
mod tests {
    use crate::resp::OwnedRequest;

    #[test]
    fn words_are_quoted_and_escaped() {
        let mut out = String::new();
        super::quote(b"a \"\\\n\0\xff", &mut out);
        assert_eq!(out, r#""a \"\\\n\x00\xff""#);
    }

    #[test]
    fn passwords_are_not_shown() {
        let shown = |command: &str, line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let owned = OwnedRequest::from_args(&words);
            let request = owned.as_request();
            let words: Vec<&[u8]> = super::shown(command, &request).collect();
            String::from_utf8(words.join(&b' ')).unwrap()
        };
        assert_eq!(shown("auth", "AUTH u p"), "AUTH (redacted) (redacted)");
        assert_eq!(
            shown("hello", "HELLO 3 AUTH u p SETNAME n"),
            "HELLO 3 AUTH (redacted) (redacted) SETNAME n"
        );
        assert_eq!(
            shown("config|set", "CONFIG SET hz 10 requirepass p maxmemory 1"),
            "CONFIG SET hz 10 requirepass (redacted) maxmemory 1"
        );
        assert_eq!(shown("get", "GET auth"), "GET auth");
        assert_eq!(
            shown("migrate", "MIGRATE h 1 k 0 9 AUTH p COPY"),
            "MIGRATE h 1 k 0 9 AUTH (redacted) COPY"
        );
        assert_eq!(
            shown("migrate", "MIGRATE h 1 k 0 9 auth2 u p COPY"),
            "MIGRATE h 1 k 0 9 auth2 (redacted) (redacted) COPY"
        );
    }
}
