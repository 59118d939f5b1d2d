//! Owns cells: the earth halved again and again, by longitude and by latitude in turn, each half
//! named by a bit. A place is a cell of 26 steps, 52 bits, which a double holds exactly.
//! Must not know: members. Tests: below.

use super::point::{LATITUDE_MAX, LONGITUDE_MAX, Point};

/// Steps of the cells that are stored.
pub const STEPS_MAX: u32 = 26;
/// Bits of a stored cell.
const BITS: u32 = 2 * STEPS_MAX;
const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;
const LONGITUDE_BITS: u64 = !LATITUDE_BITS;
/// Latitudes of the text form, which covers the poles.
const TEXT_LATITUDE_MAX: f64 = 90.0;
const TEXT_LEN: usize = 11;
const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A cell: `steps` bits of latitude in the even places, as many of longitude in the odd ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub bits: u64,
    pub steps: u32,
}

/// Degrees between which a cell lies.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub west: f64,
    pub east: f64,
    pub south: f64,
    pub north: f64,
}

impl Cell {
    /// The cell of a place.
    pub fn around(point: Point, steps: u32) -> Cell {
        Cell::within(point, steps, LATITUDE_MAX)
    }

    fn within(point: Point, steps: u32, latitude_max: f64) -> Cell {
        let part = |degrees: f64, max: f64| {
            let offset = (degrees - -max) / (max - -max);
            (offset * (1u64 << steps) as f64) as u32
        };
        let latitude = spread(part(point.latitude, latitude_max));
        let longitude = spread(part(point.longitude, LONGITUDE_MAX));
        Cell {
            bits: latitude | longitude << 1,
            steps,
        }
    }

    /// Where it lies.
    pub fn area(self) -> Area {
        let (latitude, longitude) = (gather(self.bits), gather(self.bits >> 1));
        let cells = (1u64 << self.steps) as f64;
        let edge = |number: u32, max: f64| -max + f64::from(number) / cells * (max - -max);
        Area {
            west: edge(longitude, LONGITUDE_MAX),
            east: edge(longitude.wrapping_add(1), LONGITUDE_MAX),
            south: edge(latitude, LATITUDE_MAX),
            north: edge(latitude.wrapping_add(1), LATITUDE_MAX),
        }
    }

    /// The cell so many cells to the east and to the north (-1, 0 or 1 each); beyond an edge it is
    /// the one at the opposite edge.
    pub fn beside(self, east: i8, north: i8) -> Cell {
        let mask = u64::MAX >> (64 - 2 * self.steps);
        let (longitudes, latitudes) = (LONGITUDE_BITS & mask, LATITUDE_BITS & mask);
        // A place on the upper edge of the map has one bit more, which stays as long as its part
        // does not move.
        let part = |own: u64, other: u64, all: u64, by: i8| match by {
            0 => self.bits & all,
            1.. => (self.bits & all).wrapping_add(other.wrapping_add(1)) & own,
            _ => (self.bits & all | other).wrapping_sub(other.wrapping_add(1)) & own,
        };
        let longitude = part(longitudes, latitudes, LONGITUDE_BITS, east);
        let latitude = part(latitudes, longitudes, LATITUDE_BITS, north);
        Cell {
            bits: longitude | latitude,
            ..self
        }
    }

    /// The first score inside, and the first behind.
    pub fn scores(self) -> (f64, f64) {
        let shift = BITS - 2 * self.steps;
        let first = self.bits << shift;
        (first as f64, ((self.bits + 1) << shift) as f64)
    }
}

/// Puts the bits of a number into the even places.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, LATITUDE_BITS),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// The number in the even places.
fn gather(bits: u64) -> u32 {
    let mut number = bits & LATITUDE_BITS;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        number = (number | number >> shift) & mask;
    }
    number as u32
}

/// The score of a place.
pub fn encode(point: Point) -> f64 {
    Cell::around(point, STEPS_MAX).bits as f64
}

