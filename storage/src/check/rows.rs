//! Owns what must hold for each kind of row.
//! Invariants: a row that cannot be read is a problem, not an end. Tests: `storage/tests/check.rs`.

use super::{Checker, LiveHead};
use crate::collection::Place;
use crate::encoding::count::KeyCounts;
use crate::encoding::key::{
    KeyName, element_prefix, kind, parse_count, parse_expiry, parse_meta, parse_slot_and_id,
    sub_kind,
};
use crate::encoding::meta::{DataType, Head, Header};
use crate::engine::{Bounds, Family};
use crate::error::Result;
use crate::limits::{CHUNK_BYTES, KEY_BYTES_MAX};

/// Bytes of a chunk row's value before the string's.
const CHUNK_FLAGS_LEN: usize = 1;

impl Checker {
    pub(super) fn record_row(&mut self, _family: Family, key: &[u8], _value: &[u8]) -> Result<()> {
        match key.split_first() {
            Some((&kind::DEAD_NAMESPACE, ns)) if ns.len() == 4 => {
                let ns = ns.try_into().map_or(0, u32::from_be_bytes);
                self.dead_namespaces.insert(ns);
                self.report.rows.dead_namespaces += 1;
                if let Some(db) = self.map.database_of(ns) {
                    self.problem(format!("namespace {ns} of database {db} is declared dead"));
                }
            }
            _ => self.report.rows.records += 1,
        }
        Ok(())
    }

    pub(super) fn garbage_row(&mut self, family: Family, key: &[u8], _value: &[u8]) -> Result<()> {
        self.report.rows.garbage += 1;
        match parse_slot_and_id(key, kind::GARBAGE) {
            Some((slot, id, [])) => {
                self.slot_is_here(family, slot, key);
                self.id_is_reserved(id, key);
                self.dead_ids.insert(id);
            }
            _ => self.unreadable(key),
        }
        Ok(())
    }

