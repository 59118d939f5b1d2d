//! SCAN: what is there during a whole scan is returned, whatever else happens.

use super::{Directory, OPTIONS, START_MS, set_string};
use std::collections::BTreeSet;
use storage::encoding::key::{META_PREFIX_LEN, kind};
use storage::encoding::meta::{DataType, Header};
use storage::engine::{BatchBuilder, Throttle, Tier};
use storage::limits::SCAN_ROWS_SERVING_MAX;
use storage::ops::{keyspace, scan};
use storage::{StorageError, ViewOptions};

fn page(directory: &Directory, cursor: u64, count: u64) -> scan::Page {
    scan::page(&directory.view(0), cursor, count, |_, _| true).unwrap()
}

#[test]
fn keys_that_stay_are_returned_once_under_churn_and_after_reopening() {
    let mut directory = Directory::new(4);
    let stays: BTreeSet<Vec<u8>> = (0..400).map(|n| format!("stay:{n}").into_bytes()).collect();
    for key in &stays {
        directory.write(0, |edit| set_string(edit, key, b"v", None));
    }
    for round in 0..2 {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), 0, 0);
        loop {
            let page = page(&directory, cursor, 7);
            assert!(page.keys.len() <= 7, "COUNT bounds the keys looked at");
            seen.extend(page.keys);
            (cursor, pages) = (page.next, pages + 1);
            if cursor == 0 {
                break;
            }
            // Keys come and go around the cursor.
            directory.set(0, &format!("comes:{round}:{pages}"), "v");
            let goes = format!("comes:{round}:{}", pages / 2);
            directory.write(0, |edit| keyspace::delete(edit, goes.as_bytes()));
            if pages % 20 == 0 {
                directory.reopen();
            }
        }
        let kept = seen.iter().filter(|key| key.starts_with(b"stay:"));
        assert_eq!(kept.clone().count(), stays.len(), "no key comes twice");
        assert_eq!(kept.cloned().collect::<BTreeSet<_>>(), stays);
        assert!(pages > 400 / 7);
    }
}

#[test]
fn only_wanted_and_living_keys_of_this_database_are_returned() {
    let directory = Directory::new(2);
    for n in 0..50 {
        directory.set(0, &format!("a:{n}"), "v");
        directory.set(0, &format!("b:{n}"), "v");
        directory.set(1, &format!("a:{n}:elsewhere"), "v");
        let key = format!("a:{n}:gone");
        directory.write(0, |edit| {
            set_string(edit, key.as_bytes(), b"v", Some(START_MS + 10))
        });
    }
    directory.set_time(10);
    let view = directory.view(0);
    let keys = scan::all(&view, |key, header| {
        assert_eq!(header.kind, DataType::String);
        key.starts_with(b"a:")
    });
    let keys: BTreeSet<Vec<u8>> = keys.unwrap().into_iter().collect();
    let expected: BTreeSet<Vec<u8>> = (0..50).map(|n| format!("a:{n}").into_bytes()).collect();
    assert_eq!(keys, expected);
}

#[test]
fn keys_of_one_place_come_together() {
    let directory = Directory::new(1);
    directory.set(0, "k", "v");
    // A second key with the same slot and h cannot be found, so its row is made by hand.
    let mut twin = directory.meta_key(0, "k");
    twin.truncate(META_PREFIX_LEN);
    assert_eq!(twin[0], kind::META);
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    let engine = directory.store().engine();
    for suffix in ["a twin", "another"] {
        let row_key = [&twin, suffix.as_bytes()].concat();
        let family = engine.family_id(directory.store().family(0));
        let value = Header::new(DataType::String).encode();
        batch.put(family, &row_key, &value);
    }
    engine.write(batch.finish(), false, Throttle::Wait).unwrap();
    let page = page(&directory, 0, 1);
    assert_eq!(page.keys.len(), 3);
    assert_eq!(page.next, 0);
}

#[test]
fn foreign_cursors_end_the_scan() {
    let directory = Directory::new(1);
    assert_eq!(page(&directory, 0, 10), scan::Page::default());
    directory.set(0, "k", "v");
    for cursor in [u64::MAX, 1 << 63, 16_384 << 48] {
        assert_eq!(page(&directory, cursor, 10), scan::Page::default());
    }
    assert_eq!(page(&directory, 1, 10).keys, [b"k"]);
}

#[test]
fn long_pages_leave_the_thread_that_serves() {
    let directory = Directory::new(1);
    let serving = ViewOptions {
        tier: Tier::Memory,
        ..OPTIONS
    };
    let view = directory.store().view(0, serving).unwrap();
    assert!(scan::page(&view, 0, SCAN_ROWS_SERVING_MAX, |_, _| true).is_ok());
    let refused = scan::page(&view, 0, SCAN_ROWS_SERVING_MAX + 1, |_, _| true);
    assert!(matches!(refused, Err(StorageError::NeedsDisk)));
}

#[test]
fn an_edit_walks_over_the_keys_that_it_leaves() {
    let directory = Directory::new(4);
    let key = |n: usize| format!("key:{n}").into_bytes();
    for n in 0..60 {
        directory.write(0, |edit| set_string(edit, &key(n), b"v", None));
    }
    directory.write(0, |edit| {
        for n in (0..10).chain(100..140) {
            set_string(edit, &key(n), b"new", None)?;
        }
        for n in (5..20).chain(130..140) {
            keyspace::delete(edit, &key(n))?;
        }
        let expected: BTreeSet<Vec<u8>> = (0..5).chain(20..60).chain(100..130).map(key).collect();
        let all = scan::all(edit, |_, _| true)?;
        assert_eq!(all.len(), expected.len());
        assert_eq!(all.iter().cloned().collect::<BTreeSet<_>>(), expected);
        let (mut paged, mut cursor) = (Vec::new(), 0);
        loop {
            let page = scan::page(edit, cursor, 7, |_, _| true)?;
            paged.extend(page.keys);
            cursor = page.next;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(paged, all, "the pages are the whole in its order");
        Ok(())
    });
}
