//! The list commands that answer at once: `ends` pushes, pops and moves, `places` reads and
//! changes by index and value. Those that wait stand in `blocking`.
//! Must not know: how lists are kept. Tests: the files below.

mod ends;
mod places;

use crate::harness::ask;
use redis::Connection;

const WRONG: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_INTEGER: &str = "ERR value is not an integer or out of range";

/// All elements of a list.
#[track_caller]
fn all(c: &mut Connection, key: &str) -> Vec<String> {
    ask(c, &format!("LRANGE {key} 0 -1"))
}

/// Lists of elements that fit into one row, that need several, and that are rows each.
fn samples() -> [Vec<String>; 4] {
    let elements = |count: usize, len: usize| {
        let element = |n: usize| format!("{n:04}{}", "x".repeat(len));
        (0..count).map(element).collect()
    };
    [
        elements(3, 0),
        elements(50, 5),
        elements(3000, 10),
        elements(40, 3000),
    ]
}

/// Pushes elements in pages.
#[track_caller]
fn fill(c: &mut Connection, key: &str, elements: &[String]) {
    for page in elements.chunks(500) {
        let () = ask(c, &format!("RPUSH {key} {}", page.join(" ")));
    }
}
