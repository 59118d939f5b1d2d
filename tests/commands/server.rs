//! INFO, CONFIG, COMMAND, TIME, SAVE, BGSAVE, LASTSAVE, SHUTDOWN, DEBUG, COMPACT.
//! Invariants: what an operator sets is what the server reports. Must not know: how figures are
//! gathered. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, eventually, fails, pack, wait, wire};
use redis::Connection;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn info(c: &mut Connection, section: &str) -> HashMap<String, String> {
    let text: String = ask(c, &format!("INFO {section}"));
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields
        .map(|(name, value)| (name.to_string(), value.trim_end().to_string()))
        .collect()
}

fn config(c: &mut Connection, directive: &str) -> String {
    let values: HashMap<String, String> = ask(c, &format!("CONFIG GET {directive}"));
    values
        .get(directive)
        .unwrap_or_else(|| panic!("no directive {directive}"))
        .clone()
}

#[test]
fn info_has_the_sections_tools_read() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    let () = ask(&mut c, "EXPIRE a 100");
    let fields = info(&mut c, "");
    assert_eq!(fields["process_id"], server.pid().to_string());
    assert_eq!(fields["tcp_port"], server.port().to_string());
    assert_eq!(fields["redis_mode"], "standalone");
    assert_eq!(fields["role"], "master");
    assert_eq!(fields["connected_clients"], "1");
    assert_eq!(fields["connected_slaves"], "0");
    assert_eq!(fields["loading"], "0");
    assert_eq!(fields["cluster_enabled"], "0");
    assert_eq!(fields["db0"], "keys=2,expires=1,avg_ttl=0,subexpiry=0");
    let () = ask(&mut c, "PERSIST a");
    let persisted = info(&mut c, "keyspace");
    assert_eq!(persisted["db0"], "keys=2,expires=0,avg_ttl=0,subexpiry=0");
    let names = [
        "redis_version",
        "uptime_in_seconds",
        "run_id",
        "arch_bits",
        "os",
        "config_file",
        "maxclients",
        "blocked_clients",
        "used_memory",
        "used_memory_rss",
        "maxmemory",
        "maxmemory_policy",
        "mem_fragmentation_ratio",
        "rdb_changes_since_last_save",
        "rdb_bgsave_in_progress",
        "rdb_last_save_time",
        "rdb_last_bgsave_status",
        "aof_enabled",
        "total_connections_received",
        "total_commands_processed",
        "instantaneous_ops_per_sec",
        "keyspace_hits",
        "keyspace_misses",
        "expired_keys",
        "evicted_keys",
        "used_cpu_sys",
        "used_cpu_user",
        "master_replid",
        "master_repl_offset",
    ];
    for name in names {
        assert!(fields.contains_key(name), "INFO lacks {name}");
    }
}

/// What collectors of metrics ask for, of Redis 7.0: it is in INFO, but for what would be made up.
#[test]
fn info_has_the_fields_that_exporters_read() {
    let server = Server::start();
    let mut c = server.client();
    let fields = info(&mut c, "everything");
    let names = "used_memory_startup used_memory_overhead used_memory_dataset \
        used_memory_dataset_perc used_memory_lua used_memory_scripts number_of_cached_scripts \
        number_of_functions allocator_allocated allocator_active allocator_resident \
        allocator_frag_ratio allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes \
        rss_overhead_ratio rss_overhead_bytes mem_fragmentation_ratio mem_fragmentation_bytes \
        mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers \
        mem_clients_slaves mem_clients_normal mem_cluster_links mem_aof_buffer \
        active_defrag_running lazyfree_pending_objects lazyfreed_objects current_cow_size \
        current_cow_peak current_fork_perc current_save_keys_processed current_save_keys_total \
        rdb_saves rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded \
        aof_rewrites aof_last_cow_size module_fork_in_progress module_fork_last_cow_size \
        total_net_repl_input_bytes total_net_repl_output_bytes instantaneous_input_repl_kbps \
        instantaneous_output_repl_kbps expired_time_cap_reached_count \
        total_eviction_exceeded_time current_eviction_exceeded_time active_defrag_hits \
        active_defrag_misses active_defrag_key_hits active_defrag_key_misses \
        total_active_defrag_time current_active_defrag_time used_cpu_sys_main_thread \
        used_cpu_user_main_thread";
    for name in names.split_whitespace() {
        let value = fields.get(name);
        let number = value.map(|value| value.trim_end_matches('%').parse::<f64>());
        assert!(matches!(number, Some(Ok(_))), "{name}: {value:?}");
    }
    let bytes = |name: &str| fields[name].parse::<u64>().unwrap();
    assert!((1..=bytes("used_memory")).contains(&bytes("used_memory_startup")));
}

