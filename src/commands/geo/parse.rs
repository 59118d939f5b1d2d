//! Owns how places, distances and units are spelled, and how they are put into replies.
//! Must not know: what is searched. Tests: below, `tests/commands/geo.rs`, the oracle.

use crate::command::Args;
use crate::command::float::parse_f64;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, RespVersion};
use storage::ops::geo::Point;

/// Metres of the units.
const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];

/// The next argument as a double, or `error`.
pub fn next_f64(args: &mut Args<'_>, error: &'static str) -> CommandResult<f64> {
    parse_f64(args.next()?).ok_or(CommandError::Fixed(error))
}

/// The next two arguments as longitude and latitude.
pub fn next_point(args: &mut Args<'_>) -> CommandResult<Point> {
    let longitude = next_f64(args, text::NOT_FLOAT)?;
    let latitude = next_f64(args, text::NOT_FLOAT)?;
    Point::new(longitude, latitude).ok_or_else(|| {
        CommandError::Text(format!(
            "ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"
        ))
    })
}

/// The next argument as a unit, in metres.
pub fn next_unit(args: &mut Args<'_>) -> CommandResult<f64> {
    let word = args.next()?;
    let unit = UNITS
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    unit.map(|(_, metres)| *metres).ok_or(CommandError::Fixed(
        "ERR unsupported unit provided. please use M, KM, FT, MI",
    ))
}

/// A distance with four decimals, which is what a cell of 26 steps is good for.
pub fn distance(distance: f64) -> Reply {
    let scaled = (distance * 10_000.0).round_ties_even() as i64;
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, part) = (
        scaled.unsigned_abs() / 10_000,
        scaled.unsigned_abs() % 10_000,
    );
    Reply::bulk(format!("{sign}{whole}.{part:04}"))
}

/// Longitude and latitude.
pub fn point(point: Point, resp: RespVersion) -> Reply {
    Reply::array([point.longitude, point.latitude].map(|degrees| match resp {
        RespVersion::Resp2 => Reply::bulk(decimals(degrees)),
        // The number that the text of seventeen decimals means.
        RespVersion::Resp3 => Reply::Double(decimals(degrees).parse().unwrap_or(degrees)),
    }))
}

/// Seventeen decimals, without zeros at the end.
fn decimals(degrees: f64) -> String {
    let mut text = format!("{degrees:.17}");
    let len = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(len);
    if text == "-0" { "0".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_distances_are_spelled_as_redis_does() {
        assert_eq!(decimals(13.361_389_338_970_184), "13.36138933897018433");
        assert_eq!(decimals(-10.0), "-10");
        assert_eq!(decimals(-1e-30), "0.".replace("0.", "0"));
        assert_eq!(distance(166_274.151_56), Reply::bulk("166274.1516"));
        assert_eq!(distance(0.0), Reply::bulk("0.0000"));
        assert_eq!(distance(0.00005), Reply::bulk("0.0000"));
    }
}
