//! Values that are written as a whole, as RESTORE and SORT do, over whatever was there; and SORT.
//! Invariants: what is read back is what was written, after a restart too, and `check` finds
//! nothing. Must not know: where the values come from. Tests: this file.

mod common;

use common::Directory;
use storage::change::Event;
use storage::commit::reach::Reach;
use storage::ops::bytes::Content;
use storage::ops::expire;
use storage::ops::hash::{self, Hash, ListpackLimits};
use storage::ops::list::{self, Threshold};
use storage::ops::set::{self, Thresholds};
use storage::ops::sort::{self, By, Pattern, Request, Sorted};
use storage::{Edit, Result, StorageError};

const KEY: &[u8] = b"key";
const LIMITS: ListpackLimits = ListpackLimits {
    fields: 512,
    bytes: 64,
};
const SETS: Thresholds = Thresholds {
    intset_entries: 512,
    listpack_entries: 128,
    listpack_value: 64,
};
const LISTS: Threshold = Threshold(-2);
/// More than one commit holds.
const LARGE: usize = 90_000;

fn texts(count: usize) -> Vec<Vec<u8>> {
    let text = |n: usize| format!("{n}:{}", "x".repeat(200)).into_bytes();
    (0..count).map(text).collect()
}

fn put_list(edit: &mut Edit<'_>, count: usize) -> Result<()> {
    let texts = texts(count);
    let elements = texts.iter().map(Vec::as_slice);
    let len = list::replace(edit, KEY, elements, Event::Restore, LISTS)?;
    assert_eq!(len, count as u64);
    Ok(())
}

fn put_set(edit: &mut Edit<'_>, count: usize) -> Result<()> {
    let texts = texts(count);
    let members = texts.iter().map(Vec::as_slice);
    set::replace(edit, KEY, members, Event::Restore, &SETS)?;
    Ok(())
}

fn put_hash(edit: &mut Edit<'_>, count: usize) -> Result<()> {
    let texts = texts(count);
    let fields = texts.iter().enumerate();
    let fields = fields.map(|(n, text)| (&text[..], &text[..], (n == 0).then_some(1 << 45)));
    hash::replace(edit, KEY, fields, Event::Restore, LIMITS)?;
    Ok(())
}

fn assert_holds(directory: &Directory, kind: &str, count: usize) {
    let view = directory.view(0);
    let expected = texts(count);
    match kind {
        "list" => {
            let found: Vec<storage::Value> = list::range(&view, KEY, 0, -1).unwrap();
            let found: Vec<Vec<u8>> = found.iter().map(|one| one.as_slice().to_vec()).collect();
            assert!(found == expected);
        }
        "set" => {
            assert_eq!(set::len(&view, KEY).unwrap(), count as u64);
            let members = expected.iter().map(Vec::as_slice);
            assert!(
                set::contains(&view, KEY, members)
                    .unwrap()
                    .iter()
                    .all(|found| *found)
            );
        }
        _ => {
            let found = Hash::open(&view, KEY).unwrap();
            assert_eq!(found.len(), count as u64);
            for text in &expected {
                assert_eq!(found.get(&view, text).unwrap().as_deref(), Some(&text[..]));
            }
        }
    }
}

type Put = fn(&mut Edit<'_>, usize) -> Result<()>;

#[test]
fn values_of_any_size_take_each_others_place() {
    let mut directory = Directory::new();
    let puts: [(&str, Put); 3] = [("list", put_list), ("set", put_set), ("hash", put_hash)];
    for count in [3, LARGE, 40] {
        for (kind, put) in puts {
            directory.write(|edit| put(edit, count));
            directory.write(|edit| expire::file(edit, KEY, Some(1 << 45)));
            assert_holds(&directory, kind, count);
        }
        directory = directory.reopen();
        assert_holds(&directory, "hash", count);
    }
    directory.write(|edit| put_list(edit, 0));
    assert!(!list::exists(&directory.view(0), KEY).unwrap());
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

fn by_weight(key: &[u8]) -> Request<'_> {
    Request {
        key,
        by: By::Weight(Pattern::parse(b"w*->f")),
        offset: 0,
        count: -1,
        gets: Vec::new(),
        descending: false,
        alpha: false,
        stored: false,
    }
}

/// Values behind patterns that are spread over rows are read only where their keys are covered.
#[test]
fn sort_asks_for_the_latches_it_lacks() {
    let directory = Directory::new();
    let fill = "x".repeat(300);
    for n in 0..5 {
        let element = format!("{n}");
        let elements = [element.as_bytes()];
        directory.write(|edit| {
            let elements = elements.iter().copied();
            list::push(edit, KEY, elements, list::End::Back, false, LISTS)
        });
        let weight = format!("{}", 9 - n);
        let others: Vec<String> = (0..40).map(|field| format!("other {field}")).collect();
        let mut fields = vec![(&b"f"[..], weight.as_bytes(), None)];
        fields.extend(
            others
                .iter()
                .map(|name| (name.as_bytes(), fill.as_bytes(), None)),
        );
        let key = format!("w{n}");
        directory.write(|edit| {
            hash::replace(
                edit,
                key.as_bytes(),
                fields.into_iter(),
                Event::Restore,
                LIMITS,
            )
        });
    }
    let view = directory.view(0);
    let reach = Reach::default();
    let refused = sort::sort(&view, &by_weight(KEY), &reach);
    assert!(matches!(refused, Err(StorageError::NeedsLatch)) && reach.is_short());
    let wider = Reach::of(reach.needed());
    let Sorted::Given(given) = sort::sort(&view, &by_weight(KEY), &wider).unwrap() else {
        panic!("weights are numbers");
    };
    let given = given.iter().flatten().map(|one: &Content| one.to_vec());
    assert_eq!(given.collect::<Vec<_>>().concat(), b"43210");
}
