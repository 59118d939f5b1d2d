//! Owns the shapes that are searched, and the cells that cover them: the cell around the centre and
//! those of its eight neighbours that the shape can reach.
//! Must not know: members. Tests: below.

use super::cell::{Cell, STEPS_MAX};
use super::point::{EARTH_RADIUS, LATITUDE_MAX, LONGITUDE_MAX, Point, degrees, radians};

/// Half the circumference of Mercator's map, in metres.
const MERCATOR_MAX: f64 = 20_037_726.37;
/// Latitudes from which on cells are so narrow that larger ones are taken.
const NARROW_LATITUDE: f64 = 66.0;
const NARROWER_LATITUDE: f64 = 80.0;
/// The cell and its neighbours, in the order in which they are searched: to the east, to the north.
const AROUND: [(i8, i8); 9] = [
    (0, 0),
    (0, 1),
    (0, -1),
    (1, 0),
    (-1, 0),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
];

/// What a shape looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum Outline {
    /// Metres around the centre.
    Circle { radius: f64 },
    /// Metres from edge to edge, parallel to meridians.
    Box { width: f64, height: f64 },
    /// Corners, at least three.
    Polygon(Vec<Point>),
}

/// What is searched.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    center: Point,
    outline: Outline,
}

/// Degrees that a shape lies between.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Shape {
    /// A shape around a place. The centre of a polygon is that of its corners, whatever is given.
    pub fn new(center: Point, outline: Outline) -> Shape {
        let center = match &outline {
            Outline::Polygon(corners) => centroid(corners),
            _ => center,
        };
        Shape { center, outline }
    }

    /// Metres from the centre to a place, if it is inside.
    pub fn distance_inside(&self, point: Point) -> Option<f64> {
        let inside = match &self.outline {
            Outline::Circle { radius } => {
                let distance = self.center.distance(point);
                return (distance <= *radius).then_some(distance);
            }
            Outline::Box { width, height } => {
                let beside = Point {
                    longitude: self.center.longitude,
                    ..point
                };
                point.latitude_distance(self.center) <= height / 2.0
                    && point.distance(beside) <= width / 2.0
            }
            Outline::Polygon(corners) => is_inside(corners, point),
        };
        inside.then(|| self.center.distance(point))
    }

    fn bounds(&self) -> Bounds {
        let (width, height) = match &self.outline {
            Outline::Circle { radius } => (*radius, *radius),
            Outline::Box { width, height } => (width / 2.0, height / 2.0),
            Outline::Polygon(corners) => return bounds_of(corners),
        };
        let Point {
            longitude,
            latitude,
        } = self.center;
        let north_by = degrees(height / EARTH_RADIUS);
        let east_at = |latitude: f64| degrees(width / EARTH_RADIUS / radians(latitude).cos());
        // The edge that is nearer to a pole spans more degrees.
        let east_by = match latitude < 0.0 {
            true => east_at(latitude - north_by),
            false => east_at(latitude + north_by),
        };
        Bounds {
            west: longitude - east_by,
            east: longitude + east_by,
            south: latitude - north_by,
            north: latitude + north_by,
        }
    }

    /// Metres from the centre within which all of the shape is.
    fn radius(&self, bounds: &Bounds) -> f64 {
        match &self.outline {
            Outline::Circle { radius } => *radius,
            Outline::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
            Outline::Polygon(_) => {
                let corner = |longitude, latitude| {
                    self.center.distance(Point {
                        longitude,
                        latitude,
                    })
                };
                corner(bounds.west, bounds.north)
                    .max(corner(bounds.east, bounds.north))
                    .max(corner(bounds.west, bounds.south))
                    .max(corner(bounds.east, bounds.south))
            }
        }
    }

    /// The cells to search, none of them twice.
    pub fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut steps = steps_for(self.radius(&bounds), self.center.latitude);
        let mut cell = Cell::around(self.center, steps);
        if steps > 1 && !reaches(cell, &bounds) {
            steps -= 1;
            cell = Cell::around(self.center, steps);
        }
        let area = cell.area();
        let is_needed = |(east, north): (i8, i8)| {
            // At one step the neighbours cover the map only together.
            steps < 2
                || !((north < 0 && area.south < bounds.south)
                    || (north > 0 && area.north > bounds.north)
                    || (east < 0 && area.west < bounds.west)
                    || (east > 0 && area.east > bounds.east))
        };
        let mut cells: Vec<Cell> = Vec::with_capacity(AROUND.len());
        for way in AROUND.into_iter().filter(|way| is_needed(*way)) {
            let other = cell.beside(way.0, way.1);
            // On a small map neighbours on two sides are the same.
            if !cells.contains(&other) {
                cells.push(other);
            }
        }
        cells
    }
}

