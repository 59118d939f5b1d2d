//! The hot table alone: visibility, pinning, stale fills, budget, scan resistance.

use super::*;

const ROOMY: usize = 64 << 20;

fn record(key: &str, value: &str) -> Record {
    Record::new(key.as_bytes(), &[value.as_bytes()])
}

fn hash(key: &str) -> u64 {
    crate::encoding::key::HashSeed([3; 16]).hash(key.as_bytes())
}

fn value_of(table: &HotTable, key: &str) -> Option<String> {
    match table.get(hash(key), key.as_bytes()) {
        Found::Row { record, .. } => Some(String::from_utf8(record.value().to_vec()).unwrap()),
        Found::Absent { .. } | Found::Unknown(_) => None,
    }
}

fn stamp_of(table: &HotTable, key: &str) -> Stamp {
    match table.get(hash(key), key.as_bytes()) {
        Found::Unknown(stamp) => stamp,
        found => panic!("{key} is known: {found:?}"),
    }
}

#[test]
fn a_staged_row_is_visible_at_once_and_replaces_the_older() {
    let table = HotTable::new(ROOMY);
    assert_eq!(table.stage(hash("a"), &record("a", "1"), false, 1), None);
    assert_eq!(
        table.stage(hash("a"), &record("a", "22"), false, 2),
        Some(1)
    );
    assert_eq!(value_of(&table, "a").as_deref(), Some("22"));
    assert_eq!(table.stage(hash("a"), &record("a", ""), true, 3), Some(2));
    assert!(matches!(
        table.get(hash("a"), b"a"),
        Found::Absent { version: 3 }
    ));
    assert_eq!(table.bytes(), 1 + ROW_OVERHEAD_BYTES);
}

#[test]
fn a_fill_that_arrives_after_a_newer_write_is_refused() {
    let table = HotTable::new(ROOMY);
    let stamp = stamp_of(&table, "a");
    table.stage(hash("a"), &record("a", "new"), false, 7);
    table.fill(hash("a"), record("a", "old"), false, stamp, 7);
    assert_eq!(value_of(&table, "a").as_deref(), Some("new"));
}

#[test]
fn a_fill_is_refused_even_when_the_newer_row_is_gone_again() {
    let table = HotTable::new(ROOMY);
    let stamp = stamp_of(&table, "a");
    table.stage(hash("a"), &record("a", "new"), false, 7);
    table.clear_committed(7);
    table.fill(hash("a"), record("a", "old"), false, stamp, 7);
    assert_eq!(value_of(&table, "a"), None);
    let stamp = stamp_of(&table, "a");
    table.fill(hash("a"), record("a", "new"), false, stamp, 7);
    assert_eq!(value_of(&table, "a").as_deref(), Some("new"));
}

#[test]
fn uncommitted_rows_are_never_evicted() {
    let table = HotTable::new(0);
    for n in 1..=1000u64 {
        let key = format!("k{n}");
        table.stage(hash(&key), &record(&key, "v"), false, n);
        table.trim(hash(&key), 0);
    }
    assert_eq!(table.rows(), 1000);
    table.set_budget(0, 500);
    assert_eq!(table.rows(), 500);
    table.set_budget(0, 1000);
    assert_eq!((table.rows(), table.bytes()), (0, 0));
}

#[test]
fn a_commit_evicts_what_a_smaller_budget_had_to_leave() {
    let table = HotTable::new(ROOMY);
    let row = record("a", "v");
    table.stage(hash("a"), &row, false, 7);
    table.trim(hash("a"), 6);
    table.set_budget(0, 6);
    assert_eq!(table.rows(), 1, "it is not committed");
    // The hand takes away the second chances of a row before it takes the row.
    (0..8).for_each(|_| table.trim(hash("a"), 7));
    assert_eq!(table.rows(), 0);
}

#[test]
fn a_withdrawn_row_leaves_only_if_it_is_still_that_version() {
    let table = HotTable::new(ROOMY);
    table.stage(hash("a"), &record("a", "1"), false, 1);
    table.stage(hash("a"), &record("a", "2"), false, 2);
    table.withdraw(hash("a"), b"a", 1);
    assert_eq!(value_of(&table, "a").as_deref(), Some("2"));
    table.withdraw(hash("a"), b"a", 2);
    assert!(matches!(table.get(hash("a"), b"a"), Found::Unknown(_)));
    assert_eq!(table.bytes(), 0);
}

