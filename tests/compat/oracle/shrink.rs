//! From a long list of steps that ends in a difference to a short one that still does.
//! Invariants: what is returned fails as the whole list did. Must not know: what a step is.
//! Tests: below.

use std::fmt;
use std::time::{Duration, Instant};

/// How long a report may look for a shorter script.
const REPORT_TIME: Duration = Duration::from_secs(20);

/// Removes ever smaller chunks as long as the rest still fails. `fails` runs a candidate from a
/// fresh start; `out_of_time` ends the search early with the best list so far.
pub fn shrink<T: Clone>(
    steps: Vec<T>,
    mut fails: impl FnMut(&[T]) -> bool,
    mut out_of_time: impl FnMut() -> bool,
) -> Vec<T> {
    let mut best = steps;
    let mut chunk = best.len().div_ceil(2);
    while chunk > 0 && best.len() > 1 {
        let mut start = 0;
        let mut removed = false;
        while start < best.len() {
            if out_of_time() {
                return best;
            }
            let end = (start + chunk).min(best.len());
            let candidate = [&best[..start], &best[end..]].concat();
            if fails(&candidate) {
                best = candidate;
                removed = true;
            } else {
                start = end;
            }
        }
        if !removed || chunk > 1 {
            chunk /= 2;
        }
    }
    best
}

/// Panics with a short script that still fails, and what it brings about. `play` tells what
/// differs.
pub fn report<T: Clone + fmt::Display>(
    protocol: u8,
    script: Vec<T>,
    first: String,
    play: impl Fn(&[T]) -> Option<String>,
) -> ! {
    let until = Instant::now() + REPORT_TIME;
    let fails = |script: &[T]| play(script).is_some();
    let shown = match fails(&script) {
        true => shrink(script, fails, || Instant::now() >= until),
        false => script,
    };
    let again = play(&shown);
    let lines: Vec<String> = shown.iter().map(T::to_string).collect();
    panic!(
        "difference under RESP{protocol}:\n{first}\n\nthis script brings it about:\n{}\n\n{}",
        lines.join("\n"),
        again.unwrap_or_else(|| "not reproduced".to_string()),
    )
}

#[test]
fn shrink_finds_the_two_steps_that_matter() {
    let fails = |steps: &[u32]| {
        let first = steps.iter().position(|step| *step == 17);
        let second = steps.iter().position(|step| *step == 83);
        matches!((first, second), (Some(first), Some(second)) if first < second)
    };
    assert_eq!(shrink((0..100).collect(), fails, || false), [17, 83]);
}

#[test]
fn shrink_stops_when_time_is_up() {
    let mut budget = 3;
    let best = shrink(
        vec![1; 64],
        |steps| !steps.is_empty(),
        || {
            budget -= 1;
            budget == 0
        },
    );
    assert!(best.len() > 1);
}