#[test]
fn info_counts_wrong_passwords_and_saves() {
    let server = Server::builder().set("requirepass", "secret").start();
    let mut raw = server.raw();
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.";
    raw.expect("AUTH wrong", wrong);
    raw.expect("AUTH secret", "+OK");
    raw.expect("SAVE", "+OK");
    raw.send(b"INFO persistence stats\r\n");
    let text = String::from_utf8(raw.reply()).unwrap();
    assert!(text.contains("\r\nrdb_saves:1\r\n"), "{text}");
    if skip_on_stand_in("does not count wrong passwords") {
        return;
    }
    assert!(text.contains("\r\nacl_access_denied_auth:1\r\n"), "{text}");
}

#[test]
fn info_takes_several_sections_and_any_case() {
    let server = Server::start();
    let mut c = server.client();
    let text: String = ask(&mut c, "INFO SERVER clients");
    assert!(
        text.contains("# Server\r\n") && text.contains("# Clients\r\n"),
        "{text}"
    );
    assert!(!text.contains("# Memory"), "{text}");
    assert_eq!(ask::<String>(&mut c, "INFO nosuchsection"), "");
    let everything: String = ask(&mut c, "INFO everything");
    assert!(everything.contains("# Commandstats"), "{everything}");
    assert!(server.cli(&["INFO", "keyspace"]).starts_with("# Keyspace"));
}

#[test]
fn info_counts_hits_misses_commands_and_errors() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    let () = ask(&mut c, "CONFIG RESETSTAT");
    for line in [
        "GET k",
        "GET k",
        "GET missing",
        "EXISTS k",
        "MGET k missing",
    ] {
        let _: redis::Value = ask(&mut c, line);
    }
    fails(&mut c, "INCR k");
    fails(&mut c, "GET");
    let fields = info(&mut c, "everything");
    assert_eq!(fields["keyspace_hits"], "4");
    assert_eq!(fields["keyspace_misses"], "2");
    assert!(
        fields["cmdstat_get"].starts_with("calls=3,"),
        "{}",
        fields["cmdstat_get"]
    );
    assert!(fields["cmdstat_get"].contains("rejected_calls=1,failed_calls=0"));
    assert!(
        fields["cmdstat_incr"].contains("failed_calls=1"),
        "{}",
        fields["cmdstat_incr"]
    );
    assert_eq!(fields["errorstat_ERR"], "count=2");
    assert_eq!(fields["total_error_replies"], "2");
}

#[test]
fn info_reports_rocksdb() {
    if skip_on_stand_in("has no RocksDB") {
        return;
    }
    let server = Server::start();
    let text: String = ask(&mut server.client(), "INFO rocksdb");
    assert!(text.to_lowercase().starts_with("# rocksdb"), "{text}");
    assert!(text.lines().count() > 5, "{text}");
}

#[test]
fn config_get_matches_patterns_and_several_names() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(config(&mut c, "port"), server.port().to_string());
    let found: HashMap<String, String> = ask(&mut c, "CONFIG GET maxm* timeout TIMEOUT");
    assert!(found.contains_key("maxmemory") && found.contains_key("maxmemory-policy"));
    assert_eq!(found["timeout"], "0");
    assert!(ask::<HashMap<String, String>>(&mut c, "CONFIG GET nosuch").is_empty());
    assert!(ask::<HashMap<String, String>>(&mut c, "CONFIG GET *").len() > 50);
    all_fail(
        &mut c,
        &[
            (
                "CONFIG GET",
                "ERR wrong number of arguments for 'config|get' command",
            ),
            (
                "CONFIG FROB",
                "ERR unknown subcommand 'FROB'. Try CONFIG HELP.",
            ),
        ],
    );
}

