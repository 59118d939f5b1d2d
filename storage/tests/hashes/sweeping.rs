//! What sweeping does with fields whose time has come.

use super::common::Directory;
use super::{KEY, T0, assert_clean, at, contents, fill, hash_len};
use storage::change::Event;
use storage::sweep::Sweeper;

/// Sweeps until nothing is left; gives the number of rounds.
fn sweep(directory: &Directory) -> usize {
    directory.store.leader().sync().unwrap();
    let mut sweeper = Sweeper::new(&directory.store);
    for rounds in 0..10_000 {
        if sweeper.round().unwrap() == 0 {
            return rounds;
        }
    }
    panic!("sweeping does not end");
}

fn heard(directory: &Directory, event: Event) -> usize {
    let heard = directory.heard.lock();
    heard.iter().filter(|(_, _, told)| *told == event).count()
}

#[test]
fn fields_that_are_due_go_and_the_hash_is_filed_under_the_next_time() {
    for others in [3, 500] {
        let directory = at(T0);
        fill(&directory, 0..others, None);
        fill(&directory, 1000..1010, Some(T0 + 10));
        fill(&directory, 1010..1020, Some(T0 + 500));
        directory.store.clock().set_manual(T0 + 100);
        assert_eq!(contents(&directory).len() as u64, others + 10);
        assert_eq!(hash_len(&directory), others + 20);
        sweep(&directory);
        assert_eq!(hash_len(&directory), others + 10);
        assert_eq!(directory.rows(b"e").len(), 1);
        directory.store.clock().set_manual(T0 + 600);
        sweep(&directory);
        assert_eq!(hash_len(&directory), others);
        assert_eq!(directory.rows(b"e"), []);
        assert_eq!(heard(&directory, Event::HExpired), 2);
        assert_eq!(directory.store.sweeps().counts().expired_fields, 20);
        assert_clean(directory);
    }
}

#[test]
fn a_hash_whose_last_field_goes_is_deleted() {
    for fields in [2, 300] {
        let directory = at(T0);
        fill(&directory, 0..fields, Some(T0 + 10));
        directory.store.clock().set_manual(T0 + 10);
        assert_eq!(contents(&directory).len(), 0);
        assert_eq!(directory.store.database_size(0), 1);
        sweep(&directory);
        assert_eq!(directory.store.database_size(0), 0);
        assert_eq!(directory.rows(b"e"), []);
        let told = (
            heard(&directory, Event::HExpired),
            heard(&directory, Event::Del),
        );
        assert_eq!(told, (1, 1));
        assert_clean(directory);
    }
}

#[test]
fn many_fields_of_one_millisecond_go_in_bounded_edits() {
    const FIELDS: u64 = 20_000;
    let directory = at(T0);
    fill(&directory, 0..FIELDS, Some(T0 + 10));
    fill(&directory, FIELDS..FIELDS + 5, Some(T0 + 20));
    directory.store.clock().set_manual(T0 + 15);
    sweep(&directory);
    assert_eq!(hash_len(&directory), 5);
    assert!(heard(&directory, Event::HExpired) >= 20_000 / 512);
    assert_eq!(directory.rows(b"e").len(), 1);
    directory.store.clock().set_manual(T0 + 25);
    sweep(&directory);
    assert_eq!(directory.rows(b"m").len(), 0);
    assert_clean(directory);
}

#[test]
fn a_key_that_expires_takes_its_fields_along() {
    let directory = at(T0);
    fill(&directory, 0..300, Some(T0 + 500));
    let key = KEY;
    directory.write(|edit| {
        let conditions = storage::ops::expire::Conditions::default();
        storage::ops::expire::set(edit, key, (T0 + 100) as i64, conditions)
    });
    directory.store.clock().set_manual(T0 + 200);
    sweep(&directory);
    assert_eq!(directory.store.database_size(0), 0);
    assert_eq!(heard(&directory, Event::HExpired), 0);
    directory.store.clock().set_manual(T0 + 600);
    sweep(&directory);
    assert_eq!(directory.rows(b"e"), []);
    assert_clean(directory);
}
