//! Owns what must hold for the buckets of hashes and sets: each stands at an address that the meta
//! record's count of buckets gives, holds only fields of its interval, and their entries add up.
//! Must not know: what fields mean.
//! Tests: `storage/tests/check.rs`, `storage/tests/collections.rs`.

use super::Checker;
use super::rows::shown;
use crate::collection::buckets::{Address, Buckets, FLAGS_LEN};
use crate::collection::tree::check::key_mark;
use crate::encoding::entries;

impl Checker {
    /// The state of buckets in the meta record of a hash or set.
    pub(super) fn bucket_state(&mut self, key: &[u8], payload: &[u8]) -> Option<Buckets> {
        let state = Buckets::decode(payload.get(1..).unwrap_or_default());
        if state.is_err() {
            self.problem(format!("{}: no state of buckets", shown(key)));
        }
        state.ok()
    }

    /// A bucket row of the live collection with this id.
    pub(super) fn bucket(&mut self, id: u64, address: &[u8], key: &[u8], value: &[u8]) {
        let Some(state) = self.live.get(&id).and_then(|live| live.buckets) else {
            self.problem(format!("{}: a bucket of what has none", shown(key)));
            return;
        };
        let (Some((&level, index)), Some(block)) = (address.split_first(), value.get(FLAGS_LEN..))
        else {
            self.unreadable(key);
            return;
        };
        let address = Address {
            level,
            index: index.try_into().map_or(0, u32::from_be_bytes),
        };
        let (mut found, mut blobs, mut end) = (0, 0, entries::COUNT_LEN);
        let mut timed = 0;
        let mut marks = 0;
        for entry in entries::iter(block) {
            let Ok(entry) = entry else {
                self.unreadable(key);
                return;
            };
            let field = block.get(entry.field.clone()).unwrap_or_default();
            if state.address(self.seed.hash(field) >> 16) != address {
                self.problem(format!("{}: holds a field of another bucket", shown(key)));
            }
            let value = block.get(entry.value.clone()).unwrap_or_default();
            marks ^= key_mark(&[value, field]);
            found += 1;
            blobs += i64::from(entry.blob);
            timed += i64::from(entry.expire_ms.is_some());
            end = entry.value.end;
        }
        if end != block.len() || found == 0 {
            self.problem(format!("{}: ends at byte {end} of its entries", shown(key)));
        }
        if found > u64::from(state.peak) {
            self.problem(format!(
                "{}: {found} entries are above the peak",
                shown(key)
            ));
        }
        if let Some(live) = self.live.get_mut(&id) {
            live.entries += found;
            live.unmatched = live.unmatched.map(|unmatched| unmatched ^ marks);
            live.blobs -= blobs;
            live.timed += timed;
        }
    }
}
