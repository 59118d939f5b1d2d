//! Owns RANDOMKEY: a key that is any key of the database with the same probability.
//! Invariants: no walk over the database; the slot is chosen by its number of keys, and within it
//! an interval of h at random, accepted with probability (its keys) / `INTERVAL_KEYS_MAX`, which
//! makes every key as likely as any other; an edit's own keys are so many places more; what was
//! chosen and has expired, or is the edit's own, counts as nothing chosen. Must not know: replies. Tests: below, `storage/tests/keyspace` (chi-square).

use crate::encoding::key;
use crate::encoding::meta::Header;
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::SLOTS;
use crate::view::View;
use rand::{Rng, RngExt};

/// Keys that an interval is sized for.
const INTERVAL_KEYS: u64 = 16;
/// Keys of an interval that is always accepted. With a uniform hash fewer than one interval in
/// 10^19 holds more; such a one is halved, never cut off.
const INTERVAL_KEYS_MAX: u64 = 64;
/// Intervals looked at in one slot; each is accepted with a probability near 1/4.
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
    let counts = view.store().counts();
    let (own_rows, mut own) = (view.own_meta_rows(), living(view)?);
    for _ in 0..TRIES_MAX {
        let total = counts.total(view.ns());
        let all = total + own.len() as u64;
        if all == 0 {
            return Ok(None);
        }
        let rank = random.random_range(0..all);
        if rank >= total {
            return Ok(Some(own.swap_remove((rank - total) as usize)));
        }
        let Some(slot) = counts.slot_of_rank(view.ns(), rank) else {
            continue;
        };
        if let Some((key, true)) = sample_slot(view, slot, random)?
            && !own_rows.contains_key(&*view.name(&key).meta_key(view.ns()))
        {
            return Ok(Some(key));
        }
    }
    walk(view, random)
}

/// The keys that the edit's own rows hold. A committed key that is chosen must not be one of them:
/// it would be chosen twice as often.
fn living(view: &View<'_>) -> Result<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    for record in view.own_meta_rows().into_values().flatten() {
        let expired = Header::decode(record.value())?.0.expired(view.now_ms());
        if let (Some(parts), false) = (key::parse_meta(record.key()), expired) {
            keys.push(parts.user_key.to_vec());
        }
    }
    Ok(keys)
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

/// One key of a slot and whether it lives; `None` if none was found where the count says that
/// there are some.
fn sample_slot(
    view: &View<'_>,
    slot: u16,
    random: &mut impl Rng,
) -> Result<Option<(Vec<u8>, bool)>> {
    let count = view.store().counts().slot(view.ns(), slot).max(1);
    // A single interval competes with no other: all its keys are known by number, none is rejected.
    let (intervals, places) = if count <= INTERVAL_KEYS_MAX {
        (1, count)
    } else {
        (count.div_ceil(INTERVAL_KEYS), INTERVAL_KEYS_MAX)
    };
    for _ in 0..INTERVALS_MAX {
        let (mut start, mut end) = interval(random.random_range(0..intervals), intervals);
        let place = random.random_range(0..places);
        loop {
            match sample_interval(view, slot, (start, end), places, place)? {
                Sample::Key(key, lives) => return Ok(Some((key, lives))),
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

/// The `index`-th of `count` parts of the range of h, which differ by at most one place.
fn interval(index: u64, count: u64) -> (u64, u64) {
    let edge = |index: u64| (u128::from(index) * u128::from(H_END) / u128::from(count)) as u64;
    (edge(index), edge(index + 1))
}

/// The key at `place` among those of an interval `[start, end)` of a slot, if there are at most
/// `places` of them.
fn sample_interval(
    view: &View<'_>,
    slot: u16,
    (start, end): (u64, u64),
    places: u64,
    place: u64,
) -> Result<Sample> {
    let (mut found, mut keys) = (Sample::Nothing, 0);
    let mut rows = view.iterate_committed_keys(slot, start)?;
    while let Some((parts, value)) = rows.next_row()? {
        if (parts.slot, parts.h48) >= (slot, end) {
            break;
        }
        if keys == places {
            return Ok(Sample::Crowded);
        }
        if keys == place {
            let lives = !Header::decode(value)?.0.expired(view.now_ms());
            found = Sample::Key(parts.user_key.to_vec(), lives);
        }
        keys += 1;
    }
    Ok(found)
}

/// The first living key from a random place on, around the end.
fn walk(view: &View<'_>, random: &mut impl Rng) -> Result<Option<Vec<u8>>> {
    if view.tier() == Tier::Memory {
        // The walk may be long; it belongs on a thread that serves nobody else.
        return Err(StorageError::NeedsDisk);
    }
    for slot in [random.random_range(0..SLOTS), 0] {
        let mut rows = view.iterate_keys(slot, 0)?;
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
