//! Owns places on the earth as scores of sorted sets: cells (`cell`), distances (`point`), shapes
//! and the cells that cover them (`shape`), and the search for members inside a shape.
//! Invariants: numbers are computed in the order in which Redis computes them, so that results are
//! equal to the last bit; a search reads the nine cells around its centre and no other members.
//! Must not know: units, replies. Tests: below, `tests/commands/geo.rs`, the oracle.

mod cell;
mod point;
mod shape;

pub use cell::{decode, encode, text};
pub use point::{LATITUDE_MAX, LONGITUDE_MAX, Point};
pub use shape::{Outline, Shape};

use super::zset::ZSet;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;

/// A member that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The member.
    pub member: Value,
    /// Its score, which holds its place.
    pub score: f64,
    /// Its place.
    pub point: Point,
    /// Metres from the centre of the shape.
    pub distance: f64,
}

/// A sorted set whose scores are places.
pub struct Index<'k>(ZSet<'k>);

impl<'k> Index<'k> {
    /// Opens a key; one that does not exist is an empty index.
    pub fn open(view: &View<'_>, key: &'k [u8]) -> Result<Index<'k>> {
        ZSet::open(view, key).map(Index)
    }

    /// Whether the key exists.
    pub fn exists(&self) -> bool {
        self.0.exists()
    }

    /// The score of a member.
    pub fn score(&self, view: &View<'_>, member: &[u8]) -> Result<Option<f64>> {
        self.0.score(view, member)
    }

    /// The place of a member.
    pub fn point(&self, view: &View<'_>, member: &[u8]) -> Result<Option<Point>> {
        Ok(self.score(view, member)?.map(decode))
    }

    /// The members inside a shape, cell by cell; with a limit, so many of them at most, whichever
    /// are met first.
    pub fn search(&self, view: &View<'_>, shape: &Shape, limit: Option<u64>) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        let enough = |found: &Vec<Found>| limit.is_some_and(|limit| found.len() as u64 >= limit);
        for cell in shape.cells() {
            if enough(&found) {
                break;
            }
            self.0.walk_scores(view, cell.scores(), |score, member| {
                let point = decode(score);
                if let Some(distance) = shape.distance_inside(point)
                    && let Some(member) = member()
                {
                    found.push(Found {
                        member,
                        score,
                        point,
                        distance,
                    });
                }
                !enough(&found)
            })?;
        }
        Ok(found)
    }
}
