//! The time of a store after a stop: never below what it was, whatever the system's clock says.

mod common;

use common::Directory;
use storage::check::check;
use storage::commit::Fsync;

/// Some years ahead of the system's clock.
const FAR_MS: u64 = 4_000_000_000_000;

/// A store whose clock was ahead when it wrote last.
fn ahead() -> Directory {
    let directory = Directory::with(Fsync::No);
    directory.store.clock().set_manual(FAR_MS);
    directory.set("k", "v");
    directory
}

/// The directory as a kill leaves it, opened again.
fn killed(directory: &Directory) -> Directory {
    directory.power_cut(&directory.wal_lengths())
}

#[test]
fn after_a_kill_time_is_not_before_the_last_commit() {
    let directory = ahead();
    let again = killed(&directory);
    assert!(again.store.now_ms() >= FAR_MS);
    // Nothing is written this time.
    let again = killed(&again);
    assert!(again.store.now_ms() >= FAR_MS);
}

#[test]
fn what_was_seen_expired_before_a_kill_stays_expired() {
    let directory = Directory::with(Fsync::No);
    directory.set_until("k", "v", FAR_MS - 1);
    assert!(directory.get("k").is_some());
    directory.store.clock().set_manual(FAR_MS);
    assert_eq!(directory.get("k"), None);
    directory.set("other", "v");
    let again = killed(&directory);
    assert_eq!(again.get("k"), None);
}

#[test]
fn a_log_that_began_anew_still_knows_the_time() {
    let directory = ahead();
    directory.store.flush().unwrap();
    assert!(killed(&directory).store.now_ms() >= FAR_MS);
    directory.store.compact(0).unwrap();
    assert!(killed(&directory).store.now_ms() >= FAR_MS);
}

#[test]
fn after_a_clean_close_time_goes_on_too() {
    let directory = ahead().reopen();
    assert!(directory.store.now_ms() >= FAR_MS);
    assert!(killed(&directory).store.now_ms() >= FAR_MS);
}

#[test]
fn a_check_between_kill_and_start_does_not_lose_the_time() {
    let directory = ahead();
    let killed = tempfile::tempdir().unwrap();
    let path = killed.path().join("data");
    directory.copy_to(&path, &directory.wal_lengths()).unwrap();
    assert!(check(&path, 10).unwrap().is_clean());
    assert!(check(&path, 10).unwrap().is_clean());
    let again = Directory::open(killed, Fsync::No);
    assert!(again.store.now_ms() >= FAR_MS);
    assert_eq!(again.get("k").as_deref(), Some("v"));
}
