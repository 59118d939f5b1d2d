//! Drawing commands: one template, expanded with random arguments, sometimes spoilt.
//! Invariants: depends on the random generator and the wall clock alone. Must not know: servers.
//! Tests: below.

use super::compare::Compare;
use super::grammar::{self, Node};
use super::pools;
use super::templates::TEMPLATES;
use crate::harness::Random;
use rand::RngExt;

/// How many times a repeated group is expanded at most.
const REPEATS_MAX: usize = 4;

/// One command, how its replies compare, and how long to wait after it.
#[derive(Clone, Debug)]
pub struct Step {
    pub arguments: Vec<Vec<u8>>,
    pub compare: Compare,
    /// A time to live so short that both servers must have passed it before the next command.
    pub pause_ms: u64,
}

impl Step {
    pub fn exact(line: &str) -> Step {
        let arguments = crate::harness::wire::words(line);
        Step {
            arguments,
            compare: Compare::Exact,
            pause_ms: 0,
        }
    }
}

/// Draws commands from all templates by weight.
pub struct Drawer {
    parsed: Vec<(u32, Vec<Node>, Compare)>,
    weight_sum: u32,
}

impl Drawer {
    pub fn new() -> Drawer {
        let parsed: Vec<_> = TEMPLATES
            .iter()
            .map(|(weight, template, compare)| (*weight, grammar::parse(template), *compare))
            .collect();
        let weight_sum = parsed.iter().map(|(weight, ..)| weight).sum();
        Drawer { parsed, weight_sum }
    }

    pub fn draw(&self, random: &mut Random) -> Step {
        let mut ticket = random.random_range(0..self.weight_sum);
        let chosen = self
            .parsed
            .iter()
            .find(|(weight, ..)| match ticket.checked_sub(*weight) {
                Some(left) => {
                    ticket = left;
                    false
                }
                None => true,
            });
        let (_, nodes, compare) = chosen.expect("the ticket lies below the sum");
        let mut step = Step {
            arguments: Vec::new(),
            compare: *compare,
            pause_ms: 0,
        };
        expand(nodes, random, &mut step);
        spoil(random, &mut step);
        step
    }
}

fn expand(nodes: &[Node], random: &mut Random, step: &mut Step) {
    for node in nodes {
        match node {
            Node::Word(word) => step.arguments.push(in_some_case(word, random)),
            Node::Kind(kind) => step
                .arguments
                .push(argument(kind, random, &mut step.pause_ms)),
            Node::Group {
                optional,
                repeated,
                alternatives,
            } => {
                let times = match (optional, repeated) {
                    (true, _) => random.random_range(0..=1),
                    (false, true) => random.random_range(1..=REPEATS_MAX),
                    (false, false) => 1,
                };
                for _ in 0..times {
                    let choice = random.random_range(0..alternatives.len());
                    expand(&alternatives[choice], random, step);
                }
            }
        }
    }
}

fn in_some_case(word: &str, random: &mut Random) -> Vec<u8> {
    match random.random_range(0..4) {
        0 => word.to_lowercase().into_bytes(),
        _ => word.as_bytes().to_vec(),
    }
}

fn argument(kind: &str, random: &mut Random, pause_ms: &mut u64) -> Vec<u8> {
    match kind {
        "key" => pools::key(random),
        "nkey" => pools::number_key(random),
        "tkey" => pools::text_key(random),
        "value" => pools::value(random),
        "text" => pools::text(random),
        "integer" => pools::integer(random),
        "float" => pools::float(random),
        "index" => pools::index(random),
        "offset" => pools::offset(random),
        "bit" => pools::bit(random),
        "bitoffset" => pools::bit_offset(random),
        "bittype" => pools::bit_type(random),
        "fieldoffset" => pools::field_offset(random),
        "pattern" => pools::pattern(random),
        "database" => pools::database(random),
        "count" => random.random_range(1..30).to_string().into_bytes(),
        "junk" => pools::junk(random),
        "ttl" => pools::relative_time(random, 1),
        "pttl" => pools::relative_time(random, 1000),
        "at" => pools::absolute_time(random, 1),
        "pat" => pools::absolute_time(random, 1000),
        "short" => {
            let millis = random.random_range(1..15);
            *pause_ms = millis;
            millis.to_string().into_bytes()
        }
        other => panic!("a template names an unknown kind: ${other}"),
    }
}

/// Now and then: an argument too few or too many, or one of another kind.
fn spoil(random: &mut Random, step: &mut Step) {
    let last = step.arguments.len() - 1;
    match random.random_range(0..60) {
        0 => step.arguments.truncate(last.max(1)),
        1 => step.arguments.push(pools::junk(random)),
        2 if last > 0 => {
            let at = random.random_range(1..=last);
            step.arguments[at] = pools::junk(random);
        }
        _ => {}
    }
}

#[test]
fn draw_reaches_every_template_and_is_reproducible() {
    let drawer = Drawer::new();
    let names = |seed| -> Vec<Vec<u8>> {
        let mut random = crate::harness::seed::random(seed);
        let step = |_| {
            drawer
                .draw(&mut random)
                .arguments
                .swap_remove(0)
                .to_ascii_uppercase()
        };
        (0..5000).map(step).collect()
    };
    assert_eq!(names(1), names(1));
    let drawn: std::collections::HashSet<Vec<u8>> = names(1).into_iter().collect();
    for (_, template, _) in TEMPLATES {
        let name = template.split(' ').next().expect("a name").as_bytes();
        assert!(drawn.contains(name), "{template} was never drawn");
    }
}