#[test]
fn config_set_changes_or_refuses() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "CONFIG SET timeout 300 maxclients 500");
    assert_eq!(config(&mut c, "timeout"), "300");
    assert_eq!(config(&mut c, "maxclients"), "500");
    let () = ask(&mut c, "CONFIG SET maxmemory 200mb");
    assert_eq!(config(&mut c, "maxmemory"), (200 << 20).to_string());
    let () = ask(&mut c, "CONFIG SET appendfsync always");
    assert_eq!(config(&mut c, "appendfsync"), "always");
    for line in [
        "CONFIG SET timeout x",
        "CONFIG SET timeout -1",
        "CONFIG SET appendfsync sometimes",
        "CONFIG SET timeout 10 timeout 20",
        "CONFIG SET databases 99",
    ] {
        let error = fails(&mut c, line);
        assert!(
            error.starts_with("ERR CONFIG SET failed (possibly related to argument"),
            "{error}"
        );
    }
    assert_eq!(config(&mut c, "timeout"), "300");
    assert_eq!(
        fails(&mut c, "CONFIG SET nosuch 1"),
        "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"
    );
    // All or nothing: the good one of a pair is not applied either.
    fails(&mut c, "CONFIG SET maxclients 600 timeout x");
    assert_eq!(config(&mut c, "maxclients"), "500");
}

#[test]
fn config_rewrite_keeps_comments_and_survives_a_restart() {
    let text = "# written by an operator\ntimeout 100\n\nmaxclients 77\n";
    let mut server = Server::builder()
        .config_file(text)
        .allow("CONFIG REWRITE executed", "the outcome the test asks for")
        .start();
    let mut c = server.client();
    assert_eq!(config(&mut c, "maxclients"), "77");
    let () = ask(&mut c, "CONFIG SET timeout 200 tcp-keepalive 123");
    assert_eq!(ask::<String>(&mut c, "CONFIG REWRITE"), "OK");
    let written = server.config_text();
    assert!(
        written.starts_with("# written by an operator\ntimeout 200\n"),
        "{written}"
    );
    assert!(written.contains("maxclients 77\n") && written.contains("tcp-keepalive 123"));
    server.restart();
    let mut c = server.client();
    assert_eq!(config(&mut c, "timeout"), "200");
    assert_eq!(config(&mut c, "tcp-keepalive"), "123");
}

#[test]
fn config_rewrite_without_a_file_is_refused() {
    let server = Server::start();
    let error = fails(&mut server.client(), "CONFIG REWRITE");
    assert_eq!(error, "ERR The server is running without a config file");
}

#[test]
fn config_resetstat_clears_the_counters() {
    let server = Server::start();
    let mut c = server.client();
    let _: Option<String> = ask(&mut c, "GET missing");
    let () = ask(&mut c, "CONFIG RESETSTAT");
    assert_eq!(info(&mut c, "stats")["keyspace_misses"], "0");
}

#[test]
fn command_describes_every_command() {
    let server = Server::start();
    let mut c = server.client();
    let count: usize = ask(&mut c, "COMMAND COUNT");
    let names: Vec<String> = ask(&mut c, "COMMAND LIST");
    let parents = names.iter().filter(|name| !name.contains('|'));
    assert_eq!(parents.count(), count);
    let all: Vec<redis::Value> = ask(&mut c, "COMMAND");
    assert_eq!(all.len(), count);
    let two: Vec<redis::Value> = ask(&mut c, "COMMAND INFO get nosuch");
    assert_eq!(two.len(), 2);
    assert_eq!(two[1], redis::Value::Nil);
    let keys: Vec<String> = ask(&mut c, "COMMAND GETKEYS MSET a 1 b 2");
    assert_eq!(keys, ["a", "b"]);
    let flags: Vec<(String, Vec<String>)> = ask(&mut c, "COMMAND GETKEYSANDFLAGS SET k v");
    assert_eq!(flags[0].0, "k");
    assert!(flags[0].1.contains(&"OW".to_string()), "{flags:?}");
    let docs: HashMap<String, redis::Value> = ask(&mut c, "COMMAND DOCS get set");
    assert_eq!(docs.len(), 2);
    let bits: Vec<String> = ask(&mut c, "COMMAND LIST FILTERBY PATTERN bit*");
    assert!(bits.contains(&"bitfield_ro".to_string()), "{bits:?}");
    assert!(ask::<Vec<String>>(&mut c, "COMMAND LIST FILTERBY ACLCAT string").len() > 15);
    all_fail(
        &mut c,
        &[
            (
                "COMMAND GETKEYS PING x",
                "ERR The command has no key arguments",
            ),
            ("COMMAND GETKEYS NOSUCH a", "ERR Invalid command specified"),
            (
                "COMMAND GETKEYS SET a",
                "ERR Invalid number of arguments specified for command",
            ),
            (
                "COMMAND FROB",
                "ERR unknown subcommand 'FROB'. Try COMMAND HELP.",
            ),
        ],
    );
}

