//! MEMORY, LOLWUT, and the subcommands of DEBUG that look at values.
//! Invariants: figures agree with each other. Must not know: how rows are laid out.
//! Tests: this file.

use crate::harness::ask::{all_fail, fails};
use crate::harness::{Server, ask, eventually};
use redis::Connection;
use std::collections::HashMap;

fn usage(c: &mut Connection, line: &str) -> i64 {
    ask(c, line)
}

#[test]
fn memory_usage_follows_the_size_of_any_type() {
    let server = Server::start();
    let mut c = server.client();
    let value = "x".repeat(50);
    for (write, unit) in [
        ("RPUSH", ""),
        ("SADD", ""),
        ("HSET", "v"),
        ("ZADD", "1"),
        ("XADD", "f"),
    ] {
        let _: i32 = ask(&mut c, "DEL k");
        let mut sizes = Vec::new();
        for round in 0..2 {
            for n in 0..400 {
                let member = format!("{value}{round}{n}");
                let line = match write {
                    "ZADD" => format!("ZADD k {unit} {member}"),
                    "HSET" => format!("HSET k {member} {unit}"),
                    "XADD" => format!("XADD k * {unit} {member}"),
                    _ => format!("{write} k {member}"),
                };
                let _: redis::Value = ask(&mut c, &line);
            }
            sizes.push(usage(&mut c, "MEMORY USAGE k SAMPLES 0"));
        }
        let content = 400 * value.len() as i64;
        assert!(
            sizes[0] > content && sizes[1] > 2 * content,
            "{write}: {sizes:?}"
        );
        assert!(sizes[1] < 10 * content, "{write}: {sizes:?}");
    }
    assert_eq!(ask::<Option<i64>>(&mut c, "MEMORY USAGE missing"), None);
    all_fail(
        &mut c,
        &[
            ("MEMORY USAGE k SAMPLES", "ERR syntax error"),
            ("MEMORY USAGE k SAMPLES -1", "ERR syntax error"),
            ("MEMORY USAGE k FROB 1", "ERR syntax error"),
            (
                "MEMORY USAGE missing SAMPLES x",
                "ERR value is not an integer or out of range",
            ),
        ],
    );
}

#[test]
fn memory_stats_add_up() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    let stats: HashMap<String, f64> = ask(&mut c, "MEMORY STATS");
    assert_eq!(stats["keys.count"], 2.0);
    assert!(stats["peak.allocated"] >= stats["total.allocated"]);
    let parts = stats["overhead.total"] + stats["dataset.bytes"];
    assert_eq!(parts, stats["total.allocated"]);
    assert!(stats["allocator.resident"] >= stats["allocator.active"]);
    assert!(stats["fragmentation"] > 0.0);
}

#[test]
fn memory_doctor_and_purge_answer() {
    let server = Server::start();
    let mut c = server.client();
    assert!(!ask::<String>(&mut c, "MEMORY DOCTOR").is_empty());
    assert!(ask::<String>(&mut c, "MEMORY MALLOC-STATS").contains("jemalloc"));
    assert_eq!(ask::<String>(&mut c, "MEMORY PURGE"), "OK");
    assert!(ask::<Vec<String>>(&mut c, "MEMORY HELP").len() > 5);
}

#[test]
fn lolwut_draws_and_tells_the_version() {
    let server = Server::start();
    let mut c = server.client();
    let picture: String = ask(&mut c, "LOLWUT");
    assert!(picture.ends_with("\nRedis ver. 8.4.0\n") && picture.lines().count() > 5);
    assert!(ask::<String>(&mut c, "LOLWUT VERSION 5 1 2").contains("Redis ver."));
    let error = fails(&mut c, "LOLWUT VERSION x");
    assert_eq!(error, "ERR value is not an integer or out of range");
}

#[test]
fn debug_digests_tell_content_and_nothing_else() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let digest = |c: &mut Connection| ask::<String>(c, "DEBUG DIGEST");
    assert_eq!(digest(&mut c), "0".repeat(40));
    let _: i32 = ask(&mut c, "SADD s a b c");
    let one = digest(&mut c);
    let () = ask(&mut c, "SET k v");
    assert_ne!(digest(&mut c), one);
    let _: i32 = ask(&mut c, "DEL s k");
    let _: i32 = ask(&mut c, "SADD s c b a");
    assert_eq!(digest(&mut c), one);
    let () = ask(&mut c, "DEBUG RELOAD");
    assert_eq!(digest(&mut c), one);
}

