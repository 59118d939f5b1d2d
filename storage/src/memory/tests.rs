//! The control law against a simulated process.

use super::*;

/// A process whose caches fill up to their budgets, and that holds `other` besides.
struct Process {
    law: Law,
    usage: Usage,
    other: usize,
    /// Bytes that the caches would like to hold, each.
    wanted: usize,
    /// How much an estimated byte really takes, percent.
    weight: usize,
}

impl Process {
    fn new(target: usize, other: usize) -> Process {
        Process {
            law: Law::new(target, BLOCK_CACHE_PERCENT),
            usage: Usage {
                resident: other,
                hot_table: 0,
                block_cache: 0,
                memtables: 0,
            },
            other,
            wanted: usize::MAX,
            weight: 100,
        }
    }

    fn run(&mut self, ticks: usize) -> Budgets {
        for _ in 0..ticks {
            let budgets = self.law.budgets;
            self.usage.hot_table = budgets.hot_table.min(self.wanted);
            self.usage.block_cache = budgets.block_cache.min(self.wanted);
            let caches = self.usage.hot_table + self.usage.block_cache;
            self.usage.resident = self.other + caches / 100 * self.weight;
            self.law.tick(self.usage);
        }
        self.law.budgets
    }
}

#[test]
fn a_full_process_settles_at_its_target() {
    let mut process = Process::new(256 * MIB, 60 * MIB);
    let budgets = process.run(300);
    let room = 196 * MIB;
    assert!(budgets.hot_table + budgets.block_cache <= room + room / 20);
    assert!(budgets.hot_table + budgets.block_cache >= room - room / 10);
    assert!(process.usage.resident <= 256 * MIB + 6 * MIB);
    assert!(!budgets.over_limit);
    assert_eq!(process.run(1), process.run(50), "it has settled");
}

#[test]
fn memtables_leave_the_blocks_their_share() {
    let law = Law::new(128 * MIB, 40);
    let without = law.shares(100 * MIB, 0);
    assert_eq!(without.block_cache / MIB, 40);
    let budgets = law.shares(100 * MIB, 30 * MIB);
    assert_eq!((budgets.block_cache - 30 * MIB) / MIB, 27, "of the 70 left");
    assert!(budgets.hot_table + budgets.block_cache <= 100 * MIB);
    let flooded = law.shares(20 * MIB, 30 * MIB);
    assert_eq!(flooded.block_cache, 30 * MIB + BLOCK_CACHE_MIN);
}

#[test]
fn estimates_that_are_too_low_do_not_keep_it_over() {
    let mut process = Process::new(256 * MIB, 40 * MIB);
    process.weight = 160;
    process.run(300);
    let ceiling = 256 * MIB + 256 * MIB / 5;
    for _ in 0..100 {
        process.run(1);
        assert!(
            process.usage.resident <= ceiling,
            "{}",
            process.usage.resident
        );
    }
    assert!(!process.law.budgets.over_limit);
}

#[test]
fn the_hot_table_gives_first_then_the_block_cache_then_writes_are_refused() {
    let mut process = Process::new(256 * MIB, 40 * MIB);
    let full = process.run(300);
    process.other = 130 * MIB;
    let less = process.run(100);
    assert!(less.hot_table < full.hot_table && !less.over_limit);
    process.other = 300 * MIB;
    let least = process.run(OVER_TICKS as usize + 3);
    assert_eq!(
        (least.hot_table, least.block_cache),
        (HOT_TABLE_MIN, BLOCK_CACHE_MIN)
    );
    assert!(least.over_limit);
    process.other = 100 * MIB;
    let again = process.run(300);
    assert!(!again.over_limit && again.hot_table > 4 * HOT_TABLE_MIN);
}

#[test]
fn a_table_whose_last_rows_hold_pages_of_holes_is_emptied_before_writes_are_refused() {
    let mut process = Process::new(128 * MIB, 40 * MIB);
    process.run(50);
    // What is left of a table that was much larger.
    process.other = 200 * MIB;
    let mut emptied = false;
    for _ in 0..40 {
        let budgets = process.run(1);
        assert!(!budgets.over_limit);
        if budgets.hot_table == 0 {
            emptied = true;
            process.other = 40 * MIB;
        }
    }
    assert!(emptied);
    assert!(process.run(100).hot_table > HOT_TABLE_MIN, "it grows again");
}

#[test]
fn writes_go_on_in_a_process_that_is_a_little_over() {
    let mut process = Process::new(256 * MIB, 40 * MIB);
    process.run(300);
    // Write buffers, the caches at their least and what cannot be steered: 10 % over.
    process.other = 270 * MIB;
    let least = process.run(100);
    assert_eq!(
        (least.hot_table, least.block_cache),
        (HOT_TABLE_MIN, BLOCK_CACHE_MIN)
    );
    assert!(process.usage.resident > 256 * MIB + 256 * MIB / 12);
    assert!(!least.over_limit);
    process.other = 300 * MIB;
    assert!(process.run(OVER_TICKS as usize + 1).over_limit);
    process.other = 200 * MIB;
    assert!(!process.run(2).over_limit);
}

#[test]
fn room_that_was_taken_has_time_to_show() {
    let mut law = Law::new(256 * MIB, BLOCK_CACHE_PERCENT);
    let usage = Usage {
        resident: 266 * MIB,
        hot_table: 100 * MIB,
        block_cache: 70 * MIB,
        memtables: 0,
    };
    law.budgets.hot_table = 100 * MIB;
    law.budgets.block_cache = 70 * MIB;
    let taken = law.tick(usage);
    assert!(law.taking && taken.hot_table < 100 * MIB);
    for _ in 1..TAKING_TICKS {
        assert_eq!(law.tick(usage), taken);
    }
    law.tick(usage);
    assert!(law.taking);
}

#[test]
fn growth_is_slow_and_shrinking_is_not() {
    let mut process = Process::new(1024 * MIB, 100 * MIB);
    process.run(300);
    process.law.target = 256 * MIB;
    let shrunk = process.run(3);
    assert!(shrunk.hot_table + shrunk.block_cache <= 200 * MIB);
    process.law.target = 1024 * MIB;
    let soon = process.run(2);
    assert!(soon.hot_table < 2 * shrunk.hot_table + 64 * MIB);
    let later = process.run(300);
    assert!(later.hot_table > 400 * MIB);
}

#[test]
fn an_automatic_target_is_at_most_half_of_the_machine() {
    let machine = memory_total().unwrap();
    let target = target_of(0);
    assert!(target > 0 && target <= machine / 2);
    assert_eq!(target_of(5), 5);
    // No less than a cache works with, and no more than there is.
    assert_eq!(block_cache_at_start(5, 40), BLOCK_CACHE_MIN);
    assert_eq!(block_cache_at_start(usize::MAX, 40), machine / 100 * 40);
}

#[test]
fn limits_of_control_groups_of_either_version_are_found() {
    let mounted = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let file = mounted.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("memory/a/memory.limit_in_bytes", "3000\n");
    write("memory/a/b/memory.limit_in_bytes", "4000\n");
    write("c/memory.max", "max\n");
    write("c/d/memory.max", "5000\n");
    let limit = |own: &str| lowest_limit(own, mounted.path());
    assert_eq!(limit("5:cpu,cpuacct:/a\n4:memory:/a/b\n"), Some(3000));
    assert_eq!(limit("0::/c/d\n"), Some(5000));
    assert_eq!(limit("4:memory:/a/b\n0::/c/d\n"), Some(3000));
    assert_eq!(limit("0::/c\n"), None);
    assert_eq!(limit(""), None);
}