#[test]
fn command_getkeys_tells_what_a_command_without_arguments_lacks() {
    if skip_on_stand_in("wants an argument of the command asked about") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    for subcommand in ["GETKEYS", "GETKEYSANDFLAGS"] {
        for (command, error) in [
            ("PING", "ERR The command has no key arguments"),
            ("NOSUCH", "ERR Invalid command specified"),
            (
                "GET",
                "ERR Invalid number of arguments specified for command",
            ),
        ] {
            assert_eq!(
                fails(&mut c, &format!("COMMAND {subcommand} {command}")),
                error
            );
        }
    }
}

#[test]
fn time_is_the_wall_clock() {
    let server = Server::start();
    let (seconds, micros): (u64, u64) = ask(&mut server.client(), "TIME");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    assert!(now.as_secs().abs_diff(seconds) <= 2);
    assert!(micros < 1_000_000);
}

#[test]
fn save_bgsave_bgrewriteaof_and_lastsave_report_a_save() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    let before: u64 = ask(&mut c, "LASTSAVE");
    assert!(ask::<String>(&mut c, "BGREWRITEAOF").ends_with("rewriting started"));
    assert_eq!(ask::<String>(&mut c, "SAVE"), "OK");
    assert!(ask::<u64>(&mut c, "LASTSAVE") >= before);
    assert_eq!(ask::<String>(&mut c, "BGSAVE"), "Background saving started");
    eventually("the save ends", || {
        info(&mut c, "persistence")["rdb_bgsave_in_progress"] == "0"
    });
    assert_eq!(info(&mut c, "persistence")["rdb_last_bgsave_status"], "ok");
    assert!(ask::<String>(&mut c, "BGSAVE SCHEDULE").starts_with("Background saving"));
    eventually("the save ends", || {
        info(&mut c, "persistence")["rdb_bgsave_in_progress"] == "0"
    });
    assert_eq!(fails(&mut c, "BGSAVE FROB"), "ERR syntax error");
}

#[test]
fn shutdown_ends_the_process_and_keeps_the_data() {
    let mut server = Server::start();
    let mut raw = server.raw();
    let lines = [
        "SHUTDOWN",
        "SHUTDOWN NOSAVE",
        "SHUTDOWN SAVE",
        "SHUTDOWN NOW FORCE",
    ];
    for (round, line) in lines.into_iter().enumerate() {
        raw.expect("INCR n", &format!(":{}", round + 1));
        raw.send(&pack(&wire::words(line)));
        raw.expect_closed();
        assert!(server.exits().success(), "{line}");
        server.restart();
        raw = server.raw();
    }
    raw.expect("GET n", "$1\r\n4");
    raw.expect("SHUTDOWN FROB", "-ERR syntax error");
    raw.expect("SHUTDOWN ABORT", "-ERR No shutdown in progress.");
}

