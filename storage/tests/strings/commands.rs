//! Conditions, expiries, numbers and ranges: what is written, what is told, and what is left alone.

use crate::directory::{Directory, KEY};
use storage::change::Event;
use storage::limits::{INLINE_BYTES_MAX, STRING_BYTES_MAX};
use storage::ops::bytes::Expiry;
use storage::ops::string::{self, Condition, NewExpiry};
use storage::{Edit, Result, StorageError};

const LATER_MS: u64 = u64::MAX / 4;

/// Sets the key and gives whether it was written; nothing may be staged if it was not.
fn set(directory: &Directory, value: &[u8], condition: Condition<'_>) -> bool {
    let change =
        |edit: &mut Edit<'_>| string::set(edit, KEY, value, condition, Expiry::Clear, false);
    let (done, staged) = directory.write(change);
    assert_eq!(done.written, staged);
    done.written
}

fn get(directory: &Directory) -> Option<Vec<u8>> {
    let view = directory.view();
    string::get(&view, KEY).unwrap().map(|value| value.to_vec())
}

#[test]
fn conditions_decide_and_refused_writes_stage_nothing() {
    let directory = Directory::new();
    assert!(!set(&directory, b"1", Condition::Present));
    assert!(!set(&directory, b"1", Condition::Equal(b"")));
    assert!(set(&directory, b"1", Condition::Absent));
    assert!(!set(&directory, b"2", Condition::Absent));
    assert!(set(&directory, b"2", Condition::Present));
    assert!(!set(&directory, b"3", Condition::Equal(b"1")));
    assert!(set(&directory, b"3", Condition::Equal(b"2")));
    assert!(set(&directory, b"4", Condition::Always));
    assert_eq!(get(&directory).unwrap(), b"4");
}

#[test]
fn the_value_before_is_given_whether_or_not_it_is_replaced() {
    let directory = Directory::new();
    let long = vec![b'x'; INLINE_BYTES_MAX + 1];
    directory.replace(&long, Expiry::Clear);
    for condition in [Condition::Absent, Condition::Always] {
        let (done, _) =
            directory.write(|edit| string::set(edit, KEY, b"new", condition, Expiry::Clear, true));
        assert_eq!(done.old.as_deref(), Some(&long[..]));
    }
    assert_eq!(get(&directory).unwrap(), b"new");
}

#[test]
fn a_time_that_has_come_deletes() {
    let directory = Directory::new();
    let set_at = |at| {
        directory
            .write(|edit| string::set(edit, KEY, b"v", Condition::Always, Expiry::At(at), false))
    };
    assert!(!set_at(1).1, "there was nothing to delete");
    set_at(LATER_MS);
    assert_eq!(directory.expire_ms(), Some(LATER_MS));
    assert_eq!(directory.heard(), [Event::Set, Event::Expire, Event::New]);
    set_at(1);
    assert_eq!(get(&directory), None);
    assert_eq!(directory.heard(), [Event::Del]);
    assert_eq!(directory.store().database_size(0), 0);
}

#[test]
fn reading_may_change_the_expiry_and_nothing_else() {
    let directory = Directory::new();
    for value in [vec![b'a'; 10], vec![b'b'; INLINE_BYTES_MAX * 3]] {
        directory.replace(&value, Expiry::Clear);
        let expire = |new| {
            let change = |edit: &mut Edit<'_>| string::get_and_expire(edit, KEY, new);
            let (old, staged) = directory.write(change);
            assert_eq!(old.as_deref(), Some(&value[..]));
            staged
        };
        assert!(!expire(NewExpiry::Keep));
        assert!(!expire(NewExpiry::Persist));
        assert!(expire(NewExpiry::At(LATER_MS)));
        assert_eq!(directory.expire_ms(), Some(LATER_MS));
        assert!(expire(NewExpiry::Persist));
        assert_eq!(directory.expire_ms(), None);
        assert_eq!(get(&directory).unwrap(), value);
        directory.heard();
        assert!(expire(NewExpiry::At(1)));
        assert_eq!(directory.heard(), [Event::Del]);
        assert_eq!(get(&directory), None);
    }
}

#[test]
fn many_keys_are_written_all_or_none() {
    let directory = Directory::new();
    let pairs = [(&b"a"[..], &b"1"[..]), (b"b", b"2"), (b"a", b"3")];
    let write = |condition| {
        directory.write(|edit| string::set_many(edit, pairs.into_iter(), condition, Expiry::Clear))
    };
    assert_eq!(write(Condition::Present), (false, false));
    assert_eq!(write(Condition::Absent), (true, true));
    assert_eq!(directory.store().database_size(0), 2);
    assert_eq!(write(Condition::Absent), (false, false));
    assert_eq!(write(Condition::Present), (true, true));
    let view = directory.view();
    assert_eq!(&*string::get(&view, b"a").unwrap().unwrap(), b"3");
}

