//! Owns the one memory target of the process: how the hot table, the block cache and everything
//! else share it, and when writes that need memory are refused.
//!
//! The law, at each tick: what the process holds beyond the two caches (code, write buffers,
//! clients, scripts, allocator) is *other*, and cannot be steered. What the target leaves is the
//! room of the caches. Room that is missing is taken at once, from the hot table first and from the
//! block cache below the hot table's least; room that is found is given slowly. An evicted row
//! leaves a hole in a page, not a page, so what was taken shows late: between two takings the
//! process is given time. When both stand at their least and the process is still over, the hot
//! table is emptied once; if it stays clearly over, writes are refused until it is below.
//!
//! Invariants: budgets stay between their least and what the target allows; nothing here measures
//! the process, the caller does. Must not know: allocators, clients. Tests: `memory/tests.rs`.

use crate::store::Store;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;

const MIB: usize = 1 << 20;
/// Share of the room that is the block cache's, percent, unless the server says otherwise.
const BLOCK_CACHE_PERCENT: usize = 40;
/// Memtables may take this part of the target; more of it are flushed early.
const MEMTABLES_DIVISOR: usize = 8;
/// Least bytes of the hot table: what is staged passes through it.
const HOT_TABLE_MIN: usize = 4 * MIB;
/// Least bytes of the block cache: indexes and filters of the files being read.
const BLOCK_CACHE_MIN: usize = 8 * MIB;
/// A resident size above the target by this part of it is within what measuring is worth.
const TOLERANCE_DIVISOR: usize = 50;
/// Writes are refused above the target by this part of it: well over what the caches are steered
/// to, below the fifth that a control group around the process may be expected to leave.
const REFUSAL_DIVISOR: usize = 8;
/// Ticks from one taking of room to the next.
const TAKING_TICKS: u32 = 5;
/// A taking of more than this is worth asking the allocator for the pages.
const RELEASE_MIN: usize = 4 * MIB;
/// Found room is given in steps of this part of it.
const GROWTH_DIVISOR: usize = 16;
/// Changes of less than this part of a budget are not worth an eviction walk.
const DEADBAND_DIVISOR: usize = 64;
/// Ticks that the process stays over before writes are refused: memory that was let go takes a
/// moment to leave it.
const OVER_TICKS: u32 = 10;
/// Ticks that it stays over before the hot table is emptied. Where a large table has shrunk, each
/// row that is left may keep a page of holes; without any the pages go, and new rows share a few.
const EMPTYING_TICKS: u32 = OVER_TICKS / 2;

/// What the process holds now, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory of the process.
    pub resident: usize,
    /// Rows of the hot table, by its estimate.
    pub hot_table: usize,
    /// Block cache in use, with the memtables that are charged to it.
    pub block_cache: usize,
    /// Memtables.
    pub memtables: usize,
}

/// What the caches may hold, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// Rows of the hot table.
    pub hot_table: usize,
    /// Block cache, with the memtables that are charged to it.
    pub block_cache: usize,
    /// The process holds more than it may although the caches are at their least.
    pub over_limit: bool,
}

/// The control law: numbers in, budgets out.
#[derive(Debug, Clone)]
struct Law {
    target: usize,
    block_cache_percent: usize,
    budgets: Budgets,
    over_ticks: u32,
    /// Ticks that the process has been over with the caches at their least.
    stuck_ticks: u32,
    /// Ticks until room may be taken again.
    settling: u32,
    /// Room was taken at the last tick, because the process was over or because it was about to be.
    taking: bool,
}

impl Law {
    fn new(target: usize, block_cache_percent: usize) -> Law {
        let mut law = Law {
            target,
            block_cache_percent,
            budgets: Budgets {
                hot_table: HOT_TABLE_MIN,
                block_cache: BLOCK_CACHE_MIN,
                over_limit: false,
            },
            over_ticks: 0,
            stuck_ticks: 0,
            settling: 0,
            taking: false,
        };
        // Before anything is measured half of the target is taken to be the caches'.
        law.budgets = Budgets {
            over_limit: false,
            ..law.shares(target / 2, 0)
        };
        law
    }

