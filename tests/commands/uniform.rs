//! Commands that draw at random: each element as likely as every other, whatever the form.
//! Invariants: a fair server fails here less than once in a million runs of all tests together;
//! the bound is fixed, no seed is needed. Must not know: how elements are drawn. Not covered:
//! that successive draws are independent. Tests: the bound's own test stands at the end.

use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};
use redis::{Cmd, Connection};
use std::collections::HashMap;

/// Standard deviations that a statistic may lie above its mean: once in 50 million draws of it.
const DEVIATIONS_MAX: f64 = 5.5;
/// Draws per element; with fewer than a handful the chi-square distribution is no approximation.
const DRAWS_PER_ELEMENT: usize = 40;
/// Few enough elements for a packed form, and enough for rows.
const SIZES: [usize; 2] = [20, 2000];
const PIPELINE: usize = 500;
const BUCKETS: &str = "draws by hash buckets, which are not equally full";

/// What chi-square of this many categories exceeds only with a probability of 2e-8
/// (Wilson and Hilferty's cube-root approximation).
fn chi_square_max(categories: usize) -> f64 {
    let freedom = (categories - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    freedom * (1.0 - spread + DEVIATIONS_MAX * spread.sqrt()).powi(3)
}

fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let square = |count: &u64| (*count as f64 - expected).powi(2) / expected;
    counts.iter().map(square).sum()
}

/// Asserts that the draws are spread evenly over `elements` and name nothing else.
#[track_caller]
fn assert_uniform(what: &str, elements: &[String], draws: &[String]) {
    assert!(
        draws.len() >= elements.len() * DRAWS_PER_ELEMENT,
        "{what}: too few draws"
    );
    let mut counts: HashMap<&str, u64> = elements.iter().map(|name| (name.as_str(), 0)).collect();
    for draw in draws {
        let count = counts.get_mut(draw.as_str());
        *count.unwrap_or_else(|| panic!("{what}: drew {draw:?}")) += 1;
    }
    let counts: Vec<u64> = counts.into_values().collect();
    let (found, most) = (chi_square(&counts), chi_square_max(elements.len()));
    assert!(
        found <= most,
        "{what} of {}: chi-square {found:.0} > {most:.0}",
        elements.len()
    );
}

fn names(size: usize) -> Vec<String> {
    (0..size).map(|number| format!("e:{number}")).collect()
}

/// The replies of `calls` repetitions of a command, each one element.
fn draw_each(c: &mut Connection, line: &str, calls: usize) -> Vec<String> {
    let mut command = Cmd::new();
    line.split_whitespace().for_each(|word| {
        command.arg(word);
    });
    let mut draws = Vec::with_capacity(calls);
    while draws.len() < calls {
        let mut pipe = redis::pipe();
        for _ in 0..PIPELINE.min(calls - draws.len()) {
            pipe.add_command(command.clone());
        }
        let page: Vec<String> = pipe.query(c).expect("draws");
        draws.extend(page);
    }
    draws
}

/// Fills `key` with `size` elements by `command`, each behind the words that `before` gives it and
/// followed by those of `after`.
fn fill(c: &mut Connection, line: &str, elements: &[String], pair: impl Fn(&str) -> [String; 2]) {
    for page in elements.chunks(PIPELINE) {
        let mut command = Cmd::new();
        line.split_whitespace().for_each(|word| {
            command.arg(word);
        });
        for element in page {
            for word in pair(element).iter().filter(|word| !word.is_empty()) {
                command.arg(word);
            }
        }
        let () = command.query(c).expect("fill");
    }
}

fn alone(element: &str) -> [String; 2] {
    [element.to_string(), String::new()]
}

/// Whether the server has a command; a test of one that it lacks says so and ends.
fn knows(c: &mut Connection, command: &str) -> bool {
    let found: Vec<redis::Value> = ask(c, &format!("COMMAND INFO {command}"));
    let known = found.iter().any(|entry| *entry != redis::Value::Nil);
    if !known {
        println!("skipped: the server has no {command}");
    }
    known
}

/// Single draws, and many draws of one call with repetition.
fn assert_draws(c: &mut Connection, command: &str, elements: &[String]) {
    let wanted = elements.len() * DRAWS_PER_ELEMENT;
    let single = draw_each(c, &format!("{command} k"), wanted);
    assert_uniform(command, elements, &single);
    let repeated: Vec<String> = ask(c, &format!("{command} k -{wanted}"));
    assert_uniform(&format!("{command} with repetition"), elements, &repeated);
    // Every element is as likely to be among ten different ones.
    let mut distinct: Vec<String> = Vec::with_capacity(wanted);
    while distinct.len() < wanted {
        let ten: Vec<String> = ask(c, &format!("{command} k 10"));
        assert_eq!(ten.len(), 10);
        distinct.extend(ten);
    }
    assert_uniform(
        &format!("{command} without repetition"),
        elements,
        &distinct,
    );
}