#[test]
fn numbers_keep_the_expiry_and_refuse_what_is_none() {
    let directory = Directory::new();
    directory.replace(b"41", Expiry::At(LATER_MS));
    let add = |by| directory.write(|edit| string::increment(edit, KEY, by)).0;
    assert_eq!(add(1), 42);
    assert_eq!(add(-43), -1);
    let add_float = |edit: &mut Edit<'_>| string::increment_float(edit, KEY, b"1.5");
    assert_eq!(directory.write(add_float).0.as_deref(), Some("0.5"));
    assert_eq!(directory.expire_ms(), Some(LATER_MS));
    let failure = |change: &dyn Fn(&mut Edit<'_>) -> Result<()>| {
        let mut edit = directory
            .store()
            .edit(0, crate::directory::LATCHED)
            .unwrap();
        let error = change(&mut edit).unwrap_err();
        assert!(edit.is_empty());
        error
    };
    let increment = |edit: &mut Edit<'_>| string::increment(edit, KEY, 1).map(drop);
    assert!(matches!(failure(&increment), StorageError::NotAnInteger));
    let bad = |edit: &mut Edit<'_>| string::increment_float(edit, KEY, b"x").map(drop);
    assert!(matches!(failure(&bad), StorageError::NotAFloat));
    directory.replace(i64::MAX.to_string().as_bytes(), Expiry::Clear);
    assert!(matches!(failure(&increment), StorageError::Overflow));
    directory.replace(&vec![b'1'; INLINE_BYTES_MAX * 2], Expiry::Clear);
    assert!(matches!(failure(&increment), StorageError::NotAnInteger));
    assert!(matches!(failure(&bad), StorageError::NotAFloat));
}

#[test]
fn numbers_with_thousands_of_digits_are_added() {
    let directory = Directory::new();
    directory.replace(b"1e4930", Expiry::At(LATER_MS));
    let add = |edit: &mut Edit<'_>| string::increment_float(edit, KEY, b"-0");
    let (first, _) = directory.write(add);
    let (second, _) = directory.write(add);
    assert_eq!(first.as_ref().map(String::len), Some(4931));
    assert_eq!(first, second);
    assert_eq!(directory.expire_ms(), Some(LATER_MS));
    let infinite = |edit: &mut Edit<'_>| string::increment_float(edit, KEY, b"inf");
    assert_eq!(directory.write(infinite), (None, false));
}

#[test]
fn ranges_are_cut_to_the_string() {
    let directory = Directory::new();
    directory.replace(b"0123456789", Expiry::Clear);
    let view = directory.view();
    for (first, last, expected) in [
        (0, 3, "0123"),
        (-3, -1, "789"),
        (0, -1, "0123456789"),
        (5, 3, ""),
        (-1, -5, ""),
        (-100, 2, "012"),
        (8, 100, "89"),
        (10, 20, ""),
        (0, -100, "0"),
        (i64::MIN, i64::MAX, "0123456789"),
        (i64::MAX, i64::MAX, ""),
    ] {
        let range = string::range(&view, KEY, first, last).unwrap();
        assert_eq!(range, expected.as_bytes(), "{first} {last}");
    }
    assert_eq!(string::range(&view, b"none", 0, -1).unwrap(), b"");
}

#[test]
fn changes_in_place_are_remembered_as_such() {
    let directory = Directory::new();
    let raw = || {
        let view = directory.view();
        view.open(KEY).unwrap().header().unwrap().raw
    };
    let append = |edit: &mut Edit<'_>| string::append(edit, KEY, b"1", STRING_BYTES_MAX);
    assert_eq!(directory.write(append), (1, true));
    assert!(!raw(), "creating is no change");
    assert_eq!(directory.write(append), (2, true));
    assert!(raw());
    directory.heard();
    directory.replace(b"12", Expiry::Clear);
    let nothing = |edit: &mut Edit<'_>| string::append(edit, KEY, b"", STRING_BYTES_MAX);
    assert_eq!(directory.write(nothing), (2, true));
    assert!(raw());
    assert_eq!(directory.heard(), [Event::Set, Event::Append]);
    directory.write(|edit| string::increment(edit, KEY, 1));
    assert!(!raw(), "a sum is a new value");
    directory.write(|edit| string::set_range(edit, KEY, 1, b"x", STRING_BYTES_MAX));
    assert!(raw());
    assert_eq!(get(&directory).unwrap(), b"1x");
}

#[test]
fn deletions_compare_and_give_the_value() {
    let directory = Directory::new();
    directory.replace(b"v", Expiry::Clear);
    let delete = |value: &'static [u8]| {
        directory.write(|edit| string::delete_if(edit, KEY, Condition::Equal(value)))
    };
    assert_eq!(delete(b"w"), (false, false));
    assert_eq!(delete(b"vv"), (false, false));
    assert_eq!(delete(b"v"), (true, true));
    assert_eq!(delete(b"v"), (false, false));
    directory.replace(b"w", Expiry::Clear);
    let (old, _) = directory.write(|edit| string::get_and_delete(edit, KEY));
    assert_eq!(old.as_deref(), Some(&b"w"[..]));
    assert_eq!(get(&directory), None);
    let (old, staged) = directory.write(|edit| string::get_and_delete(edit, KEY));
    assert!(old.is_none() && !staged);
}
