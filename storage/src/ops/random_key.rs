//! Owns RANDOMKEY: a key that is any key of the database with the same probability.
//! Invariants: no walk over the database; where the hot table holds every key, one of its rows is
//! drawn; otherwise the slot is chosen by its number of keys, and within it an interval of h at
//! random, accepted with probability (its keys) / (most keys of an interval), which makes every key
//! as likely as any other; what was chosen and has expired counts as nothing chosen.
//! Must not know: replies. Tests: below, `storage/tests/keyspace` (chi-square).
//!
//! An interval that is rejected costs reads of the disk, a longer one is rejected less often and
//! costs more reading: its length follows from that of the rows.

use crate::encoding::key;
use crate::encoding::meta::Header;
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::SLOTS;
use crate::registry::Counts;
use crate::view::{KeyIterator, View};
use rand::{Rng, RngExt};
use std::collections::BTreeMap;

/// Bytes of rows that an interval is sized for: the disk gives them nearly as fast as one block.
const INTERVAL_BYTES: u64 = 8 << 10;
/// Bytes of rows up to which a slot is a single interval. None is rejected then, and the disk gives
/// so many in less time than two reads take.
const SLOT_BYTES: u64 = 32 << 10;
/// Bounds of the number of keys that an interval is sized for.
const INTERVAL_KEYS: std::ops::RangeInclusive<u64> = 16..=128;
/// Intervals looked at in one slot; each is accepted with a probability near 1/4 or above.
const INTERVALS_MAX: usize = 256;
/// Keys chosen in vain, expired or vanished, before the search becomes a walk.
const TRIES_MAX: usize = 100;
/// One more than the largest h.
const H_END: u64 = 1 << 48;

/// A key of the view's database, or `None` if there is none that has not expired.
///
/// After too many expired ones the answer is the next living key from a random place on, which is
/// not uniform, but found even if all others have expired.
pub fn random_key(view: &View<'_>, random: &mut impl Rng) -> Result<Option<Vec<u8>>> {
    let sizes = Sizes::of(view);
    let mut sampler = None;
    for _ in 0..TRIES_MAX {
        if sizes.total() == 0 {
            return Ok(None);
        }
        if let Some(row) = view.draw_hot_key(random) {
            if !Header::decode(row.value())?.0.expired(view.now_ms()) {
                let parts = key::parse_meta(row.key());
                return Ok(parts.map(|parts| parts.user_key.to_vec()));
            }
            continue;
        }
        let Some(slot) = sizes.choose(random) else {
            continue;
        };
        let sampler = sampler.get_or_insert_with(|| Sampler::new(view));
        if let Some((key, true)) = sampler.sample_slot(slot, sizes.slot(slot), random)? {
            return Ok(Some(key));
        }
    }
    walk(view, random)
}

/// Numbers of keys as the view sees them: those staged, and what its own edit changes.
struct Sizes<'v> {
    counts: &'v Counts,
    ns: u32,
    own: BTreeMap<u16, i64>,
}

impl<'v> Sizes<'v> {
    fn of(view: &View<'v>) -> Sizes<'v> {
        Sizes {
            counts: view.store().counts(),
            ns: view.ns(),
            own: view.own_key_changes(),
        }
    }

    fn total(&self) -> u64 {
        let own: i64 = self.own.values().sum();
        self.counts.total(self.ns).saturating_add_signed(own)
    }

    fn slot(&self, slot: u16) -> u64 {
        let own = self.own.get(&slot).copied().unwrap_or(0);
        self.counts.slot(self.ns, slot).saturating_add_signed(own)
    }

    /// A slot, each as likely as it has keys; `None` if none was found, as counts change meanwhile.
    fn choose(&self, random: &mut impl Rng) -> Option<u16> {
        let mut rank = random.random_range(0..self.total().max(1));
        for &slot in self.own.keys() {
            match rank.checked_sub(self.slot(slot)) {
                Some(rest) => rank = rest,
                None => return Some(slot),
            }
        }
        // Among the others as the counts have them; those looked at above are drawn in vain.
        for _ in 0..TRIES_MAX {
            let rank = random.random_range(0..self.counts.total(self.ns).max(1));
            let slot = self.counts.slot_of_rank(self.ns, rank);
            if slot.is_none_or(|slot| !self.own.contains_key(&slot)) {
                return slot;
            }
        }
        None
    }
}

/// What an interval gave.
enum Sample {
    /// The chosen key, and whether it lives.
    Key(Vec<u8>, bool),
    /// Fewer keys than the chosen place asks for: rejected.
    Nothing,
    /// More keys than there are places to choose.
    Crowded,
}

/// Looks into intervals of slots, with one iterator for all of them.
struct Sampler<'v> {
    view: &'v View<'v>,
    rows: Option<KeyIterator<'v>>,
    /// Average length of a row, 0 for unknown.
    row_bytes: u64,
    /// Rows read, and their bytes.
    read: (u64, u64),
}

