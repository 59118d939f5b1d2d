//! Owns the arguments of the commands that search for members inside a shape.
//! Invariants: errors come in the order in which Redis finds them.
//! Must not know: what is done with them. Tests: `tests/commands/geo.rs`, the oracle.

use super::parse::{next_f64, next_point, next_unit};
use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use storage::View;
use storage::ops::geo::{Index, Outline, Point, Shape};

const NO_SUCH_MEMBER: &str = "ERR could not decode requested zset member";
/// A polygon has at least so many corners.
const CORNERS_MIN: i64 = 3;

/// Which command asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style<'a> {
    /// GEORADIUS, and its form that stores nothing.
    Point { stores: bool },
    /// GEORADIUSBYMEMBER, and its form that stores nothing.
    Member { stores: bool },
    /// GEOSEARCH.
    Search,
    /// GEOSEARCHSTORE.
    SearchStore { target: &'a [u8] },
}

impl Style<'_> {
    /// Whether place and shape are options.
    fn is_search(self) -> bool {
        matches!(self, Style::Search | Style::SearchStore { .. })
    }

    fn may_store(self) -> bool {
        matches!(
            self,
            Style::Point { stores: true } | Style::Member { stores: true }
        )
    }
}

/// In which order members are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Any,
    NearestFirst,
    FarthestFirst,
}

/// A search as it was asked for.
pub struct Asked<'a> {
    /// `None` if there is nothing to search.
    pub shape: Option<Shape>,
    /// Metres of the unit of distances.
    pub unit: f64,
    pub order: Order,
    pub count: Option<u64>,
    /// Any members do, not only the nearest.
    pub any: bool,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_point: bool,
    /// Where the result is stored.
    pub target: Option<&'a [u8]>,
    /// Distances are stored, not places.
    pub stores_distance: bool,
    center: Option<Center>,
    outline: Option<Outline>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Center {
    /// `None` for a member of nothing.
    Member(Option<Point>),
    Point(Point),
}