#[test]
fn debug_sleep_object_and_switches_work_when_enabled() {
    let server = Server::builder()
        .set("enable-debug-command", "yes")
        .allow(
            "DB reloaded by DEBUG RELOAD",
            "the outcome the test asks for",
        )
        .start();
    let mut c = server.client();
    let started = Instant::now();
    assert_eq!(ask::<String>(&mut c, "DEBUG SLEEP 0.05"), "OK");
    assert!(started.elapsed() >= Duration::from_millis(50));
    let () = ask(&mut c, "SET k v");
    assert!(ask::<String>(&mut c, "DEBUG OBJECT k").contains("encoding:embstr"));
    assert_eq!(ask::<String>(&mut c, "DEBUG RELOAD"), "OK");
    assert_eq!(ask::<String>(&mut c, "GET k"), "v");
    assert_eq!(ask::<String>(&mut c, "DEBUG SET-ACTIVE-EXPIRE 0"), "OK");
    let () = ask(&mut c, "SET gone v PX 1");
    eventually("the key expires", || ask::<i32>(&mut c, "EXISTS gone") == 0);
    assert_eq!(ask::<String>(&mut c, "DEBUG SET-ACTIVE-EXPIRE 1"), "OK");
    eventually("the sweeper removes it", || {
        ask::<i64>(&mut c, "DBSIZE") == 1
    });
    all_fail(&mut c, &[("DEBUG OBJECT missing", "ERR no such key")]);
}

#[test]
fn debug_is_refused_unless_enabled() {
    let server = Server::start();
    let error = fails(&mut server.client(), "DEBUG SLEEP 0");
    assert!(
        error.starts_with("ERR DEBUG command not allowed."),
        "{error}"
    );
}

#[test]
fn debug_sleep_keeps_other_clients_waiting_or_served_but_alive() {
    let server = Server::builder()
        .set("enable-debug-command", "local")
        .start();
    let mut sleeper = server.raw();
    sleeper.send(&pack(&["DEBUG", "SLEEP", "0.1"]));
    server.raw().expect("PING", "+PONG");
    sleeper.expect_reply("+OK");
}

#[test]
fn compact_runs_and_changes_nothing() {
    if skip_on_stand_in("lacks COMPACT") {
        return;
    }
    let mut server = Server::start();
    let mut c = server.client();
    for n in 0..300 {
        let () = ask(&mut c, &format!("SET key:{n} value:{n}"));
        let () = ask(&mut c, &format!("DEL key:{}", n / 2));
    }
    let before: i64 = ask(&mut c, "DBSIZE");
    let _: redis::Value = ask(&mut c, "COMPACT");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), before);
    assert_eq!(ask::<String>(&mut c, "GET key:299"), "value:299");
    server.kill();
    server.restart();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), before);
    assert_eq!(ask::<Option<String>>(&mut c, "GET key:149"), None);
    assert_eq!(ask::<String>(&mut c, "GET key:299"), "value:299");
}

#[test]
fn function_list_is_empty_and_flush_has_nothing_to_do() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("FUNCTION LIST LIBRARYNAME * WITHCODE", "*0");
    c.expect("FUNCTION FLUSH SYNC", "+OK");
    assert!(c.line("FUNCTION FLUSH SOON").starts_with(b"-ERR "));
}

#[test]
fn memory_usage_grows_with_the_value() {
    let server = Server::start();
    let mut c = server.client();
    let usage = "MEMORY USAGE k SAMPLES 0";
    assert_eq!(ask::<Option<u64>>(&mut c, usage), None);
    let () = ask(&mut c, "SET k v");
    let small: u64 = ask(&mut c, usage);
    let () = ask(&mut c, "SETRANGE k 99999 v");
    let large: u64 = ask(&mut c, usage);
    assert!(small > 0 && small < 1000, "{small}");
    assert!((100_000..110_000).contains(&large), "{large}");
}

#[test]
fn role_is_a_master_without_replicas() {
    let server = Server::start();
    server
        .raw()
        .expect("ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0");
}

#[test]
fn errors_quote_foreign_bytes_as_they_are() {
    let server = Server::start();
    let mut raw = server.raw();
    let mut refuses = |words: &[&[u8]], error: &[u8]| {
        let reply = raw.command(words);
        assert_eq!(
            reply.escape_ascii().to_string(),
            error.escape_ascii().to_string()
        );
    };
    refuses(
        &[b"CLIENT", b"KILL", b"USER", b"a\xff\0b"],
        b"-ERR No such user 'a\xff'\r\n",
    );
    refuses(
        &[b"CLIENT", b"LIST", b"TYPE", b"a\xffb"],
        b"-ERR Unknown client type 'a\xffb'\r\n",
    );
    refuses(
        &[b"HELLO", b"3", b"a\xff"],
        b"-ERR Syntax error in HELLO option 'a\xff'\r\n",
    );
    refuses(
        &[b"CONFIG", b"SET", b"no\xffsuch", b"1"],
        b"-ERR Unknown option or number of arguments for CONFIG SET - 'no\xffsuch'\r\n",
    );
}