#[test]
fn debug_checks_the_arguments_of_what_there_is_not() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    for line in [
        "DEBUG QUICKLIST-PACKED-THRESHOLD 100b",
        "DEBUG REPLYBUFFER RESIZING 0",
        "DEBUG REPLYBUFFER PEAK-RESET-TIME never",
        "DEBUG CHANGE-REPL-ID",
        "DEBUG SET-DISABLE-DENY-SCRIPTS 1",
        "DEBUG DICT-RESIZING 0",
    ] {
        assert_eq!(ask::<String>(&mut c, line), "OK", "{line}");
    }
    let _: i32 = ask(&mut c, "RPUSH l a");
    let () = ask(&mut c, "SET s a");
    all_fail(
        &mut c,
        &[
            (
                "DEBUG DICT-RESIZING x",
                "ERR value is not an integer or out of range",
            ),
            (
                "DEBUG QUICKLIST-PACKED-THRESHOLD 5gb",
                "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
            ),
            ("DEBUG REPLYBUFFER FROB 1", "ERR syntax error"),
        ],
    );
}

#[test]
fn debug_shows_the_forms_of_lists_and_hashes() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH small a");
    let _: i32 = ask(&mut c, &format!("RPUSH large {}", "x".repeat(9000)));
    let _: i32 = ask(&mut c, "HSETEX timed EX 100 FIELDS 1 a 1");
    for (line, expected) in [
        (
            "DEBUG LISTPACK small",
            "Listpack structure printed on stdout",
        ),
        (
            "DEBUG LISTPACK timed",
            "Listpack structure printed on stdout",
        ),
        (
            "DEBUG QUICKLIST large",
            "Quicklist structure printed on stdout",
        ),
        (
            "DEBUG QUICKLIST large 1",
            "Quicklist structure printed on stdout",
        ),
    ] {
        assert_eq!(ask::<String>(&mut c, line), expected, "{line}");
    }
    let shown = |c: &mut Connection, line: &str| ask::<String>(c, line);
    assert!(shown(&mut c, "DEBUG OBJECT large").contains(" serializedlength:"));
    assert!(!shown(&mut c, "DEBUG OBJECT large FAST").contains(" serializedlength:"));
    all_fail(
        &mut c,
        &[
            ("DEBUG LISTPACK large", "ERR Not a listpack encoded object."),
            ("DEBUG LISTPACK missing", "ERR no such key"),
            (
                "DEBUG QUICKLIST small",
                "ERR Not a quicklist encoded object.",
            ),
            ("DEBUG QUICKLIST missing", "ERR no such key"),
            ("DEBUG OBJECT large SLOW", "ERR syntax error"),
        ],
    );
}

#[test]
fn debug_pause_cron_leaves_periodic_work_out_until_it_is_resumed() {
    let server = Server::builder()
        .set("enable-debug-command", "yes")
        .set("timeout", "1")
        .start();
    let mut c = server.client();
    let mut idle = server.client();
    let () = ask(&mut c, "DEBUG PAUSE-CRON 1");
    let id: i64 = ask(&mut idle, "CLIENT ID");
    let listed = |c: &mut Connection| ask::<String>(c, &format!("CLIENT LIST ID {id}"));
    eventually("the client is idle for longer than the timeout", || {
        listed(&mut c).contains(" idle=2 ")
    });
    let () = ask(&mut c, "DEBUG PAUSE-CRON 0");
    eventually("the idle client is closed", || listed(&mut c).is_empty());
}

#[test]
fn debug_htstats_count_keys_and_fields() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v EX 1000");
    for n in 0..300 {
        let _: i32 = ask(&mut c, &format!("SADD s member{n}"));
    }
    let stats: String = ask(&mut c, "DEBUG HTSTATS 0");
    assert!(stats.starts_with("[Dictionary HT]\n") && stats.contains("[Expires HT]\n"));
    assert!(stats.contains(" number of elements: 2\n"));
    let stats: String = ask(&mut c, "DEBUG HTSTATS-KEY s");
    assert!(stats.contains(" number of elements: 300\n"), "{stats}");
    let no_table =
        "ERR The value stored at the specified key is not represented using an hash table";
    all_fail(
        &mut c,
        &[
            ("DEBUG HTSTATS-KEY k", no_table),
            ("DEBUG HTSTATS-KEY missing", "ERR no such key"),
            ("DEBUG HTSTATS 99", "ERR Out of range database"),
        ],
    );
}