impl<'a> Asked<'a> {
    /// Reads what stands behind the key.
    pub fn parse(
        view: &View<'_>,
        args: &mut Args<'a>,
        index: &Index<'_>,
        style: Style<'a>,
    ) -> CommandResult<Asked<'a>> {
        let mut asked = Asked {
            shape: None,
            unit: 1.0,
            order: Order::Any,
            count: None,
            any: false,
            with_distance: false,
            with_hash: false,
            with_point: false,
            target: match style {
                Style::SearchStore { target } => Some(target),
                _ => None,
            },
            stores_distance: false,
            center: None,
            outline: None,
        };
        match style {
            Style::Point { .. } => {
                asked.center = Some(Center::Point(next_point(args)?));
                asked.next_circle(args)?;
            }
            Style::Member { .. } if !index.exists() => {
                // Redis reads neither member nor radius, only the options behind them.
                for _ in 0..3 {
                    args.next()?;
                }
            }
            Style::Member { .. } => {
                asked.next_member(view, args, index)?;
                asked.next_circle(args)?;
            }
            Style::Search | Style::SearchStore { .. } => {}
        }
        while args.left() > 0 {
            let known = asked.next_output(args)?
                || asked.next_target(args, style)?
                || (style.is_search() && asked.next_place(view, args, index)?);
            if !known {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        asked.check(args, style)?;
        Ok(asked)
    }

    /// Reads an option on what is given and in which order, if the next one is such.
    fn next_output(&mut self, args: &mut Args<'a>) -> CommandResult<bool> {
        if args.skip_word("WITHDIST") {
            self.with_distance = true;
        } else if args.skip_word("WITHHASH") {
            self.with_hash = true;
        } else if args.skip_word("WITHCOORD") {
            self.with_point = true;
        } else if args.skip_word("ANY") {
            self.any = true;
        } else if args.skip_word("ASC") {
            self.order = Order::NearestFirst;
        } else if args.skip_word("DESC") {
            self.order = Order::FarthestFirst;
        } else if args.left() > 1 && args.skip_word("COUNT") {
            let count = u64::try_from(args.next_i64()?).ok();
            let count = count.filter(|&count| count > 0);
            self.count = Some(count.ok_or(CommandError::Fixed("ERR COUNT must be > 0"))?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads an option on where the result goes, if the next one is such.
    fn next_target(&mut self, args: &mut Args<'a>, style: Style<'a>) -> CommandResult<bool> {
        if matches!(style, Style::SearchStore { .. }) {
            let known = args.skip_word("STOREDIST");
            self.stores_distance |= known;
            return Ok(known);
        }
        // One target only: the table finds, and latches, no more of each word.
        if !style.may_store() || args.left() < 2 || self.target.is_some() {
            return Ok(false);
        }
        let stores_distance = args.skip_word("STOREDIST");
        if !stores_distance && !args.skip_word("STORE") {
            return Ok(false);
        }
        self.stores_distance = stores_distance;
        self.target = Some(args.next()?);
        Ok(true)
    }

    /// Reads an option on place or shape, if the next one is such.
    fn next_place(
        &mut self,
        view: &View<'_>,
        args: &mut Args<'a>,
        index: &Index<'_>,
    ) -> CommandResult<bool> {
        use Outline::{Box, Circle, Polygon};
        let polygon = matches!(self.outline, Some(Polygon(_)));
        let from_point = matches!(self.center, Some(Center::Point(_)));
        let from_member = matches!(self.center, Some(Center::Member(_)));
        let circle = matches!(self.outline, Some(Circle { .. }));
        let rectangle = matches!(self.outline, Some(Box { .. }));
        let left = args.left();
        if left > 1 && !from_point && !polygon && args.skip_word("FROMMEMBER") {
            self.next_member(view, args, index)?;
        } else if left > 2 && !from_member && !polygon && args.skip_word("FROMLONLAT") {
            self.center = Some(Center::Point(next_point(args)?));
        } else if left > 2 && !rectangle && !polygon && args.skip_word("BYRADIUS") {
            self.next_circle(args)?;
        } else if left > 3 && !circle && !polygon && args.skip_word("BYBOX") {
            self.next_box(args)?;
        } else if left > 2
            && self.center.is_none()
            && !circle
            && !rectangle
            && args.skip_word("BYPOLYGON")
        {
            self.next_polygon(args)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn next_member(
        &mut self,
        view: &View<'_>,
        args: &mut Args<'a>,
        index: &Index<'_>,
    ) -> CommandResult<()> {
        let point = index.point(view, args.next()?)?;
        if point.is_none() && index.exists() {
            return Err(CommandError::Fixed(NO_SUCH_MEMBER));
        }
        self.center = Some(Center::Member(point));
        Ok(())
    }

    fn next_circle(&mut self, args: &mut Args<'a>) -> CommandResult<()> {
        let radius = next_f64(args, "ERR need numeric radius")?;
        if radius < 0.0 {
            return Err(CommandError::Fixed("ERR radius cannot be negative"));
        }
        self.unit = next_unit(args)?;
        self.outline = Some(Outline::Circle {
            radius: radius * self.unit,
        });
        Ok(())
    }

    fn next_box(&mut self, args: &mut Args<'a>) -> CommandResult<()> {
        let width = next_f64(args, "ERR need numeric width")?;
        let height = next_f64(args, "ERR need numeric height")?;
        if width < 0.0 || height < 0.0 {
            let error = "ERR height or width cannot be negative";
            return Err(CommandError::Fixed(error));
        }
        self.unit = next_unit(args)?;
        self.outline = Some(Outline::Box {
            width: width * self.unit,
            height: height * self.unit,
        });
        Ok(())
    }

    fn next_polygon(&mut self, args: &mut Args<'a>) -> CommandResult<()> {
        let count = args.next_in(i64::MIN..=i64::MAX, "ERR invalid number of vertices")?;
        if count < CORNERS_MIN || args.left() as i64 / 2 < count {
            let error = "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices";
            return Err(CommandError::Fixed(error));
        }
        let corners = (0..count).map(|_| next_point(args));
        let corners = corners.collect::<CommandResult<Vec<Point>>>()?;
        self.unit = 1.0;
        self.outline = Some(Outline::Polygon(corners));
        Ok(())
    }

    /// Refuses what does not go together, and joins place and outline.
    fn check(&mut self, args: &Args<'a>, style: Style<'a>) -> CommandResult<()> {
        if self.target.is_some() && (self.with_distance || self.with_hash || self.with_point) {
            let who = match style {
                Style::SearchStore { .. } => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return Err(CommandError::Text(format!(
                "ERR {who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let polygon = matches!(self.outline, Some(Outline::Polygon(_)));
        let missing = if self.center.is_none() && !polygon {
            Some("FROMMEMBER or FROMLONLAT")
        } else if self.outline.is_none() {
            Some("BYRADIUS and BYBOX")
        } else {
            None
        };
        if let Some(missing) = missing.filter(|_| style.is_search()) {
            let name = args.request().get(0).unwrap_or_default();
            let start = format!("ERR exactly one of {missing} can be specified for ");
            return Err(CommandError::Bytes([start.as_bytes(), name].concat()));
        }
        if self.any && self.count.is_none() {
            let error = "ERR the ANY argument requires COUNT argument";
            return Err(CommandError::Fixed(error));
        }
        if self.count.is_some() && self.order == Order::Any && !self.any {
            self.order = Order::NearestFirst;
        }
        const NOWHERE: Point = Point {
            longitude: 0.0,
            latitude: 0.0,
        };
        let center = match self.center {
            Some(Center::Point(point)) => Some(point),
            Some(Center::Member(point)) => point,
            None => polygon.then_some(NOWHERE),
        };
        self.shape = center
            .zip(self.outline.take())
            .map(|(center, outline)| Shape::new(center, outline));
        Ok(())
    }
}