#[test]
fn a_filled_row_never_carries_the_version_of_a_staged_neighbour() {
    let table = HotTable::new(ROOMY);
    // Two keys of one stripe: the second is filled while the first is staged and not committed.
    let (one, other) = (hash("a"), hash("a") ^ 1);
    table.stage(one, &record("a", "staged"), false, 9);
    let Found::Unknown(stamp) = table.get(other, b"b") else {
        panic!("nothing is known of the neighbour")
    };
    table.fill(other, record("b", "stored"), false, stamp, 4);
    let Found::Row { version, .. } = table.get(other, b"b") else {
        panic!("the neighbour was filled")
    };
    assert!(version <= 4, "version {version} belongs to the staged row");
    assert_eq!(table.stage(other, &record("b", "new"), false, 10), Some(4));
}

/// A meta row key of a namespace, as far as the table knows them.
fn key_row(ns: u32, name: &str) -> Record {
    Record::new(
        &[b"m", &ns.to_be_bytes()[..], name.as_bytes()].concat(),
        &[],
    )
}

#[test]
fn a_key_is_drawn_only_while_the_table_holds_all_of_its_namespace() {
    let table = HotTable::new(ROOMY);
    let mut random = rand::rng();
    let mut draw = |ns, keys| table.draw_key(ns, keys, &mut random);
    assert!(draw(1, 0).is_none());
    for n in 0..20u64 {
        table.stage(n << 40, &key_row(1, &n.to_string()), false, 7);
        table.stage(
            n << 40,
            &record(&n.to_string(), "of another kind"),
            false,
            7,
        );
    }
    table.stage(0, &key_row(2, "0"), false, 8);
    let (row, version) = draw(1, 20).expect("all are here");
    assert_eq!(
        (row.key()[..5].to_vec(), version),
        (b"m\0\0\0\x01".to_vec(), 7)
    );
    assert!(draw(1, 21).is_none(), "one is not here");
    // Known absences do not count, and a key that comes back does.
    table.stage(0, &key_row(1, "0"), true, 9);
    assert!(draw(1, 20).is_none() && draw(1, 19).is_some());
    table.stage(0, &key_row(1, "0"), false, 10);
    assert!(draw(1, 20).is_some());
    table.withdraw(0, key_row(1, "0").key(), 10);
    assert!(draw(1, 20).is_none() && draw(1, 19).is_some());
    let Found::Unknown(stamp) = table.get(0, b"unknown") else {
        panic!("nothing is known of it")
    };
    table.fill(0, key_row(1, "0"), false, stamp, 10);
    table.fill(1, key_row(1, "absent"), true, stamp, 10);
    assert!(draw(1, 20).is_some());
    table.clear_committed(10);
    assert!(draw(1, 20).is_none() && draw(2, 1).is_none());
}

#[test]
fn a_smaller_budget_is_reached_even_by_rows_with_second_chances() {
    let table = HotTable::new(ROOMY);
    for n in 0..50_000 {
        let key = format!("k{n}");
        table.stage(hash(&key), &record(&key, "v"), false, 1);
        for _ in 0..4 {
            table.get(hash(&key), key.as_bytes());
        }
    }
    table.set_budget(1 << 20, 1);
    assert!(table.bytes() <= 1 << 20, "{} bytes are left", table.bytes());
    assert!(table.rows() > 1000, "no more was evicted than had to be");
}

#[test]
fn the_budget_holds_and_read_rows_outlive_a_scan() {
    let budget = 64 * 100 * (ROW_OVERHEAD_BYTES + 16);
    let table = HotTable::new(budget);
    let keys: Vec<String> = (0..2000).map(|n| format!("hot{n}")).collect();
    for key in &keys {
        let stamp = stamp_of(&table, key);
        table.fill(hash(key), record(key, "v"), false, stamp, 0);
    }
    for _ in 0..3 {
        keys.iter()
            .for_each(|key| assert!(value_of(&table, key).is_some()));
    }
    for n in 0..100_000 {
        let key = format!("cold{n}");
        let stamp = stamp_of(&table, &key);
        table.fill(hash(&key), record(&key, "v"), false, stamp, 0);
        assert!(table.bytes() <= budget);
    }
    let kept = keys
        .iter()
        .filter(|key| value_of(&table, key).is_some())
        .count();
    assert!(
        kept > 1900,
        "only {kept} of 2000 hot rows survived the scan"
    );
}