/// The middle of the cell that a score names.
pub fn decode(score: f64) -> Point {
    let area = Cell {
        bits: score_bits(score),
        steps: STEPS_MAX,
    }
    .area();
    Point {
        longitude: ((area.west + area.east) / 2.0).clamp(-LONGITUDE_MAX, LONGITUDE_MAX),
        latitude: ((area.south + area.north) / 2.0).clamp(-LATITUDE_MAX, LATITUDE_MAX),
    }
}

/// The bits of a score. One that names no cell gives what Redis computes on a 64-bit machine: a
/// negative score wraps around, and beyond 64 bits nothing is left.
fn score_bits(score: f64) -> u64 {
    const SIGNED_END: f64 = (1u64 << 63) as f64;
    match score {
        small if small < SIGNED_END => small as i64 as u64,
        large if large < 2.0 * SIGNED_END => large as u64,
        _ => 0,
    }
}

/// The place of a score in the text form that others use, whose latitudes reach to the poles: five
/// bits a letter, of which the eleventh has none.
pub fn text(score: f64) -> [u8; TEXT_LEN] {
    let bits = Cell::within(decode(score), STEPS_MAX, TEXT_LATITUDE_MAX).bits;
    let mut text = [b'0'; TEXT_LEN];
    for (letter, shift) in text.iter_mut().zip((2..BITS).rev().step_by(5)) {
        let at = bits >> (shift + 1 - 5) & 0x1f;
        *letter = ALPHABET.get(at as usize).copied().unwrap_or(b'0');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALERMO: Point = Point {
        longitude: 13.361389,
        latitude: 38.115556,
    };

    #[test]
    fn scores_that_name_no_cell_are_cast_as_redis_does() {
        assert_eq!(score_bits(-3.0), u64::MAX - 2);
        assert_eq!(score_bits(-1e30), 1 << 63);
        assert_eq!(score_bits(1e19), 10_000_000_000_000_000_000);
        assert_eq!(score_bits(1e30), 0);
        assert_eq!(score_bits(f64::INFINITY), 0);
        assert_eq!(decode(-3.0).longitude, LONGITUDE_MAX);
    }

    #[test]
    fn known_places_have_known_scores_and_texts() {
        let score = encode(PALERMO);
        assert_eq!(score, 3_479_099_956_230_698.0);
        assert_eq!(&text(score), b"sqc8b49rny0");
        let middle = decode(score);
        assert_eq!(middle.longitude, 13.361_389_338_970_184);
        assert_eq!(middle.latitude, 38.115_556_395_496_3);
    }

    #[test]
    fn neighbours_run_around_the_edges() {
        let corner = Cell { bits: 0, steps: 2 };
        assert_eq!(corner.beside(-1, 0).bits, 0b1010);
        assert_eq!(corner.beside(0, -1).bits, 0b0101);
        assert_eq!(corner.beside(1, 1).bits, 0b0011);
        assert_eq!(corner.beside(1, 1).beside(-1, -1), corner);
        assert_eq!(corner.scores(), (0.0, (1u64 << 48) as f64));
    }

    proptest! {
        #[test]
        fn places_are_in_their_cells(
            longitude in -180.0..180.0f64, latitude in -85.05..85.05f64, steps in 1u32..27,
        ) {
            let point = Point { longitude, latitude };
            let cell = Cell::around(point, steps);
            let area = cell.area();
            prop_assert!(area.west <= longitude && longitude <= area.east);
            prop_assert!(area.south <= latitude && latitude <= area.north);
            let (first, behind) = cell.scores();
            prop_assert!(first <= encode(point) && encode(point) < behind);
            let middle = decode(encode(point));
            prop_assert!((middle.longitude - longitude).abs() < 1e-5);
            prop_assert!((middle.latitude - latitude).abs() < 1e-5);
        }

        #[test]
        fn spread_bits_are_gathered(number in any::<u32>()) {
            prop_assert_eq!(gather(spread(number)), number);
            prop_assert_eq!(spread(number) & LONGITUDE_BITS, 0);
        }
    }
}