    /// How the caches share `room`. Memtables are charged to the block cache and shrink when they
    /// please, so its share of what they leave goes on top of them: the indexes of the files being
    /// read must fit in it, or a read of one row becomes several of the disk.
    fn shares(&self, room: usize, memtables: usize) -> Budgets {
        let blocks = room.saturating_sub(memtables) / 100 * self.block_cache_percent;
        let block_cache = memtables + blocks.max(BLOCK_CACHE_MIN);
        let hot_table = room.saturating_sub(block_cache).max(HOT_TABLE_MIN);
        Budgets {
            hot_table,
            block_cache,
            over_limit: self.budgets.over_limit,
        }
    }

    fn tick(&mut self, usage: Usage) -> Budgets {
        let caches = usage.hot_table + usage.block_cache;
        let other = usage.resident.saturating_sub(caches);
        let least = BLOCK_CACHE_MIN + usage.memtables;
        let goal = self.shares(self.target.saturating_sub(other), usage.memtables);
        let over = usage.resident > self.target + self.target / TOLERANCE_DIVISOR;
        let far_over = usage.resident > self.target + self.target / REFUSAL_DIVISOR;
        let before = self.budgets;
        self.settling = self.settling.saturating_sub(1);
        self.taking = over && (self.settling == 0 || far_over);
        if self.taking {
            self.settling = TAKING_TICKS;
            // Beyond what the shares say: an estimate that is too low must not keep it over.
            let excess = usage.resident - self.target;
            let hot = usage.hot_table.min(self.budgets.hot_table);
            let from_hot = excess.min(hot.saturating_sub(HOT_TABLE_MIN));
            let hot = (hot - from_hot).max(HOT_TABLE_MIN).min(goal.hot_table);
            let from_blocks = excess - from_hot;
            let blocks = self.budgets.block_cache.saturating_sub(from_blocks);
            self.budgets.hot_table = hot;
            self.budgets.block_cache = blocks.clamp(least, goal.block_cache);
        } else if !over {
            self.budgets.hot_table = step(self.budgets.hot_table, goal.hot_table);
            self.budgets.block_cache = step(self.budgets.block_cache, goal.block_cache);
        }
        let given = before.hot_table + before.block_cache;
        let left = self.budgets.hot_table + self.budgets.block_cache;
        self.taking |= given.saturating_sub(left) > RELEASE_MIN;
        let at_least = self.budgets.hot_table <= HOT_TABLE_MIN && self.budgets.block_cache <= least;
        self.over_ticks = if far_over && at_least {
            self.over_ticks.saturating_add(1)
        } else {
            0
        };
        self.stuck_ticks = match over {
            true if at_least => self.stuck_ticks.saturating_add(1),
            true => self.stuck_ticks,
            false => 0,
        };
        if self.stuck_ticks == EMPTYING_TICKS {
            self.budgets.hot_table = 0;
            self.taking = true;
        }
        if self.over_ticks >= OVER_TICKS {
            self.budgets.over_limit = true;
        } else if !over {
            self.budgets.over_limit = false;
        }
        self.budgets
    }
}

/// From a budget to its goal: at once when it shrinks, by a part of the way when it grows.
fn step(now: usize, goal: usize) -> usize {
    if goal.abs_diff(now) <= now / DEADBAND_DIVISOR {
        return now;
    }
    if goal < now {
        goal
    } else {
        now + ((goal - now) / GROWTH_DIVISOR).max(MIB).min(goal - now)
    }
}

/// Holds a store's process to its target; tick it about ten times a second.
pub struct MemoryController {
    store: Arc<Store>,
    state: Mutex<State>,
}

struct State {
    law: Law,
    /// Bytes that all memtables may hold whatever the target.
    memtables_max: usize,
    applied: Option<Budgets>,
}

impl MemoryController {
    /// A controller for a target in bytes; 0 takes half of the memory there is.
    pub fn new(store: Arc<Store>, maxmemory: usize) -> MemoryController {
        let law = Law::new(target_of(maxmemory), BLOCK_CACHE_PERCENT);
        let controller = MemoryController {
            store,
            state: Mutex::new(State {
                law,
                memtables_max: usize::MAX,
                applied: None,
            }),
        };
        controller.apply(&mut controller.state.lock());
        controller.set_maxmemory(maxmemory);
        controller
    }