#[test]
fn randomkey_is_uniform_over_slots_and_after_deletions() {
    if skip_on_stand_in(BUCKETS) {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    // Half of the keys share one slot, so that slots are far from equally full.
    let name = |number: usize| match number % 2 {
        0 => format!("{{one}}:{number}"),
        _ => format!("key:{number}"),
    };
    let mut keys: Vec<String> = (0..800).map(name).collect();
    fill(&mut c, "MSET", &keys, |key| {
        [key.to_string(), "v".to_string()]
    });
    let gone: Vec<String> = keys.split_off(500);
    fill(&mut c, "DEL", &gone, alone);
    let draws = draw_each(&mut c, "RANDOMKEY", keys.len() * DRAWS_PER_ELEMENT);
    assert_uniform("RANDOMKEY", &keys, &draws);
}

/// A draw that meets the disk runs a second time. If it drew anew then, keys in memory would come
/// too often: here three times out of four.
#[test]
fn randomkey_does_not_prefer_what_is_in_memory() {
    const KEYS_EACH: usize = 20_000;
    const DRAWS: usize = 400;
    if skip_on_stand_in(BUCKETS) {
        return;
    }
    let mut server = Server::start();
    let keys = |tag: &str| -> Vec<String> {
        (0..KEYS_EACH)
            .map(|number| format!("{{{tag}}}{number}"))
            .collect()
    };
    let mut c = server.client();
    for tag in ["warm", "cold"] {
        fill(&mut c, "MSET", &keys(tag), |key| {
            [key.to_string(), "v".repeat(1000)]
        });
    }
    server.restart();
    let mut c = server.client();
    for page in keys("warm").chunks(PIPELINE) {
        let values: Vec<String> = redis::cmd("MGET").arg(page).query(&mut c).expect("values");
        assert_eq!(values.len(), page.len());
    }
    let draws = draw_each(&mut c, "RANDOMKEY", DRAWS);
    let warm = draws.iter().filter(|key| key.starts_with("{warm}"));
    let (warm, mean) = (warm.count() as f64, DRAWS as f64 / 2.0);
    let bound = DEVIATIONS_MAX * (DRAWS as f64).sqrt() / 2.0;
    assert!((warm - mean).abs() < bound, "{warm} of {DRAWS} are warm");
}

#[test]
fn srandmember_is_uniform() {
    let server = Server::start();
    let mut c = server.client();
    for size in SIZES {
        if size == SIZES[1] && skip_on_stand_in(BUCKETS) {
            return;
        }
        let () = ask(&mut c, "DEL k");
        let elements = names(size);
        fill(&mut c, "SADD k", &elements, alone);
        assert_draws(&mut c, "SRANDMEMBER", &elements);
    }
}

#[test]
fn hrandfield_is_uniform() {
    let server = Server::start();
    let mut c = server.client();
    if !knows(&mut c, "hrandfield") {
        return;
    }
    for size in SIZES {
        if size == SIZES[1] && skip_on_stand_in(BUCKETS) {
            return;
        }
        let () = ask(&mut c, "DEL k");
        let elements = names(size);
        fill(&mut c, "HSET k", &elements, |field| {
            [field.to_string(), "v".to_string()]
        });
        assert_draws(&mut c, "HRANDFIELD", &elements);
    }
}

#[test]
fn zrandmember_is_uniform() {
    let server = Server::start();
    let mut c = server.client();
    if !knows(&mut c, "zrandmember") {
        return;
    }
    for size in SIZES {
        if size == SIZES[1] && skip_on_stand_in(BUCKETS) {
            return;
        }
        let () = ask(&mut c, "DEL k");
        let elements = names(size);
        // Scores that leave wide gaps, so that drawing by score would show.
        fill(&mut c, "ZADD k", &elements, |member| {
            let number: u64 = member[2..].parse().expect("a number");
            [(number * number).to_string(), member.to_string()]
        });
        assert_draws(&mut c, "ZRANDMEMBER", &elements);
    }
}

#[test]
fn spop_is_uniform() {
    let server = Server::start();
    let mut c = server.client();
    for size in [SIZES[0], 500] {
        if size != SIZES[0] && skip_on_stand_in(BUCKETS) {
            return;
        }
        let () = ask(&mut c, "DEL k");
        let elements = names(size);
        fill(&mut c, "SADD k", &elements, alone);
        let mut draws: Vec<String> = vec![ask(&mut c, "SPOP k")];
        while draws.len() < size * DRAWS_PER_ELEMENT {
            // What was taken goes back before the next draw, in one round trip.
            let back = draws.last().cloned().unwrap_or_default();
            let mut pipe = redis::pipe();
            pipe.cmd("SADD").arg("k").arg(back).ignore();
            pipe.cmd("SPOP").arg("k");
            let (next,): (String,) = pipe.query(&mut c).expect("SPOP");
            draws.push(next);
        }
        assert_uniform("SPOP", &elements, &draws);
    }
}

#[test]
fn spop_with_a_count_is_uniform() {
    let server = Server::start();
    let mut c = server.client();
    for (size, taken) in [(SIZES[0], 7), (1000, 300)] {
        if size != SIZES[0] && skip_on_stand_in(BUCKETS) {
            return;
        }
        let elements = names(size);
        let mut draws: Vec<String> = Vec::new();
        while draws.len() < size * DRAWS_PER_ELEMENT {
            fill(&mut c, "SADD k", &elements, alone);
            let page: Vec<String> = ask(&mut c, &format!("SPOP k {taken}"));
            assert_eq!(page.len(), taken);
            draws.extend(page);
        }
        assert_uniform("SPOP with a count", &elements, &draws);
    }
}

#[test]
fn chi_square_accepts_chance_and_refuses_bias() {
    use rand::RngExt;
    let seed = crate::harness::seed::announce("chi_square");
    let mut random = crate::harness::seed::random(seed);
    let mut draw = |bias: usize| {
        let mut counts = vec![0u64; 1000];
        for _ in 0..40_000 {
            // With a bias, one element in ten is drawn that many percent more often.
            let element = random.random_range(0..1000);
            let again = element % 10 != 0 && random.random_range(0..100) < bias;
            counts[if again { element / 10 * 10 } else { element }] += 1;
        }
        chi_square(&counts)
    };
    let most = chi_square_max(1000);
    assert!(draw(0) < most);
    assert!(draw(10) > most);
    // The tables' value for 9 degrees of freedom at 2e-8 is about 53.
    assert!((50.0..57.0).contains(&chi_square_max(10)));
}