#[test]
fn config_set_maxclients_refuses_what_the_system_cannot_hold() {
    let server = Server::start();
    let mut c = server.client();
    let before = config(&mut c, "maxclients");
    let error = fails(&mut c, "CONFIG SET maxclients 2147483647");
    let expected = "possibly related to argument 'maxclients') - The operating system is not able \
                    to handle the specified number of clients, try with ";
    assert!(error.contains(expected), "{error}");
    assert_eq!(config(&mut c, "maxclients"), before);
}

/// The arguments of each entry, newest first.
fn slow_commands(c: &mut redis::Connection) -> Vec<Vec<String>> {
    type Entry = (u64, u64, u64, Vec<String>, String, String);
    let entries: Vec<Entry> = ask(c, "SLOWLOG GET -1");
    let ids: Vec<u64> = entries.iter().map(|entry| entry.0).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    assert!(entries.iter().all(|entry| entry.4.contains(':')));
    entries.into_iter().map(|entry| entry.3).collect()
}

#[test]
fn slowlog_keeps_what_is_slow_and_no_passwords() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "CONFIG SET slowlog-log-slower-than -1");
    let () = ask(&mut c, "SLOWLOG RESET");
    let () = ask(&mut c, "SET a b");
    assert_eq!(ask::<u64>(&mut c, "SLOWLOG LEN"), 0);
    let () = ask(&mut c, "CONFIG SET slowlog-log-slower-than 0");
    let () = ask(&mut c, "SET key value");
    let () = ask(&mut c, "CONFIG SET requirepass hidden");
    let () = ask(&mut c, "AUTH hidden");
    let () = ask(&mut c, "CONFIG SET slowlog-log-slower-than -1");
    let shown = slow_commands(&mut c);
    let lines: Vec<String> = shown.iter().map(|args| args.join(" ")).collect();
    assert!(lines.contains(&"SET key value".to_owned()), "{lines:?}");
    assert!(lines.contains(&"AUTH (redacted)".to_owned()), "{lines:?}");
    assert!(
        lines.iter().all(|line| !line.contains("hidden")),
        "{lines:?}"
    );
    let () = ask(
        &mut c,
        "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 2",
    );
    for _ in 0..4 {
        let () = ask(&mut c, "PING");
    }
    assert_eq!(ask::<u64>(&mut c, "SLOWLOG LEN"), 2);
    assert_eq!(
        fails(&mut c, "SLOWLOG GET -2"),
        "ERR count should be greater than or equal to -1"
    );
}

#[test]
fn a_hangup_does_not_end_the_server() {
    let server = Server::start();
    let mut c = server.client();
    server.signal(libc::SIGHUP);
    for _ in 0..100 {
        assert_eq!(ask::<String>(&mut c, "PING"), "PONG");
    }
}

#[test]
fn slowlog_leaves_out_how_long_a_client_takes_to_read() {
    // Replies for more than sockets hold.
    const GETS: usize = 4000;
    let server = Server::builder()
        .set("slowlog-log-slower-than", "500000")
        .start();
    let mut c = server.client();
    let () = ask(&mut c, &format!("SET key {}", "x".repeat(4000)));
    let mut late = server.raw();
    late.send("GET key\r\n".repeat(GETS).as_bytes());
    wait::clock_passes(Instant::now() + Duration::from_secs(1));
    (0..GETS).for_each(|_| assert!(late.reply().len() > 4000));
    assert_eq!(ask::<u64>(&mut c, "SLOWLOG LEN"), 0);
}