    pub(super) fn meta_row(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<()> {
        self.report.rows.keys += 1;
        let Some(parts) = parse_meta(key) else {
            self.unreadable(key);
            return Ok(());
        };
        let name = KeyName::new(parts.user_key, &self.seed);
        if (name.slot, name.h48()) != (parts.slot, parts.h48) {
            self.problem(format!("{}: slot or hash is not the key's", shown(key)));
        }
        if parts.user_key.len() > KEY_BYTES_MAX {
            self.problem(format!("{}: the key is too long", shown(key)));
        }
        self.slot_is_here(family, parts.slot, key);
        let dead = self.dead_namespaces.contains(&parts.ns);
        if !dead && self.map.database_of(parts.ns).is_none() {
            self.problem(format!("{}: unknown namespace", shown(key)));
        }
        self.counted.entry((parts.ns, parts.slot)).or_default().keys += 1;
        let (header, start) = match Header::decode(value) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.problem(format!("{}: {error}", shown(key)));
                return Ok(());
            }
        };
        if header.expire_ms.is_some() {
            self.report.rows.keys_with_expiry += 1;
            let counted = self.counted.entry((parts.ns, parts.slot)).or_default();
            counted.expires += 1;
        }
        if let Some(at) = header.due_ms() {
            let filed = header.filed_ms().unwrap_or(at);
            let is_filed = self.exists(family, &name.expiry_key(parts.ns, filed))?;
            if filed > at || !(dead || is_filed) {
                self.problem(format!("{}: no expiry row at {filed}", shown(key)));
            }
        }
        let payload = value.get(start..).unwrap_or_default();
        match header.head {
            Some(head) if dead && self.is_swept(head)? => Ok(()),
            head => self.value(key, parts.slot, head, (header.kind, payload)),
        }
    }

    /// Whether the sweeper has filed the elements of a key of a dead namespace, or destroyed them:
    /// both happen before it deletes the namespace's own rows.
    fn is_swept(&self, head: Head) -> Result<bool> {
        if self.dead_ids.contains(&head.id) {
            return Ok(true);
        }
        let family = Family::Partition(self.partitions.of(head.home_slot));
        let elements = Bounds::prefix(&element_prefix(head.home_slot, head.id));
        Ok(self.first_row(family, elements)?.is_none())
    }

    /// What a live key refers to.
    fn value(
        &mut self,
        key: &[u8],
        slot: u16,
        head: Option<Head>,
        (kind, payload): (DataType, &[u8]),
    ) -> Result<()> {
        let place = Place {
            home_slot: head.map_or(slot, |head| head.home_slot),
            id: head.map(|head| head.id),
        };
        if let Some(head) = head {
            self.live_head(key, slot, head, (kind, payload));
        }
        let reached = self.trees(key, kind, &place, payload)?;
        if let Some(live) = place.id.and_then(|id| self.live.get_mut(&id)) {
            live.nodes -= reached.nodes as i64;
            live.unmatched = live.unmatched.map(|marks| marks ^ reached.keys);
            live.blobs -= reached.blobs as i64;
        }
        Ok(())
    }

    fn live_head(&mut self, key: &[u8], slot: u16, head: Head, (kind, payload): (DataType, &[u8])) {
        let buckets = match kind {
            DataType::Hash | DataType::Set | DataType::ZSet => self.bucket_state(key, payload),
            _ => None,
        };
        self.id_is_reserved(head.id, key);
        if self.dead_ids.contains(&head.id) {
            self.problem(format!(
                "{}: its id {} is declared dead",
                shown(key),
                head.id
            ));
        }
        let live = LiveHead {
            head,
            entries: 0,
            buckets,
            blobs: 0,
            nodes: 0,
            timed: 0,
            unmatched: (kind == DataType::ZSet).then_some(0),
            slot,
            meta_key: key.to_vec(),
            found_stranger: false,
        };
        if let Some(other) = self.live.insert(head.id, live) {
            let other = shown(&other.meta_key);
            self.problem(format!("{} and {other} share id {}", shown(key), head.id));
        }
    }

    pub(super) fn element_row(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<()> {
        let Some((slot, id, rest)) = parse_slot_and_id(key, kind::ELEMENT) else {
            self.unreadable(key);
            return Ok(());
        };
        self.slot_is_here(family, slot, key);
        let Some(live) = self.live.get(&id) else {
            if self.dead_ids.contains(&id) {
                self.report.rows.dead_elements += 1;
            } else {
                self.problem(format!("{}: an element of nobody", shown(key)));
            }
            return Ok(());
        };
        let head = live.head;
        self.report.rows.elements += 1;
        if head.home_slot != slot {
            self.problem(format!("{}: not the slot of its id", shown(key)));
        }
        match rest.split_first() {
            Some((&sub_kind::CHUNK, index)) if index.len() == 4 => {
                let index = index.try_into().map_or(0, u32::from_be_bytes);
                self.chunk(head, u64::from(index), key, value);
            }
            Some((&sub_kind::BUCKET, address)) if address.len() == 5 => {
                self.bucket(id, address, key, value);
            }
            Some((&sub_kind::BLOB, number)) if number.len() == 8 => {
                if let Some(live) = self.live.get_mut(&id) {
                    live.blobs += 1;
                }
            }
            Some((&sub_kind::NODE, number)) if number.len() == 9 => {
                if let Some(live) = self.live.get_mut(&id) {
                    live.nodes += 1;
                }
            }
            _ => self.unreadable(key),
        }
        Ok(())
    }

    fn chunk(&mut self, head: Head, index: u64, key: &[u8], value: &[u8]) {
        let start = index * CHUNK_BYTES as u64;
        let Some(bytes) = value.len().checked_sub(CHUNK_FLAGS_LEN) else {
            self.unreadable(key);
            return;
        };
        if value.first() != Some(&0) {
            self.problem(format!("{}: unknown flags", shown(key)));
        }
        if bytes > CHUNK_BYTES || start + bytes as u64 > head.count {
            let len = head.count;
            self.problem(format!(
                "{}: {bytes} bytes beyond the string's {len}",
                shown(key)
            ));
        }
    }

    pub(super) fn expiry_row(&mut self, family: Family, key: &[u8], _value: &[u8]) -> Result<()> {
        self.report.rows.expiry += 1;
        match parse_expiry(key) {
            Some((_, parts)) => {
                let name = KeyName::new(parts.user_key, &self.seed);
                if (name.slot, name.h48()) != (parts.slot, parts.h48) {
                    self.problem(format!("{}: slot or hash is not the key's", shown(key)));
                }
                self.slot_is_here(family, parts.slot, key);
            }
            None => self.unreadable(key),
        }
        Ok(())
    }

    pub(super) fn stranger_row(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<()> {
        self.report.rows.strangers += 1;
        let Some((slot, id, [])) = parse_slot_and_id(key, kind::STRANGER) else {
            self.unreadable(key);
            return Ok(());
        };
        self.slot_is_here(family, slot, key);
        let agrees = match self.live.get_mut(&id) {
            Some(live) => {
                live.found_stranger = true;
                live.head.home_slot == slot && live.slot != slot && live.meta_key == value
            }
            None => false,
        };
        if !agrees {
            self.problem(format!(
                "{}: does not lead to the key of its id",
                shown(key)
            ));
        }
        Ok(())
    }

    pub(super) fn count_row(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<()> {
        self.report.rows.counts += 1;
        let (Some((ns, slot)), Some(count)) = (parse_count(key), KeyCounts::decode(value)) else {
            self.unreadable(key);
            return Ok(());
        };
        self.slot_is_here(family, slot, key);
        let found = self.counted.remove(&(ns, slot)).unwrap_or_default();
        if self.dead_namespaces.contains(&ns) {
            return Ok(());
        }
        let numbers = [
            (count.keys, found.keys, "keys"),
            (count.expires, found.expires, "expiries"),
        ];
        for (counted, found, what) in numbers {
            if counted != found {
                self.problem(format!(
                    "ns {ns}, slot {slot}: {counted} {what} counted, {found} found"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn misplaced_row(&mut self, _family: Family, key: &[u8], _: &[u8]) -> Result<()> {
        self.problem(format!("{}: such rows do not belong here", shown(key)));
        Ok(())
    }

    fn slot_is_here(&mut self, family: Family, slot: u16, key: &[u8]) {
        let known = slot < crate::limits::SLOTS;
        if !known || Family::Partition(self.partitions.of(slot)) != family {
            self.problem(format!("{}: in the wrong partition", shown(key)));
        }
    }

    fn id_is_reserved(&mut self, id: u64, key: &[u8]) {
        if id == 0 || id >= self.reserved_ids {
            self.problem(format!("{}: id {id} was never reserved", shown(key)));
        }
    }

    pub(super) fn unreadable(&mut self, key: &[u8]) {
        self.problem(format!("{}: cannot be read", shown(key)));
    }
}

/// A row key for a message: long ones are cut.
pub(super) fn shown(key: &[u8]) -> String {
    const SHOWN_MAX: usize = 96;
    let cut = key.get(..key.len().min(SHOWN_MAX)).unwrap_or_default();
    let dots = if cut.len() < key.len() { "..." } else { "" };
    format!("row {}{dots}", cut.escape_ascii())
}
