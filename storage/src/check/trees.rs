//! Owns what must hold for the trees of a collection: each node stands where its parent says, has
//! as many entries as its parent counts, and no node stands there that none refers to.
//! Must not know: what entries mean. Tests: `storage/tests/tree/fsck.rs`.

use super::Checker;
use super::rows::shown;
use crate::collection::Place;
use crate::collection::buckets::STATE_LEN;
use crate::collection::tree::Tree;
use crate::collection::tree::check::{Reached, walk};
use crate::encoding::key::RowKey;
use crate::encoding::meta::DataType;
use crate::engine::{Family, Tier};
use crate::error::Result;
use crate::ops::hash::index::TIMES;
use crate::ops::zset::{SCORES, tree_at};
use crate::ops::{list, stream};
use crate::value::Value;

/// The trees in the payload of a collection, which has rows if it is `spread`.
fn trees_of(kind: DataType, spread: bool, payload: &Value) -> Result<Vec<Tree>> {
    const TIMES_AT: usize = 1 + STATE_LEN;
    let mut trees = Vec::new();
    if kind == DataType::List {
        trees.push(Tree::decode(list::ELEMENTS, payload, list::TREE_AT)?.0);
    }
    if kind == DataType::Hash && spread && payload.len() > TIMES_AT {
        trees.push(Tree::decode(TIMES, payload, TIMES_AT)?.0);
    }
    if kind == DataType::ZSet {
        trees.push(Tree::decode(SCORES, payload, tree_at(spread))?.0);
    }
    if kind == DataType::Stream {
        trees = stream::trees(payload)?;
    }
    Ok(trees)
}

impl Checker {
    /// Walks the trees of a live collection; gives the rows that belong to them.
    pub(super) fn trees(
        &mut self,
        key: &[u8],
        kind: DataType,
        place: &Place,
        payload: &[u8],
    ) -> Result<Reached> {
        let mut reached = Reached::default();
        let trees = match trees_of(kind, place.id.is_some(), &Value::from(payload)) {
            Ok(trees) => trees,
            Err(error) => {
                self.problem(format!("{}: {error}", shown(key)));
                return Ok(reached);
            }
        };
        if place.home_slot >= crate::limits::SLOTS {
            // The row of the key is reported for its slot.
            return Ok(reached);
        }
        let family = Family::Partition(self.partitions.of(place.home_slot));
        let mut problems = Vec::new();
        for tree in &trees {
            let engine = &self.engine;
            let mut read = |row_key: &RowKey| {
                engine.get(family, row_key, Tier::Disk, |row: &[u8]| row.to_vec())
            };
            let rows = walk(tree, place, &mut read, &mut |text| problems.push(text))?;
            reached.nodes += rows.nodes;
            reached.keys ^= rows.keys;
            reached.blobs += rows.blobs;
            if kind == DataType::Hash
                && let Some(live) = place.id.and_then(|id| self.live.get_mut(&id))
            {
                live.timed -= tree.len() as i64;
            }
        }
        for text in problems {
            self.problem(format!("{}: {text}", shown(key)));
        }
        Ok(reached)
    }
}
