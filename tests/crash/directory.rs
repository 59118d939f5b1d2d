//! Data directories that the server must refuse, each with one clear line and exit code 1.
//! Invariants: a refused directory is left as it was. Must not know: the files inside.
//! Tests: this file.

use crate::harness::mount::SmallDisk;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};
use std::collections::BTreeMap;
use std::path::Path;

/// The names and sizes of a directory's files, however deep.
fn listing(directory: &Path) -> BTreeMap<String, u64> {
    let mut files = BTreeMap::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a directory") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                open.push(entry.path());
            } else {
                let size = entry.metadata().expect("metadata").len();
                files.insert(entry.path().display().to_string(), size);
            }
        }
    }
    files
}

/// Asserts a refusal: exit code 1, and one log line that names the directory and a reason.
#[track_caller]
fn assert_refused(code: Option<i32>, output: &str, directory: &Path, reasons: &[&str]) {
    assert_eq!(code, Some(1), "{output}");
    let name = directory.display().to_string();
    let line = output
        .lines()
        .find(|line| line.contains(&name) && line.contains(" # "));
    let line = line.unwrap_or_else(|| panic!("no warning names {name}:\n{output}"));
    assert!(
        reasons.iter().any(|reason| line.contains(reason)),
        "no reason in: {line}"
    );
    assert!(!output.contains("panicked"), "{output}");
}

#[test]
fn directory_in_use_is_refused_and_left_alone() {
    if skip_on_stand_in("does not lock its directory") {
        return;
    }
    let server = Server::start();
    let () = ask(&mut server.client(), "SET k v");
    let (code, output) = Server::builder().directory(&server.directory()).refuses();
    assert_refused(
        code,
        &output,
        &server.directory(),
        &["in use", "lock", "another process"],
    );
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "GET k"), "v");
    assert_eq!(ask::<String>(&mut c, "SET k w"), "OK");
}

#[test]
fn directory_that_cannot_be_written_is_refused() {
    if skip_on_stand_in("does not open its directory at the start") {
        return;
    }
    let Some(disk) = SmallDisk::mount(64) else {
        return;
    };
    disk.remount("ro");
    let (code, output) = Server::builder().directory(disk.path()).refuses();
    assert_refused(
        code,
        &output,
        disk.path(),
        &["Read-only file system", "read-only"],
    );
}

#[test]
fn directory_that_became_read_only_is_refused_with_its_data_intact() {
    if skip_on_stand_in("does not open its directory at the start") {
        return;
    }
    let Some(disk) = SmallDisk::mount(64) else {
        return;
    };
    let mut server = Server::builder()
        .directory(disk.path())
        .set("disk-reserve-bytes", "0")
        .start();
    let () = ask(&mut server.client(), "SET k v");
    server.shut_down();
    disk.remount("ro");
    let before = listing(disk.path());
    let (code, output) = Server::builder().directory(disk.path()).refuses();
    assert_refused(
        code,
        &output,
        disk.path(),
        &["Read-only file system", "read-only"],
    );
    assert_eq!(listing(disk.path()), before);
    disk.remount("rw");
    server.restart();
    assert_eq!(ask::<String>(&mut server.client(), "GET k"), "v");
    server.shut_down();
}

/// Damages a directory that was closed cleanly, and gives what a start says of it.
fn damaged(damage: impl Fn(&Path)) -> (tempfile::TempDir, Option<i32>, String) {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut server = Server::builder().directory(place.path()).start();
    let () = ask(&mut server.client(), "SET k v");
    let () = ask(&mut server.client(), "COMPACT");
    server.shut_down();
    damage(&place.path().join("rocksdb"));
    let before = listing(place.path());
    let (code, output) = Server::builder().directory(place.path()).refuses();
    let after = listing(place.path());
    for (file, size) in before.iter().filter(|(file, _)| !file.ends_with("LOG")) {
        assert_eq!(after.get(file), Some(size), "{file} is left alone");
    }
    (place, code, output)
}

fn remove_where(folder: &Path, goes: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).expect("a directory") {
        let entry = entry.expect("an entry");
        if goes(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path()).expect("remove");
        }
    }
}

/// RocksDB alone would begin an empty database there, and delete the old one's files.
#[test]
fn directory_without_its_current_file_is_refused_and_left_alone() {
    if skip_on_stand_in("keeps other files") {
        return;
    }
    let without_logs = |name: &str| name == "CURRENT" || name.ends_with(".log");
    for goes in [|name: &str| name == "CURRENT", without_logs] {
        let (place, code, output) = damaged(|folder| remove_where(folder, goes));
        assert_refused(code, &output, place.path(), &["CURRENT is missing"]);
    }
}

#[test]
fn directory_without_its_manifest_or_its_data_files_is_refused_and_left_alone() {
    if skip_on_stand_in("keeps other files") {
        return;
    }
    let manifest = |name: &str| name.starts_with("MANIFEST");
    for goes in [manifest, |name: &str| name.ends_with(".sst")] {
        let (place, code, output) = damaged(|folder| remove_where(folder, goes));
        assert_refused(code, &output, place.path(), &["No such file or directory"]);
    }
}

#[test]
fn directory_with_an_unreadable_partition_count_is_refused_and_left_alone() {
    if skip_on_stand_in("keeps other files") {
        return;
    }
    for (text, reason) in [("abc", "not a number"), ("4", "created with 4 partitions")] {
        let write = |folder: &Path| {
            std::fs::write(folder.with_file_name("partitions"), text).expect("write");
        };
        let (place, code, output) = damaged(write);
        assert_refused(code, &output, place.path(), &[reason]);
    }
}

#[test]
fn directory_that_does_not_exist_is_named() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let missing = place.path().join("missing/deeper");
    let (code, output) = Server::builder().directory(&missing).refuses();
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("No such file or directory"), "{output}");
}

#[test]
fn path_that_is_a_file_is_refused() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = place.path().join("file");
    std::fs::write(&file, "text").expect("write");
    let (code, output) = Server::builder().directory(&file).refuses();
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("Not a directory"), "{output}");
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "text");
}

#[test]
fn fresh_and_reopened_directories_are_clean() {
    let mut server = Server::start();
    server.shut_down();
    crate::harness::tool::assert_clean(&server.directory());
    server.restart();
    let mut c = server.client();
    for n in 0..200 {
        let () = ask(&mut c, &format!("SET k{n} v EX 1000"));
        let () = ask(&mut c, &format!("RENAME k{n} r{}", n % 50));
    }
    let () = ask(&mut c, "SWAPDB 0 1");
    let () = ask(&mut c, "SELECT 1");
    let () = ask(&mut c, "MOVE r1 2");
    let () = ask(&mut c, "SELECT 2");
    let () = ask(&mut c, "FLUSHDB");
    server.shut_down();
    crate::harness::tool::assert_clean(&server.directory());
}

#[test]
fn check_of_a_directory_in_use_or_missing_fails_clearly() {
    if skip_on_stand_in("has no ferrock check") {
        return;
    }
    let server = Server::start();
    let directory = server.directory();
    for path in [directory.as_path(), Path::new("/nonexistent/directory")] {
        let output = crate::harness::tool::ferrock(&["check", &path.display().to_string()]);
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(&path.display().to_string()), "{text}");
        assert!(
            text.lines().count() <= 2 && !text.contains("panicked"),
            "{text}"
        );
    }
    assert_eq!(ask::<String>(&mut server.client(), "PING"), "PONG");
}
