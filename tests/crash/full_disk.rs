//! A disk that fills up: writes answer MISCONF, reads go on, and space heals it.
//! Invariants: an acknowledged write is kept, a refused one leaves nothing, whatever happened
//! around it; nothing needs a restart.
//! Must not know: where the reserve lies. Tests: this file.

use crate::harness::mount::SmallDisk;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Raw, Server, eventually, tool, wire};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

const DISK_MB: u32 = 400;
const SMALL_DISK_MB: u32 = 200;
const GROWN_MB: u32 = 900;
const VALUE_BYTES: usize = 256 << 10;
/// More values than the disk can hold, even compressed a little.
const VALUES_MAX: usize = 4000;

/// Bytes that do not compress, different for each number.
fn value(number: usize) -> Vec<u8> {
    let mut state = number as u64 * 2 + 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..VALUE_BYTES).map(|_| next()).collect()
}

/// Writes until the first refusal; returns how many writes were acknowledged, and the refusal.
fn fill(c: &mut Raw) -> (usize, Vec<u8>) {
    fill_from(c, 0)
}

/// The same where the values below `first` are there.
fn fill_from(c: &mut Raw, first: usize) -> (usize, Vec<u8>) {
    for number in first..VALUES_MAX {
        let reply = c.command(&[&b"SET"[..], format!("k{number}").as_bytes(), &value(number)]);
        if reply != b"+OK\r\n" {
            return (number, reply);
        }
    }
    panic!("the disk never filled up");
}

fn assert_all_there(c: &mut Raw, count: usize) {
    for number in 0..count {
        let reply = c.line(&format!("GET k{number}"));
        assert!(
            wire::payload(&reply) == Some(&value(number)),
            "k{number} is lost or changed"
        );
    }
}

/// A server on a small disk; `reserve` is what it keeps free.
fn start(disk: &SmallDisk, reserve: &str) -> Server {
    Server::builder()
        .directory(disk.path())
        .set("disk-reserve-bytes", reserve)
        .allow("disk", "the test fills the disk")
        .allow("No space left", "the test fills the disk")
        .start()
}

/// Takes all space that is left on the disk, until it is dropped.
struct Ballast(PathBuf);

/// What the ballast leaves for the log, which is to live on while a job meets the end.
const LOG_ROOM_BYTES: u64 = 1 << 20;

