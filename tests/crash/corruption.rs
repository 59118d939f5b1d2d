//! Damaged files: a torn or garbled WAL tail, a garbled SST.
//! Invariants: nothing that was flushed is lost to a bad WAL tail; what was fsynced is given up
//! only when the operator says so; damage is reported in one line or as an error reply, never
//! served as data, never a panic. Must not know: file formats.
//! Tests: this file.

use crate::harness::server::skip_on_stand_in;
use crate::harness::{Raw, Server, tool, wire};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// All files below a directory whose names end so, oldest first.
fn files_ending(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().is_some_and(|name| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The WAL file with the newest data.
fn newest_wal(directory: &Path) -> PathBuf {
    let mut logs = files_ending(directory, ".log");
    logs.retain(|path| std::fs::metadata(path).is_ok_and(|data| data.len() > 0));
    logs.pop().expect("a WAL file with data")
}

fn garble(path: &Path, offset: u64, length: usize) {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("open");
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset)).expect("seek");
    file.read_exact(&mut bytes).expect("read");
    bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
    file.seek(SeekFrom::Start(offset)).expect("seek");
    file.write_all(&bytes).expect("write");
}

fn write_numbered(c: &mut Raw, count: usize) {
    for number in 0..count {
        let value = format!("value {number} ").repeat(20);
        assert_eq!(
            c.command(&["SET", &format!("k{number}"), &value]),
            b"+OK\r\n"
        );
    }
}

/// How many of the numbered keys stand, as a prefix; a gap or a wrong value fails.
fn surviving_prefix(c: &mut Raw, count: usize) -> usize {
    let mut survivors = 0;
    for number in 0..count {
        let reply = c.line(&format!("GET k{number}"));
        match wire::payload(&reply) {
            Some(value) => {
                assert_eq!(survivors, number, "k{number} survived a loss before it");
                let expected = format!("value {number} ").repeat(20);
                assert!(value == expected.as_bytes(), "k{number} is damaged");
                survivors += 1;
            }
            None => assert!(survivors <= number),
        }
    }
    survivors
}

const KEYS: usize = 500;

/// A server whose WAL holds all keys, killed.
fn killed_with_wal() -> Server {
    let mut server = Server::builder()
        .set("appendfsync", "always")
        .allow("WAL", "the test damages it")
        .allow("orruption", "the test damages a file")
        .allow("checksum", "the test damages a file")
        .start();
    write_numbered(&mut server.raw(), KEYS);
    server.kill();
    server
}

#[test]
fn wal_tail_cut_in_the_middle_of_a_record_loses_only_the_tail() {
    if skip_on_stand_in("keeps no WAL of RocksDB") {
        return;
    }
    let mut server = killed_with_wal();
    let wal = newest_wal(&server.directory());
    let length = std::fs::metadata(&wal).expect("metadata").len();
    let file = File::options().write(true).open(&wal).expect("open");
    file.set_len(length - 37).expect("cut the file");
    server.restart();
    let mut c = server.raw();
    let survivors = surviving_prefix(&mut c, KEYS);
    assert!(
        survivors >= KEYS - 20,
        "only {survivors} of {KEYS} survived a cut of 37 bytes"
    );
    c.expect("DBSIZE", &format!(":{survivors}"));
    c.expect("SET new v", "+OK");
    server.kill();
    tool::assert_clean(&server.directory());
    server.restart();
    server.raw().expect("GET new", "$1\r\nv");
}

/// Garbles the log in its middle; gives the file and the directory.
fn garble_wal(server: &Server) -> (PathBuf, PathBuf) {
    let directory = server.directory();
    let wal = newest_wal(&directory);
    let length = std::fs::metadata(&wal).expect("metadata").len();
    garble(&wal, length / 2, 16);
    (wal, directory)
}

