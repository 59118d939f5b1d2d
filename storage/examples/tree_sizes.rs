//! Measures counted trees with nodes of different lengths: CPU and bytes per operation.
//!
//! `cargo run --release -p ferrock-storage --example tree_sizes [entries ...]` prints one line for
//! each pair of lengths. The hot table holds everything. A change is an edit of its own: its time
//! ends when the edit is ready to be staged, its bytes are what the log grew by.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use storage::change::Event;
use storage::collection::Place;
use storage::collection::tree::{Builder, Form, Sizes, Tree, TreeKind};
use storage::encoding::meta::{DataType, Header};
use storage::engine::Tier;
use storage::limits::{BLOB_BYTES_MIN, PACKED_BYTES_MAX};
use storage::{Edit, Options, Result, Store, View, ViewOptions};

const KEY: &[u8] = b"tree";
const DISK: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};
/// Reads measured per figure.
const ROUNDS: u64 = 50_000;
/// Changes measured per figure: few enough that the log is not begun anew meanwhile.
const CHANGES: u64 = 4_000;

fn open(view: &View<'_>, kind: TreeKind) -> Result<(Tree, Place)> {
    let entry = view.open(KEY)?;
    let place = Place::of(&entry);
    match entry.payload_value() {
        Some(payload) => Ok((Tree::decode(kind, &payload, 1)?.0, place)),
        None => Ok((Tree::empty(kind), place)),
    }
}

fn change<T>(
    edit: &mut Edit<'_>,
    kind: TreeKind,
    change: impl FnOnce(&mut Edit<'_>, &mut Place, &mut Tree) -> Result<T>,
) -> Result<T> {
    let entry = edit.open(KEY)?;
    let (mut tree, mut place) = open(edit, kind)?;
    let result = change(edit, &mut place, &mut tree)?;
    let mut header = Header::new(DataType::List);
    header.head = place.head(tree.len());
    let head = tree.encode_head();
    edit.put(
        &entry,
        header,
        &[&[6], &head, tree.root_bytes()],
        &[Event::Set],
    )?;
    Ok(result)
}

/// Spreads consecutive numbers over all 64 bits.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A score and a member of ten bytes.
fn key_of(n: u64) -> [u8; 18] {
    let mut key = [b'm'; 18];
    key[..8].copy_from_slice(&spread(n).to_be_bytes());
    key[10..].copy_from_slice(&n.to_be_bytes());
    key
}

/// Nanoseconds per call.
fn time(mut call: impl FnMut(u64) -> Result<()>) -> Result<u64> {
    let start = Instant::now();
    for round in 0..ROUNDS {
        call(round)?;
    }
    Ok(start.elapsed().as_nanos() as u64 / ROUNDS)
}

fn build(store: &Store, kind: TreeKind, count: u64) -> Result<()> {
    let mut keys: Vec<[u8; 18]> = (0..count).map(key_of).collect();
    keys.sort_unstable();
    let mut edit = store.edit(0, DISK)?;
    let mut spilled = false;
    change(&mut edit, kind, |edit, place, tree| {
        let mut builder = Builder::new(kind);
        for key in &keys {
            let value = key.get(8..).unwrap_or_default();
            if builder.push(edit, place, key, value)?
                && let Some(head) = place.head(count)
            {
                edit.spill(head, &mut spilled)?;
            }
        }
        *tree = builder.finish(edit, place)?;
        if let Some(head) = place.head(count) {
            edit.publish(head, spilled);
        }
        Ok(())
    })?;
    let position = edit.stage()?;
    store.leader().wait_blocking(position)
}

/// Nanoseconds until a change is ready to be staged, and bytes of the log per change.
fn time_change(
    store: &Store,
    path: &Path,
    kind: TreeKind,
    mut call: impl FnMut(u64, &mut Edit<'_>, &mut Place, &mut Tree) -> Result<()>,
) -> Result<(u64, u64)> {
    let mut spent = 0;
    let before = log_bytes(path);
    for round in 0..CHANGES {
        let start = Instant::now();
        let mut edit = store.edit(0, DISK)?;
        change(&mut edit, kind, |edit, place, tree| {
            call(round, edit, place, tree)
        })?;
        spent += start.elapsed().as_nanos() as u64;
        let position = edit.stage()?;
        store.leader().wait_blocking(position)?;
    }
    Ok((spent / CHANGES, (log_bytes(path) - before) / CHANGES))
}

fn log_bytes(path: &Path) -> u64 {
    let files = std::fs::read_dir(path.join("rocksdb"))
        .into_iter()
        .flatten()
        .flatten();
    let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "log"));
    logs.filter_map(|file| file.metadata().ok())
        .map(|data| data.len())
        .sum()
}

