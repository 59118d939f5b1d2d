//! Owns single members of a sorted set: where the tree and the buckets are changed together.
//! Invariants: a member is in both or in neither; buckets come with the tree's first row.
//! Must not know: commands. Tests: `storage/tests/zsets.rs`.

use super::{Thresholds, ZSet};
use crate::collection::buckets::{self, Address, Block, Buckets};
use crate::edit::Edit;
use crate::encoding::entries::{self, Entry, NewEntry};
use crate::encoding::score::{SCORE_LEN, score_bytes, score_key, score_of, split};
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;
use crate::view::View;

/// A member that was looked up.
pub(super) struct Found {
    /// Its score, if it is there.
    pub score: Option<f64>,
    /// The bucket that it stands in or belongs to, if there are any.
    bucket: Option<Bucket>,
}

struct Bucket {
    address: Address,
    block: Block,
    entry: Option<Entry>,
}

impl ZSet<'_> {
    /// The score of a member.
    #[inline]
    pub(crate) fn score(&self, view: &View<'_>, member: &[u8]) -> Result<Option<f64>> {
        self.find(view, member).map(|found| found.score)
    }

    /// Looks a member up. What is found holds until the next change of the set.
    #[inline]
    pub(super) fn find(&self, view: &View<'_>, member: &[u8]) -> Result<Found> {
        let Some(state) = &self.members else {
            let found = self.find_packed(member)?;
            return Ok(Found {
                score: found.map(|(_, score)| score),
                bucket: None,
            });
        };
        let address = state.address(buckets::h48(view, member));
        let block = state.block(view, self.place, address)?;
        let entry = entries::find(block.bytes(), member)?;
        let value = |entry: &Entry| block.bytes().get(entry.value.clone()).unwrap_or_default();
        let score = entry.as_ref().map(|entry| score_of(value(entry)));
        let score = score.transpose()?;
        let bucket = Some(Bucket {
            address,
            block,
            entry,
        });
        Ok(Found { score, bucket })
    }

    /// Rank and score of a member of a packed set.
    #[inline]
    pub(super) fn find_packed(&self, member: &[u8]) -> Result<Option<(u64, f64)>> {
        let found = self
            .tree
            .find_packed(|key| key.get(SCORE_LEN..) == Some(member))?;
        match found {
            Some((rank, key)) => Ok(Some((rank, score_of(key)?))),
            None => Ok(None),
        }
    }

    /// Puts a member in, or gives it another score than it has.
    pub(super) fn put(
        &mut self,
        edit: &mut Edit<'_>,
        member: &[u8],
        score: f64,
        found: Found,
        thresholds: &Thresholds,
    ) -> Result<()> {
        if member.len() + SCORE_LEN > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let key = score_key(score, member);
        if let Some(old) = found.score {
            let old = score_key(old, member);
            let place = &mut self.place;
            if !self.tree.move_key(edit, place, &old, &key)? {
                return Err(disagreement(member));
            }
        } else {
            if !thresholds.fits(self.len() + 1, member.len()) {
                self.shape = Shape::Skiplist;
            }
            self.tree.insert(edit, &mut self.place, &key, &[])?;
        }
        match found.bucket {
            Some(bucket) => self.write_bucket(edit, bucket, member, Some(&score_bytes(score)))?,
            None => self.index_if_spread(edit)?,
        }
        // Rows under an id that no meta record names yet may go ahead of it.
        if let Some(head) = self.place.head(self.len())
            && self.has_fresh_id()
        {
            edit.spill(head, &mut self.spilled)?;
        }
        Ok(())
    }

    /// Takes a member out; gives its score.
    pub(super) fn take(&mut self, edit: &mut Edit<'_>, member: &[u8]) -> Result<Option<f64>> {
        let found = self.find(edit, member)?;
        let Some(score) = found.score else {
            return Ok(None);
        };
        let key = score_key(score, member);
        let gone = self.tree.remove(edit, &mut self.place, &key)?;
        gone.ok_or_else(|| disagreement(member))?;
        if let Some(bucket) = found.bucket {
            self.write_bucket(edit, bucket, member, None)?;
        }
        Ok(Some(score))
    }

    /// Sets or deletes what the buckets, if there are any, say of a member.
    pub(super) fn set_bucket(
        &mut self,
        edit: &mut Edit<'_>,
        member: &[u8],
        score: Option<&[u8]>,
    ) -> Result<()> {
        match self.find(edit, member)?.bucket {
            Some(bucket) => self.write_bucket(edit, bucket, member, score),
            None => Ok(()),
        }
    }

    /// The same in a bucket that [`ZSet::find`] gave.
    fn write_bucket(
        &mut self,
        edit: &mut Edit<'_>,
        bucket: Bucket,
        member: &[u8],
        score: Option<&[u8]>,
    ) -> Result<()> {
        let Some(state) = &mut self.members else {
            return Ok(());
        };
        let new = score.map(|score| new_entry(member, score));
        let place = (bucket.address, &bucket.block);
        state.put(edit, self.place, place, bucket.entry.as_ref(), new)?;
        state.balance(edit, self.place)
    }

    /// Makes the buckets when the tree has got its first rows.
    fn index_if_spread(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        if self.members.is_some() || self.tree.is_packed() {
            return Ok(());
        }
        self.place.id(edit);
        let mut pairs = Vec::with_capacity(self.len() as usize);
        let mut bytes = 0;
        let mut cursor = self.tree.cursor_at_rank(edit, &self.place, 0)?;
        while let Some(key) = cursor.shared_key() {
            bytes += key.len() as u64;
            pairs.push(key);
            if !cursor.advance()? {
                break;
            }
        }
        drop(cursor);
        self.members = Some(Buckets::for_bytes(bytes.min(1 << 12)));
        for key in &pairs {
            let (score, member) = split(key)?;
            self.set_bucket(edit, member, Some(&score_bytes(score)))?;
        }
        Ok(())
    }
}

/// A member as its bucket holds it.
pub(super) fn new_entry<'a>(member: &'a [u8], score: &'a [u8]) -> NewEntry<'a> {
    NewEntry {
        field: member,
        value: Some(score),
        expire_ms: None,
        blob: false,
    }
}

pub(super) fn disagreement(member: &[u8]) -> StorageError {
    let shown = member.get(..member.len().min(32)).unwrap_or_default();
    StorageError::Corrupted(format!(
        "the tree has no entry for member {}",
        shown.escape_ascii()
    ))
}