/// What a start makes of a log that is cut in its middle: a prefix, and nothing behind it.
fn assert_prefix_served(again: &mut Server, directory: &Path) {
    let mut c = again.raw();
    let survivors = surviving_prefix(&mut c, KEYS);
    assert!(survivors > 0 && survivors < KEYS, "{survivors} survived");
    c.expect("DBSIZE", &format!(":{survivors}"));
    c.expect("SET new v", "+OK");
    again.kill();
    tool::assert_clean(directory);
    again.restart();
    let mut c = again.raw();
    assert_eq!(surviving_prefix(&mut c, KEYS), survivors);
    c.expect("GET new", "$1\r\nv");
    again.shut_down();
}

/// With `appendfsync always` everything before the last commit was fsynced: no power cut leaves a
/// damaged record with whole ones behind it, and only the operator may give them up.
#[test]
fn wal_garbled_in_the_middle_is_refused_until_the_loss_is_accepted() {
    if skip_on_stand_in("keeps no WAL of RocksDB") {
        return;
    }
    let server = killed_with_wal();
    let (wal, directory) = garble_wal(&server);
    let before = std::fs::read(&wal).expect("read");
    for _ in 0..2 {
        let (code, output) = Server::builder()
            .directory(&directory)
            .set("appendfsync", "always")
            .refuses();
        assert_eq!(code, Some(1), "{output}");
        let line = output.lines().find(|line| line.contains("damaged"));
        let line = line.unwrap_or_else(|| panic!("no line names the damage: {output}"));
        for part in [&*wal.display().to_string(), "wal-recovery truncate"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!output.contains("panicked"), "{output}");
        assert_eq!(
            std::fs::read(&wal).expect("read"),
            before,
            "it is left alone"
        );
    }
    let mut again = Server::builder()
        .directory(&directory)
        .set("appendfsync", "always")
        .set("wal-recovery", "truncate")
        .allow("damaged", "the test damages it")
        .start();
    assert_prefix_served(&mut again, &directory);
    // What was given up is not asked for again.
    let mut again = Server::builder().directory(&directory).start();
    again.shut_down();
}

/// Pages of a log that was not fsynced reach the disk in any order: with `everysec` a hole near the
/// end is what a power cut leaves, and the server starts with what stands before it.
#[test]
fn wal_garbled_in_its_last_seconds_is_cut_there_with_everysec() {
    if skip_on_stand_in("keeps no WAL of RocksDB") {
        return;
    }
    let server = killed_with_wal();
    let (_, directory) = garble_wal(&server);
    let mut again = Server::builder()
        .directory(&directory)
        .set("appendfsync", "everysec")
        .start();
    assert_prefix_served(&mut again, &directory);
}

#[test]
fn sst_garbled_is_reported_and_never_served() {
    if skip_on_stand_in("keeps no SST files") {
        return;
    }
    let mut server = Server::builder()
        .allow("orrupt", "the test damages a file")
        .allow("checksum", "the test damages a file")
        .start();
    let mut c = server.raw();
    write_numbered(&mut c, KEYS);
    c.line("COMPACT");
    server.shut_down();
    let tables = files_ending(&server.directory(), ".sst");
    let largest = tables
        .iter()
        .max_by_key(|path| std::fs::metadata(path).map_or(0, |m| m.len()));
    let largest = largest.expect("an SST file");
    // The first rows are read when the server starts, and it would refuse to.
    let length = std::fs::metadata(largest).expect("metadata").len();
    garble(largest, length / 2, 64);

    let path = server.directory().display().to_string();
    let check = tool::ferrock(&["check", &path]);
    let code = check.status.code();
    assert!(
        matches!(code, Some(1 | 2)),
        "check finds the damage: {code:?}"
    );
    assert!(!String::from_utf8_lossy(&check.stderr).contains("panicked"));

    server.restart();
    let mut c = server.raw();
    let mut errors = 0;
    for number in 0..KEYS {
        let reply = c.line(&format!("GET k{number}"));
        if reply.starts_with(b"-") {
            errors += 1;
        } else {
            let expected = format!("value {number} ").repeat(20);
            assert!(
                wire::payload(&reply) == Some(expected.as_bytes()),
                "k{number} is damaged"
            );
        }
    }
    assert!(errors > 0, "damage in the largest file went unnoticed");
    c.expect("PING", "+PONG");
}