impl<'v> Sampler<'v> {
    fn new(view: &'v View<'v>) -> Sampler<'v> {
        Sampler {
            view,
            rows: None,
            row_bytes: view.store().counts().row_bytes(view.ns()),
            read: (0, 0),
        }
    }

    /// One key of a slot that should have so many, and whether it lives; `None` if none was found.
    fn sample_slot(
        &mut self,
        slot: u16,
        count: u64,
        random: &mut impl Rng,
    ) -> Result<Option<(Vec<u8>, bool)>> {
        let count = count.max(1);
        let (keys, keys_max) = interval_keys(self.row_bytes);
        let bytes = count.saturating_mul(self.row_bytes);
        let alone = count <= keys_max || (1..=SLOT_BYTES).contains(&bytes);
        // A single interval competes with no other: its keys are known by number, none is rejected.
        let (intervals, places) = if alone {
            (1, count)
        } else {
            (count.div_ceil(keys), keys_max)
        };
        for _ in 0..INTERVALS_MAX {
            let (mut start, mut end) = interval(random.random_range(0..intervals), intervals);
            let place = random.random_range(0..places);
            loop {
                match self.sample_interval(slot, (start, end), places, place)? {
                    Sample::Key(key, lives) => {
                        self.note_row_bytes();
                        return Ok(Some((key, lives)));
                    }
                    Sample::Nothing => break,
                    Sample::Crowded => {}
                }
                let middle = start + (end - start) / 2;
                if middle == start {
                    break;
                }
                if random.random() {
                    start = middle;
                } else {
                    end = middle;
                }
            }
        }
        Ok(None)
    }

    /// The key at `place` among those of an interval `[start, end)` of a slot, if there are at
    /// most `places` of them.
    fn sample_interval(
        &mut self,
        slot: u16,
        (start, end): (u64, u64),
        places: u64,
        place: u64,
    ) -> Result<Sample> {
        let (view, read) = (self.view, &mut self.read);
        let rows = match &mut self.rows {
            Some(rows) => {
                rows.seek(slot, start)?;
                rows
            }
            None => {
                let ahead = ((place + 1) * self.row_bytes).min(SLOT_BYTES);
                let rows = view.iterate_keys_ahead(slot, start, ahead as usize);
                self.rows.insert(rows)
            }
        };
        let (mut found, mut keys) = (Sample::Nothing, 0);
        while let Some((parts, value)) = rows.next_row()? {
            if (parts.slot, parts.h48) >= (slot, end) {
                break;
            }
            if keys == places {
                return Ok(Sample::Crowded);
            }
            let bytes = key::META_PREFIX_LEN + parts.user_key.len() + value.len();
            *read = (read.0 + 1, read.1 + bytes as u64);
            if keys == place {
                let lives = !Header::decode(value)?.0.expired(view.now_ms());
                found = Sample::Key(parts.user_key.to_vec(), lives);
                if (start, end) == (0, H_END) {
                    // All of the slot, whose keys are counted.
                    break;
                }
            }
            keys += 1;
        }
        Ok(found)
    }

    /// Only what is found is told of: a search that is given up for want of the disk is repeated,
    /// and is to choose the same again.
    fn note_row_bytes(&mut self) {
        let (rows, bytes) = std::mem::take(&mut self.read);
        let view = self.view;
        view.store().counts().note_row_bytes(view.ns(), rows, bytes);
    }
}

/// Keys that an interval is sized for where rows have so many bytes, 0 for unknown, and the number
/// of keys up to which one is accepted: with a uniform hash fewer than one interval in 10^15 holds
/// more. Such a one is halved, never cut off.
fn interval_keys(row_bytes: u64) -> (u64, u64) {
    let (least, most) = INTERVAL_KEYS.into_inner();
    let keys = match row_bytes {
        0 => least,
        _ => (INTERVAL_BYTES / row_bytes).clamp(least, most),
    };
    // Eight standard deviations, rounded up, and a few keys since the tail is a longer one than
    // that of a normal distribution.
    let deviation = (keys - 1).isqrt() + 1;
    (keys, keys + 8 * deviation + 16)
}

/// The `index`-th of `count` parts of the range of h, which differ by at most one place.
fn interval(index: u64, count: u64) -> (u64, u64) {
    let edge = |index: u64| (u128::from(index) * u128::from(H_END) / u128::from(count)) as u64;
    (edge(index), edge(index + 1))
}

/// The first living key from a random place on, around the end.
fn walk(view: &View<'_>, random: &mut impl Rng) -> Result<Option<Vec<u8>>> {
    if view.tier() == Tier::Memory {
        // The walk may be long; it belongs on a thread that serves nobody else.
        return Err(StorageError::NeedsDisk);
    }
    for slot in [random.random_range(0..SLOTS), 0] {
        let mut rows = view.iterate_keys(slot, 0);
        while let Some((parts, value)) = rows.next_row()? {
            if !Header::decode(value)?.0.expired(view.now_ms()) {
                return Ok(Some(parts.user_key.to_vec()));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_what_is_read_at_once_and_hardly_any_is_crowded() {
        assert_eq!(interval_keys(0), (16, 64));
        assert_eq!(interval_keys(60), (128, 240));
        assert_eq!(interval_keys(128), (64, 144));
        assert_eq!(interval_keys(1 << 20), (16, 64));
        for row_bytes in 1..2000 {
            let (keys, keys_max) = interval_keys(row_bytes);
            // Chernoff's bound of a Poisson tail.
            let (mean, most) = (keys as f64, (keys_max + 1) as f64);
            let exponent = most * (most / mean).ln() - most + mean;
            assert!(exponent > 34.5, "e^-34.5 is 10^-15: {keys} {keys_max}");
        }
    }

    #[test]
    fn intervals_cover_the_range_of_h_without_overlap() {
        for count in [1u64, 2, 3, 7, 1000, (1 << 48) - 1] {
            for index in [0, 1, count / 2, count - 1] {
                let (start, end) = interval(index.min(count - 1), count);
                let width = end - start;
                assert!((H_END / count..=H_END / count + 1).contains(&width));
                if index + 1 < count {
                    assert_eq!(interval(index + 1, count).0, interval(index, count).1);
                }
            }
            assert_eq!(interval(0, count).0, 0);
            assert_eq!(interval(count - 1, count).1, H_END);
        }
    }
}