fn measure(count: u64, leaf_max: usize, inner_max: usize) -> Result<()> {
    let dir = std::env::temp_dir().join(format!("tree-sizes-{}", std::process::id()));
    let store = Store::open(Options {
        hot_table_bytes: 1 << 30,
        ..Options::new(&dir)
    })?;
    let sizes = Sizes {
        root_max: PACKED_BYTES_MAX,
        leaf_max,
        inner_max,
        value_max: BLOB_BYTES_MIN,
    };
    let keys = TreeKind::new(1, Form::Keys).with_sizes(sizes);
    build(&store, keys, count)?;
    let pick = |round: u64| spread(round * 7 + 3) % count;
    // Everything is read once, so that the hot table has it.
    let view = store.view(0, DISK)?;
    let (tree, place) = open(&view, keys)?;
    for n in 0..count {
        tree.rank(&view, &place, &key_of(n))?;
    }
    let find = time(|round| {
        black_box(tree.find(&view, &place, &key_of(pick(round)))?);
        Ok(())
    })?;
    let rank = time(|round| {
        black_box(tree.rank(&view, &place, &key_of(pick(round)))?);
        Ok(())
    })?;
    let at = time(|round| {
        black_box(tree.at(&view, &place, pick(round))?);
        Ok(())
    })?;
    let walk = time(|round| {
        let mut cursor = tree.cursor_at_rank(&view, &place, pick(round))?;
        for _ in 0..100 {
            black_box(cursor.key());
            cursor.advance()?;
        }
        Ok(())
    })?;
    let height = tree.height();
    drop(view);
    let (insert, insert_bytes) = time_change(&store, &dir, keys, |round, edit, place, tree| {
        tree.insert(edit, place, &key_of(count + round), b"")
            .map(|_| ())
    })?;
    let (remove, _) = time_change(&store, &dir, keys, |round, edit, place, tree| {
        tree.remove(edit, place, &key_of(count + round)).map(|_| ())
    })?;
    let (append, append_bytes) = time_change(&store, &dir, keys, |round, edit, place, tree| {
        let mut key = [0xff; 18];
        key[10..].copy_from_slice(&round.to_be_bytes());
        tree.insert(edit, place, &key, b"").map(|_| ())
    })?;
    println!(
        "| {count} | {leaf_max} | {inner_max} | {height} | {find} | {rank} | {at} | {walk} | \
         {insert} | {remove} | {append} | {insert_bytes} | {append_bytes} |"
    );
    store.close()?;
    drop(store);
    let _ = std::fs::remove_dir_all(dir);
    Ok(())
}

fn main() -> Result<()> {
    let counts: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    println!(
        "| entries | leaf | inner | height | find ns | rank ns | at ns | 100 in order ns | \
         insert ns | remove ns | append ns | bytes per insert | bytes per append |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for count in counts {
        for leaf_max in [512, 1024, 2048] {
            for inner_max in [512, 1024, 2048] {
                measure(count, leaf_max, inner_max)?;
            }
        }
    }
    Ok(())
}
