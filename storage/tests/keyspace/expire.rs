//! Times: what they do to keys, and which expiry rows they leave.

use super::{Directory, START_MS};
use storage::change::Event;
use storage::ops::expire::{self, Conditions, Deadline};
use storage::ops::{keyspace, relocate};
use storage::sweep::Sweeper;

fn set(directory: &Directory, key: &str, after_start_ms: i64) -> bool {
    let at_ms = START_MS as i64 + after_start_ms;
    directory.write(0, |edit| {
        expire::set(edit, key.as_bytes(), at_ms, Conditions::default())
    })
}

fn deadline(directory: &Directory, key: &str) -> Deadline {
    expire::deadline(&directory.view(0), key.as_bytes()).unwrap()
}

#[test]
fn a_later_time_writes_no_row_and_an_earlier_one_does() {
    let directory = Directory::new(2);
    directory.set(0, "k", "v");
    assert!(set(&directory, "k", 500));
    assert_eq!(directory.expiry_rows("k"), [500]);
    assert!(set(&directory, "k", 900));
    assert_eq!(directory.expiry_rows("k"), [500], "a hint stands earlier");
    let header = directory.header(0, "k").unwrap();
    assert_eq!(header.filed_ms(), Some(START_MS + 500));
    assert_eq!(deadline(&directory, "k"), Deadline::At(START_MS + 900));
    assert!(set(&directory, "k", 300));
    assert_eq!(directory.expiry_rows("k"), [300, 500]);
    assert_eq!(directory.header(0, "k").unwrap().hint_ms, None);
    assert_eq!(directory.get(0, "k").unwrap(), b"v");
}

#[test]
fn a_time_after_persist_is_filed_again() {
    let directory = Directory::new(1);
    directory.set(0, "k", "v");
    set(&directory, "k", 500);
    let persist = || directory.write(0, |edit| expire::persist(edit, b"k"));
    assert!(persist());
    assert!(!persist());
    assert_eq!(deadline(&directory, "k"), Deadline::Never);
    assert_eq!(directory.header(0, "k").unwrap().filed_ms(), None);
    set(&directory, "k", 900);
    assert_eq!(directory.expiry_rows("k"), [500, 900]);
    assert!(!directory.write(0, |edit| expire::persist(edit, b"missing")));
}

#[test]
fn a_renamed_key_uses_the_row_that_stands_at_its_new_name() {
    let directory = Directory::new(2);
    directory.set(0, "from", "v");
    directory.set(0, "to", "w");
    set(&directory, "from", 900);
    set(&directory, "to", 500);
    directory.write(0, |edit| relocate::rename(edit, b"from", b"to", true));
    assert_eq!(directory.expiry_rows("to"), [500]);
    let header = directory.header(0, "to").unwrap();
    assert_eq!(header.hint_ms, Some(START_MS + 500));
    assert_eq!(header.expire_ms, Some(START_MS + 900));
}

#[test]
fn a_time_that_has_come_deletes_at_once() {
    let directory = Directory::new(1);
    for at_ms in [0, -1, -(START_MS as i64) - 7] {
        directory.set(0, "k", "v");
        directory.take_events();
        assert!(set(&directory, "k", at_ms));
        assert_eq!(
            directory.take_events(),
            [(0, "k".to_owned(), Event::Del)],
            "{at_ms}"
        );
        assert_eq!(deadline(&directory, "k"), Deadline::NoKey);
        assert_eq!(directory.size(0), 0);
    }
    assert!(!set(&directory, "missing", -1));
}

#[test]
fn an_expired_key_is_absent_and_may_be_deleted_or_replaced() {
    let directory = Directory::new(1);
    for key in ["deleted", "replaced", "renamed"] {
        directory.set(0, key, "v");
        set(&directory, key, 100);
    }
    directory.set_time(100);
    directory.take_events();
    assert!(!keyspace::exists(&directory.view(0), b"deleted").unwrap());
    assert_eq!(
        keyspace::data_type(&directory.view(0), b"deleted").unwrap(),
        None
    );
    assert_eq!(directory.size(0), 3, "expired keys count until they go");
    assert!(!directory.write(0, |edit| keyspace::delete(edit, b"deleted")));
    directory.set(0, "replaced", "w");
    let renamed = directory.write(0, |edit| relocate::rename(edit, b"renamed", b"x", true));
    assert_eq!(renamed, relocate::Renamed::NoSuchKey);
    let owned = |key: &str, event| (0, key.to_owned(), event);
    let expected = [
        owned("deleted", Event::Expired),
        owned("replaced", Event::Expired),
        owned("replaced", Event::Set),
        owned("replaced", Event::New),
    ];
    assert_eq!(directory.take_events(), expected);
    assert_eq!(directory.size(0), 2);
    assert_eq!(deadline(&directory, "replaced"), Deadline::Never);
}

#[test]
fn extensions_and_chunks_survive_expire_and_persist() {
    let mut directory = Directory::new(1);
    let head = directory.set_chunked("k", 2);
    let before = directory.header(0, "k").unwrap();
    set(&directory, "k", 500);
    directory.write(0, |edit| expire::persist(edit, b"k"));
    directory.reopen();
    assert_eq!(directory.header(0, "k").unwrap(), before);
    assert_eq!(directory.head(0, "k"), head);
    assert!(!directory.is_garbage(head));
}

#[test]
fn sweeps_keep_to_the_true_time_of_a_renamed_and_a_moved_key() {
    let directory = Directory::new(2);
    for key in ["from", "to", "moved"] {
        directory.set(0, key, "v");
    }
    set(&directory, "from", 900);
    set(&directory, "to", 500);
    set(&directory, "moved", 700);
    directory.write(0, |edit| relocate::rename(edit, b"from", b"to", true));
    directory.write(0, |edit| relocate::move_to(edit, b"moved", 3));
    let mut sweeper = Sweeper::new(directory.store());
    for (time, sizes) in [(600, (1, 1)), (750, (1, 0)), (950, (0, 0))] {
        directory.set_time(time);
        while sweeper.round().unwrap() > 0 {}
        assert_eq!((directory.size(0), directory.size(3)), sizes, "{time}");
    }
    for key in ["from", "to", "moved"] {
        assert_eq!(directory.expiry_rows(key), [0u64; 0], "{key}");
    }
}