#[test]
fn latency_histogram_and_info_latencystats_tell_how_long_commands_took() {
    let server = Server::start();
    let mut c = server.client();
    for _ in 0..10 {
        let () = ask(&mut c, "SET key value");
    }
    let reply = server.raw().line("LATENCY HISTOGRAM set nosuch");
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let start = "*2\r\n$3\r\nset\r\n*4\r\n$5\r\ncalls\r\n:10\r\n$14\r\nhistogram_usec\r\n";
    assert!(reply.starts_with(start), "{reply}");
    assert!(
        reply.ends_with(":10\r\n"),
        "the last row counts all: {reply}"
    );
    let info = server.cli(&["INFO", "latencystats"]);
    assert!(info.contains("latency_percentiles_usec_set:p50="), "{info}");
    assert!(info.contains(",p99.9="), "{info}");
    let () = ask(&mut c, "CONFIG RESETSTAT");
    assert_eq!(server.raw().line("LATENCY HISTOGRAM set"), b"*0\r\n");
}

#[test]
fn latency_latest_history_and_reset_follow_the_threshold() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let () = ask(&mut c, "DEBUG SLEEP 0.02");
    let none: Vec<(String, u64, u64, u64)> = ask(&mut c, "LATENCY LATEST");
    assert!(none.is_empty(), "the monitor is off: {none:?}");
    let () = ask(&mut c, "CONFIG SET latency-monitor-threshold 10");
    let () = ask(&mut c, "DEBUG SLEEP 0.02");
    let latest: Vec<(String, u64, u64, u64)> = ask(&mut c, "LATENCY LATEST");
    assert_eq!(latest.len(), 1);
    assert!(latest[0].0 == "command" && latest[0].2 >= 20 && latest[0].3 >= 20);
    let history: Vec<(u64, u64)> = ask(&mut c, "LATENCY HISTORY command");
    assert_eq!(history, [(latest[0].1, latest[0].2)]);
    let graph: String = ask(&mut c, "LATENCY GRAPH command");
    assert!(graph.starts_with("command - high "), "{graph}");
    let told: String = ask(&mut c, "LATENCY DOCTOR");
    assert!(
        told.contains("1. command: 1 latency spikes (average "),
        "{told}"
    );
    assert_eq!(ask::<u64>(&mut c, "LATENCY RESET command nosuch"), 1);
    let history: Vec<(u64, u64)> = ask(&mut c, "LATENCY HISTORY command");
    assert!(history.is_empty());
}

#[test]
fn debug_populate_writes_what_is_not_there() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let () = ask(&mut c, "SET key:7 mine");
    assert_eq!(ask::<String>(&mut c, "DEBUG POPULATE 1000"), "OK");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1000);
    assert_eq!(
        ask::<Vec<String>>(&mut c, "MGET key:0 key:7 key:999"),
        ["value:0", "mine", "value:999"]
    );
    assert_eq!(ask::<String>(&mut c, "DEBUG POPULATE 3 other 10"), "OK");
    assert_eq!(ask::<Vec<u8>>(&mut c, "GET other:2"), b"value:2\0\0\0");
}

#[test]
fn flushall_leaves_nothing_to_save_where_snapshots_are_asked_for() {
    let server = Server::start();
    let mut c = server.client();
    let saved = |c: &mut _| {
        let info: String = ask(c, "INFO persistence");
        info.contains("rdb_changes_since_last_save:0\r\n")
    };
    let () = ask(&mut c, "CONFIG SET save \"3600 1\"");
    let () = ask(&mut c, "SET k v");
    assert!(!saved(&mut c));
    let () = ask(&mut c, "FLUSHALL");
    assert!(saved(&mut c));
    let () = ask(&mut c, "CONFIG SET save \"\"");
    let () = ask(&mut c, "SET k v");
    let () = ask(&mut c, "FLUSHALL");
    assert!(!saved(&mut c));
}

#[test]
fn module_list_is_empty_and_no_save_can_be_cancelled() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Vec<String>>(&mut c, "MODULE LIST"), [""; 0]);
    if skip_on_stand_in("lacks BGSAVE CANCEL") {
        return;
    }
    assert_eq!(
        fails(&mut c, "BGSAVE CANCEL"),
        "ERR Background saving is currently not in progress or scheduled"
    );
}