impl Ballast {
    fn fill(disk: &SmallDisk) -> Ballast {
        let path = disk.path().join("ballast");
        let mut file = File::create(&path).expect("a file");
        let block = vec![7; 64 << 10];
        let met = std::iter::repeat_with(|| file.write_all(&block)).find_map(Result::err);
        let met = met.map(|error| error.kind());
        assert_eq!(met, Some(std::io::ErrorKind::StorageFull));
        let len = file.metadata().expect("its length").len();
        file.set_len(len.saturating_sub(LOG_ROOM_BYTES))
            .expect("room");
        Ballast(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("the ballast is there");
    }
}

fn assert_misconf(reply: &[u8]) {
    assert!(reply.starts_with(b"-MISCONF "), "{}", wire::show(reply));
}

#[test]
fn full_disk_refuses_writes_and_serves_reads_until_there_is_space() {
    if skip_on_stand_in("meets a full disk in other ways") {
        return;
    }
    let Some(disk) = SmallDisk::mount(DISK_MB) else {
        return;
    };
    let mut server = start(&disk, "160mb");
    let mut c = server.raw();
    let (count, refusal) = fill(&mut c);
    assert_misconf(&refusal);
    assert!(count > 50, "only {count} writes fitted");
    c.expect("PING", "+PONG");
    c.expect("DBSIZE", &format!(":{count}"));
    assert_all_there(&mut c, count);
    // Whether the next write is refused too depends on what a flush frees meanwhile; a refused
    // one leaves nothing.
    let reply = c.line("INCR counter");
    let stored = if reply == b":1\r\n" { ":1" } else { ":0" };
    if stored == ":0" {
        assert_misconf(&reply);
    }
    c.expect("EXISTS counter", stored);

    disk.remount(&format!("size={GROWN_MB}m"));
    eventually("writes are taken again", || {
        c.line("SET after healed") == b"+OK\r\n"
    });
    assert_all_there(&mut c, count);
    server.kill();
    tool::assert_clean(disk.path());
    server.restart();
    let mut c = server.raw();
    assert_all_there(&mut c, count);
    c.expect("GET after", "$6\r\nhealed");
    server.shut_down();
}

/// A disk not much larger than what RocksDB works with, filled but for a little log once writes are
/// refused: whatever job runs meets its end.
#[test]
fn full_disk_with_a_small_reserve_refuses_every_write_until_there_is_space() {
    if skip_on_stand_in("meets a full disk in other ways") {
        return;
    }
    let Some(disk) = SmallDisk::mount(SMALL_DISK_MB) else {
        return;
    };
    let mut server = start(&disk, "32mb");
    let mut c = server.raw();
    let (count, refusal) = fill(&mut c);
    assert_misconf(&refusal);
    assert!(count > 50, "only {count} writes fitted");
    let ballast = Ballast::fill(&disk);
    for attempt in 0..20 {
        assert_misconf(&c.line(&format!("INCR counter{attempt}")));
    }
    assert_all_there(&mut c, count);
    c.expect("DBSIZE", &format!(":{count}"));
    c.expect("EXISTS counter0", ":0");

    drop(ballast);
    disk.remount(&format!("size={GROWN_MB}m"));
    eventually("writes are taken again", || {
        c.line("SET after healed") == b"+OK\r\n"
    });
    assert_all_there(&mut c, count);
    server.kill();
    tool::assert_clean(disk.path());
    server.restart();
    let mut c = server.raw();
    assert_all_there(&mut c, count);
    c.expect("GET after", "$6\r\nhealed");
    server.shut_down();
    tool::assert_clean(disk.path());
}

/// A flush finds no space while the log still has some: RocksDB stops, and goes on by itself.
#[test]
fn full_disk_met_by_a_flush_is_no_poison() {
    if skip_on_stand_in("meets a full disk in other ways") {
        return;
    }
    let Some(disk) = SmallDisk::mount(SMALL_DISK_MB) else {
        return;
    };
    let mut server = Server::builder()
        .directory(disk.path())
        .set("disk-reserve-bytes", "0")
        .set("enable-debug-command", "yes")
        .allow("No space left", "the test fills the disk")
        .start();
    let mut c = server.raw();
    // More than the flush gets by giving back what the log had reserved.
    let count = 50;
    for number in 0..count {
        let key = format!("k{number}");
        let reply = c.command(&[&b"SET"[..], key.as_bytes(), &value(number)]);
        assert_eq!(reply, b"+OK\r\n");
    }
    let ballast = Ballast::fill(&disk);
    let flushed = c.line("DEBUG RELOAD");
    assert!(flushed.starts_with(b"-ERR "), "{}", wire::show(&flushed));
    // Pipelined, and one of them read what the other would have written.
    c.send(b"INCR counter\r\nGET counter\r\nPING\r\n");
    assert_misconf(&c.reply());
    let seen = c.reply();
    assert!(
        seen == b"$-1\r\n" || seen.starts_with(b"-MISCONF "),
        "{}",
        wire::show(&seen)
    );
    assert_eq!(c.reply(), b"+PONG\r\n");
    assert_misconf(&c.line("SET small v"));
    assert_all_there(&mut c, count);

    drop(ballast);
    eventually("writes are taken again", || {
        c.line("INCR counter") == b":1\r\n"
    });
    c.expect("INCR counter", ":2");
    assert_all_there(&mut c, count);
    server.kill();
    tool::assert_clean(disk.path());
    server.restart();
    let mut c = server.raw();
    assert_all_there(&mut c, count);
    c.expect("GET counter", "$1\r\n2");
    server.shut_down();
    tool::assert_clean(disk.path());
}

/// Without a reserve the log itself meets the end of the disk, in the middle of a record.
fn log_meets_the_end_of_the_disk(fsync: &str, restart_while_full: bool) {
    if skip_on_stand_in("meets a full disk in other ways") {
        return;
    }
    let Some(disk) = SmallDisk::mount(SMALL_DISK_MB) else {
        return;
    };
    let mut server = Server::builder()
        .directory(disk.path())
        .set("disk-reserve-bytes", "0")
        .set("appendfsync", fsync)
        .allow("disk", "the test fills the disk")
        .allow("No space left", "the test fills the disk")
        .start();
    let mut c = server.raw();
    let mut size_mb = SMALL_DISK_MB;
    let mut count = 0;
    for round in 1..=2 {
        let (filled, refusal) = fill_from(&mut c, count);
        assert_misconf(&refusal);
        count = filled;
        // Pipelined, and one of them read what the other would have written.
        c.send(b"INCR counter\r\nGET counter\r\nPING\r\n");
        assert_misconf(&c.reply());
        let seen = c.reply();
        assert!(
            seen.starts_with(b"$") || seen.starts_with(b"-MISCONF "),
            "{}",
            wire::show(&seen)
        );
        assert_eq!(c.reply(), b"+PONG\r\n");
        assert_all_there(&mut c, count);
        if restart_while_full {
            server.kill();
        }
        size_mb += DISK_MB;
        disk.remount(&format!("size={size_mb}m"));
        if restart_while_full {
            tool::assert_clean(disk.path());
            server.restart();
            c = server.raw();
        }
        let counted = format!(":{round}\r\n");
        eventually("writes are taken again", || {
            c.line("INCR counter") == counted.as_bytes()
        });
        c.expect(&format!("EXISTS k{count}"), ":0");
    }
    assert_all_there(&mut c, count);
    c.expect("DBSIZE", &format!(":{}", count + 1));
    server.kill();
    tool::assert_clean(disk.path());
    server.restart();
    let mut c = server.raw();
    assert_all_there(&mut c, count);
    c.expect("GET counter", "$1\r\n2");
    server.shut_down();
    tool::assert_clean(disk.path());
}

#[test]
fn full_disk_met_by_the_log_is_no_poison_with_appendfsync_always() {
    log_meets_the_end_of_the_disk("always", false);
}

#[test]
fn full_disk_met_by_the_log_is_no_poison_with_appendfsync_everysec() {
    log_meets_the_end_of_the_disk("everysec", false);
}

#[test]
fn full_disk_met_by_the_log_keeps_what_was_acknowledged_over_a_kill() {
    log_meets_the_end_of_the_disk("everysec", true);
}

#[test]
fn full_disk_lets_the_operator_delete_and_go_on() {
    if skip_on_stand_in("meets a full disk in other ways") {
        return;
    }
    let Some(disk) = SmallDisk::mount(DISK_MB) else {
        return;
    };
    let mut server = start(&disk, "160mb");
    let mut c = server.raw();
    let (count, _) = fill(&mut c);
    server.kill();
    disk.remount(&format!("size={GROWN_MB}m"));
    server.restart();
    let mut c = server.raw();
    assert_all_there(&mut c, count);
    c.expect("FLUSHALL", "+OK");
    c.expect("SET k v", "+OK");
    c.expect("DBSIZE", ":1");
    server.shut_down();
}