    /// Changes the target; the next ticks bring the process there.
    pub fn set_maxmemory(&self, maxmemory: usize) {
        let target = target_of(maxmemory);
        let mut state = self.state.lock();
        state.law.target = target;
        let memtables = (target / MEMTABLES_DIVISOR).min(state.memtables_max);
        self.store.engine().limit_memtables(memtables);
    }

    /// Bounds the memtables of all partitions together, below their share of the target.
    pub fn set_memtables_max(&self, bytes: usize) {
        let target = {
            let mut state = self.state.lock();
            state.memtables_max = bytes;
            state.law.target
        };
        self.set_maxmemory(target);
    }

    /// Changes the block cache's share of what the caches have.
    pub fn set_block_cache_percent(&self, percent: usize) {
        self.state.lock().law.block_cache_percent = percent.min(95);
    }

    /// Adjusts the caches, given the resident bytes of the process now. Tells whether they had to
    /// give: pages that the allocator holds unused should leave the process then.
    pub fn tick(&self, resident: usize) -> bool {
        let (block_cache, memtables) = self.store.engine().memory_used();
        let usage = Usage {
            resident,
            hot_table: self.store.table().bytes(),
            block_cache,
            memtables,
        };
        let mut state = self.state.lock();
        state.law.tick(usage);
        self.apply(&mut state);
        state.law.taking
    }

    fn apply(&self, state: &mut State) {
        let budgets = state.law.budgets;
        let before = state.applied.replace(budgets);
        self.store.set_over_memory(budgets.over_limit);
        if before.map(|before| before.hot_table) != Some(budgets.hot_table) {
            let committed = self.store.queue().committed();
            self.store.table().set_budget(budgets.hot_table, committed);
        }
        if before.map(|before| before.block_cache) != Some(budgets.block_cache) {
            self.store
                .engine()
                .set_block_cache_bytes(budgets.block_cache);
        }
    }
}

/// The block cache, in bytes, that a store is opened with; the controller moves it from there.
pub fn block_cache_at_start(maxmemory: usize, percent: usize) -> usize {
    (target_of(maxmemory) / 100 * percent).max(BLOCK_CACHE_MIN)
}

/// The target in bytes that `maxmemory` means: 0 is half of the memory that the machine, or the
/// lowest limit of the control groups around the process, has. More than the machine has is no
/// target: RocksDB would map the table of its cache for all of it.
pub fn target_of(maxmemory: usize) -> usize {
    let machine = memory_total();
    if maxmemory != 0 {
        return maxmemory.min(machine.unwrap_or(maxmemory));
    }
    let machine = machine.unwrap_or(1 << 30);
    machine.min(cgroup_limit().unwrap_or(usize::MAX)) / 2
}

/// Memory of the machine.
fn memory_total() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}

/// The lowest limit of the control groups around this process, if they have one.
fn cgroup_limit() -> Option<usize> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    lowest_limit(&own, Path::new("/sys/fs/cgroup"))
}

/// The lowest limit of the groups that `own` names, a line `number:controllers:path` each: of
/// version 2, which has no controllers in its line, and of version 1's `memory`.
fn lowest_limit(own: &str, mounted: &Path) -> Option<usize> {
    let limits = own.lines().filter_map(|line| {
        let (_, named) = line.split_once(':')?;
        let (controllers, group) = named.split_once(':')?;
        let (mut directory, file) = match controllers {
            "" => (mounted.to_owned(), "memory.max"),
            "memory" => (mounted.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        let mut limits = vec![read_limit(&directory.join(file))];
        for part in group.split('/').filter(|part| !part.is_empty()) {
            directory.push(part);
            limits.push(read_limit(&directory.join(file)));
        }
        limits.into_iter().flatten().min()
    });
    limits.min()
}

fn read_limit(file: &Path) -> Option<usize> {
    let text = std::fs::read_to_string(file).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests;
