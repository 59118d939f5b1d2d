//! Owns drawing fields at random.
//! Invariants: each field is as likely as any other; a small draw from a large hash reads buckets
//! of the drawn fields only. Must not know: replies. Tests: `storage/tests/hashes`.

use super::Hash;
use crate::collection::map::Item;
use crate::error::{Result, StorageError};
use crate::ops::draw::Draw;
use crate::value::Value;
use crate::view::View;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use std::collections::HashSet;

/// A whole walk is taken once fewer than one field in this many is left out.
const WALK_SHARE: u64 = 3;
/// Draws of expired fields after which those that live are looked for by a walk.
const EXPIRED_DRAWS_MAX: u32 = 64;

impl Hash<'_> {
    /// Any field.
    pub fn random(&self, view: &View<'_>, random: &mut impl Rng) -> Result<Option<Value>> {
        if let Some(item) = self.draw(view, random)? {
            return Ok(Some(item.field));
        }
        let mut fields = Vec::new();
        self.for_each_field(view, |field| fields.push(field))?;
        Ok(match fields.len() {
            0 => None,
            count => fields.into_iter().nth(random.random_range(0..count)),
        })
    }

    /// A field drawn without a walk; `None` if there is none, or if expired ones are in the way.
    fn draw(&self, view: &View<'_>, random: &mut impl Rng) -> Result<Option<Item>> {
        for _ in 0..EXPIRED_DRAWS_MAX {
            match self.map.random(view, random)? {
                Some(item) if !self.is_live(item.expire_ms) => {}
                drawn => return Ok(drawn),
            }
        }
        Ok(None)
    }

    /// Several fields with their values.
    pub fn sample(
        &self,
        view: &View<'_>,
        draw: Draw,
        random: &mut impl Rng,
    ) -> Result<Vec<(Value, Value)>> {
        let (Draw::Distinct(count) | Draw::Repeating(count)) = draw;
        if count == 0 || self.is_empty() {
            return Ok(Vec::new());
        }
        let walk = self.map.is_packed()
            || self.holds_expired()
            || count.saturating_mul(WALK_SHARE) > self.len();
        if !walk {
            return self.sample_by_draws(view, draw, random);
        }
        let mut items = Vec::new();
        self.for_each(view, |field, value| items.push((field, value)))?;
        if items.is_empty() {
            return Ok(items);
        }
        Ok(match draw {
            Draw::Distinct(count) if count < items.len() as u64 => {
                items.partial_shuffle(random, count as usize).0.to_vec()
            }
            Draw::Distinct(_) => items,
            Draw::Repeating(count) => {
                let one = |_| items.get(random.random_range(0..items.len())).cloned();
                (0..count).filter_map(one).collect()
            }
        })
    }

    /// Draws from a hash in which nothing has expired and which is large beside the draw.
    fn sample_by_draws(
        &self,
        view: &View<'_>,
        draw: Draw,
        random: &mut impl Rng,
    ) -> Result<Vec<(Value, Value)>> {
        let (Draw::Distinct(count) | Draw::Repeating(count)) = draw;
        let distinct = matches!(draw, Draw::Distinct(_));
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        let mut drawn = Vec::new();
        while (drawn.len() as u64) < count {
            let item = self.map.random(view, random)?;
            let item =
                item.ok_or_else(|| StorageError::Corrupted("a hash without its fields".into()))?;
            if !distinct || seen.insert(item.field.to_vec()) {
                drawn.push((item.field, item.value));
            }
        }
        Ok(drawn)
    }
}