/// Whether a cell and its neighbours cover all of the bounds.
fn reaches(cell: Cell, bounds: &Bounds) -> bool {
    cell.beside(0, 1).area().north >= bounds.north
        && cell.beside(0, -1).area().south <= bounds.south
        && cell.beside(1, 0).area().east >= bounds.east
        && cell.beside(-1, 0).area().west <= bounds.west
}

/// Steps of cells of about the size of a radius.
fn steps_for(radius: f64, latitude: f64) -> u32 {
    if radius == 0.0 {
        return STEPS_MAX;
    }
    let (mut range, mut steps) = (radius, 1i64);
    while range < MERCATOR_MAX {
        range *= 2.0;
        steps += 1;
    }
    steps -= 2;
    if latitude.abs() > NARROW_LATITUDE {
        steps -= 1 + i64::from(latitude.abs() > NARROWER_LATITUDE);
    }
    steps.clamp(1, i64::from(STEPS_MAX)) as u32
}

fn bounds_of(corners: &[Point]) -> Bounds {
    let widest = Bounds {
        west: LONGITUDE_MAX,
        east: -LONGITUDE_MAX,
        south: LATITUDE_MAX,
        north: -LATITUDE_MAX,
    };
    corners.iter().fold(widest, |bounds, corner| Bounds {
        west: bounds.west.min(corner.longitude),
        east: bounds.east.max(corner.longitude),
        south: bounds.south.min(corner.latitude),
        north: bounds.north.max(corner.latitude),
    })
}

/// The direction, from the centre of the earth, of the sum of the directions of corners.
fn centroid(corners: &[Point]) -> Point {
    let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
    for corner in corners {
        let (longitude, latitude) = (radians(corner.longitude), radians(corner.latitude));
        x += latitude.cos() * longitude.cos();
        y += latitude.cos() * longitude.sin();
        z += latitude.sin();
    }
    let (longitude, latitude) = (f64::atan2(y, x), f64::atan2(z, (x * x + y * y).sqrt()));
    Point {
        longitude: degrees(longitude),
        latitude: degrees(latitude).clamp(-LATITUDE_MAX, LATITUDE_MAX),
    }
}

/// Whether a line from a place to the east crosses the edges an odd number of times.
fn is_inside(corners: &[Point], point: Point) -> bool {
    let before = corners.iter().cycle().skip(corners.len().saturating_sub(1));
    let mut inside = false;
    for (one, other) in corners.iter().zip(before) {
        let crosses = (one.latitude > point.latitude) != (other.latitude > point.latitude);
        if crosses
            && point.longitude
                < (other.longitude - one.longitude) * (point.latitude - one.latitude)
                    / (other.latitude - one.latitude)
                    + one.longitude
        {
            inside = !inside;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(longitude: f64, latitude: f64) -> Point {
        Point {
            longitude,
            latitude,
        }
    }

    #[test]
    fn polygons_have_an_inside() {
        let corners = vec![
            point(0.0, 0.0),
            point(10.0, 0.0),
            point(10.0, 10.0),
            point(0.0, 10.0),
        ];
        let shape = Shape::new(point(0.0, 0.0), Outline::Polygon(corners));
        assert!(shape.distance_inside(point(5.0, 5.0)).is_some());
        assert!(shape.distance_inside(point(11.0, 5.0)).is_none());
        assert!((shape.center.longitude - 5.0).abs() < 0.1);
    }

    #[test]
    fn a_radius_of_the_whole_earth_takes_the_whole_map_once() {
        let circle = Outline::Circle { radius: 3e7 };
        let cells = Shape::new(point(1.0, 1.0), circle).cells();
        assert_eq!(cells.len(), 4);
    }

    proptest! {
        #[test]
        fn what_is_inside_is_in_a_searched_cell(
            longitude in -150.0..150.0f64, latitude in -60.0..60.0f64,
            (east, north) in (-1.0..1.0f64, -1.0..1.0f64), radius in 1.0..500_000.0f64,
        ) {
            let shape = Shape::new(point(longitude, latitude), Outline::Circle { radius });
            let by = degrees(radius / EARTH_RADIUS);
            let other = point(longitude + east * by, latitude + north * by);
            prop_assume!(shape.distance_inside(other).is_some());
            let steps = shape.cells()[0].steps;
            prop_assert!(shape.cells().contains(&Cell::around(other, steps)));
        }
    }
}
