//! Owns places and the distances between them, on a sphere.
//! Must not know: cells. Tests: below.

use std::f64::consts::PI;

/// Longitudes reach so many degrees to the east and to the west.
pub const LONGITUDE_MAX: f64 = 180.0;
/// Latitudes reach so many degrees to the north and to the south: the square map of Mercator ends
/// there.
pub const LATITUDE_MAX: f64 = 85.051_128_78;
/// Mean radius in metres.
pub const EARTH_RADIUS: f64 = 6_372_797.560_856;

const RADIANS_PER_DEGREE: f64 = PI / 180.0;

pub fn radians(degrees: f64) -> f64 {
    degrees * RADIANS_PER_DEGREE
}

pub fn degrees(radians: f64) -> f64 {
    radians / RADIANS_PER_DEGREE
}

/// A place, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// East is positive.
    pub longitude: f64,
    /// North is positive.
    pub latitude: f64,
}

impl Point {
    /// The place, unless it is outside the map.
    pub fn new(longitude: f64, latitude: f64) -> Option<Point> {
        let inside = longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX;
        inside.then_some(Point {
            longitude,
            latitude,
        })
    }

    /// Metres to another place on the same meridian.
    pub fn latitude_distance(self, other: Point) -> f64 {
        EARTH_RADIUS * (radians(other.latitude) - radians(self.latitude)).abs()
    }

    /// Metres along a great circle, by the haversine formula.
    pub fn distance(self, other: Point) -> f64 {
        let v = ((radians(other.longitude) - radians(self.longitude)) / 2.0).sin();
        if v == 0.0 {
            return self.latitude_distance(other);
        }
        let (one, two) = (radians(self.latitude), radians(other.latitude));
        let u = ((two - one) / 2.0).sin();
        let a = u * u + one.cos() * two.cos() * v * v;
        2.0 * EARTH_RADIUS * a.sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_a_sphere() {
        let place = |longitude, latitude| Point::new(longitude, latitude).unwrap();
        let (palermo, catania) = (place(13.361389, 38.115556), place(15.087269, 37.502669));
        assert!((palermo.distance(catania) - 166_274.15).abs() < 1.0);
        assert_eq!(palermo.distance(palermo), 0.0);
        let quarter = place(0.0, 0.0).distance(place(90.0, 0.0));
        assert!((quarter - EARTH_RADIUS * PI / 2.0).abs() < 1e-3);
        assert!(Point::new(180.1, 0.0).is_none() && Point::new(0.0, -86.0).is_none());
        assert!(Point::new(f64::NAN, 0.0).is_none());
    }
}
