//! Owns LOLWUT: a picture, and the version below it.
//! Must not know: anything useful. Tests: below, `tests/commands/server.rs`.

use super::ROW;
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler};
use crate::commands::REDIS_VERSION;
use crate::error::CommandResult;
use crate::resp::Reply;
use rand::{Rng, RngExt};
use storage::View;

/// Size of the picture, characters.
const COLUMNS: usize = 60;
const ROWS: usize = 8;
/// Strata from light to heavy.
const GRAINS: [char; 5] = [' ', '░', '▒', '▓', '█'];

pub static LOLWUT: CommandSpec = CommandSpec {
    name: "lolwut",
    since: "5.0.0",
    arity: Arity::at_least(1),
    extra: Flags::FAST,
    handler: Handler::Read(lolwut),
    syntax: "[VERSION version]",
    summary: "Draws a cut through rock, another one each time, and tells the version.",
    ..ROW
};

fn lolwut(_: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    if args.left() > 1 && args.skip_word("VERSION") {
        args.next_i64()?;
    }
    let mut picture = strata(&mut rand::rng());
    picture.push_str(&format!("\nRedis ver. {REDIS_VERSION}\n"));
    Ok(Reply::text(picture))
}

/// Layers that grow heavier with depth, along a line that wanders.
fn strata(random: &mut impl Rng) -> String {
    let mut surface = random.random_range(0..4);
    let mut columns = Vec::with_capacity(COLUMNS);
    for _ in 0..COLUMNS {
        let step: i32 = random.random_range(-1..=1);
        surface = (surface + step).clamp(0, 5);
        columns.push(surface);
    }
    let mut picture = String::new();
    for row in 0..ROWS as i32 {
        for surface in &columns {
            let depth = row - surface + random.random_range(0..2);
            let grain = usize::try_from(depth).unwrap_or(0).min(GRAINS.len() - 1);
            picture.extend(GRAINS.get(grain));
        }
        picture.push('\n');
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_fill_their_frame() {
        let picture = strata(&mut rand::rng());
        assert_eq!(picture.lines().count(), ROWS);
        assert!(picture.lines().all(|line| line.chars().count() == COLUMNS));
    }
}
