//! Drawing commands: one template, expanded with random arguments, sometimes spoilt.
//! Invariants: depends on the random generator, the wall clock and the number of commands drawn
//! before alone. Must not know: servers. Tests: below.

use super::compare::Compare;
use super::grammar::{self, Node};
use super::kinds::{self, Scene};
use super::known;
use super::pools;
use super::profile::Profile;
use crate::harness::Random;
use rand::RngExt;

/// How many times a repeated group is expanded at most.
const REPEATS_MAX: usize = 4;
/// The sum of the tickets of a group of weight one, about.
const TICKETS: u32 = 10_000;

/// Redis's SORT fails if the last number that any command has read was out of range; this one
/// reads a number, and nothing else.
const READS_A_NUMBER: &str = "ZUNION 1 missing WEIGHTS 1";

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
        Step::new(crate::harness::wire::words(line), Compare::Exact)
    }

    /// As `exact`, of words as they are.
    pub fn of(words: &[&[u8]]) -> Step {
        let arguments = words.iter().map(|word| word.to_vec()).collect();
        Step::new(arguments, Compare::Exact)
    }

    pub fn new(arguments: Vec<Vec<u8>>, compare: Compare) -> Step {
        Step {
            arguments,
            compare,
            pause_ms: 0,
        }
    }
}

/// A parsed template.
struct Row {
    tickets: u32,
    /// How often in a row it is sent.
    repeat: usize,
    nodes: Vec<Node>,
    compare: Compare,
}

/// Draws commands from the templates of a profile by weight.
pub struct Drawer {
    rows: Vec<Row>,
    tickets_sum: u32,
    focus: Vec<&'static [&'static [u8]]>,
    draws: u64,
}

impl Drawer {
    /// A drawer of the profile's templates whose line `is_known`.
    pub fn new(profile: &Profile, is_known: impl Fn(&str) -> bool) -> Drawer {
        let mut rows = Vec::new();
        for (share, group) in profile.groups() {
            let known = group.templates.iter().filter(|(_, line, _)| is_known(line));
            let sum: u32 = known.clone().map(|(weight, ..)| weight).sum();
            for (weight, line, compare) in known {
                rows.push(Row {
                    tickets: (share * TICKETS * weight / sum).max(1),
                    repeat: repeat(line),
                    nodes: grammar::parse(known::strip_repeat(line)),
                    compare: *compare,
                });
            }
        }
        let tickets_sum = rows.iter().map(|row| row.tickets).sum();
        let focus = profile.focus();
        Drawer {
            rows,
            tickets_sum,
            focus,
            draws: 0,
        }
    }

    /// The next command, or several of one template in a row; the last is of the template.
    pub fn draw(&mut self, random: &mut Random) -> Vec<Step> {
        let mut ticket = random.random_range(0..self.tickets_sum);
        let chosen = self
            .rows
            .iter()
            .find(|row| match ticket.checked_sub(row.tickets) {
                Some(left) => {
                    ticket = left;
                    false
                }
                None => true,
            });
        let row = chosen.expect("the ticket lies below the sum");
        let mut steps = Vec::new();
        if matches!(row.nodes.first(), Some(Node::Word("SORT" | "SORT_RO"))) {
            steps.push(Step::exact(READS_A_NUMBER));
        }
        for _ in 0..row.repeat {
            self.draws += 1;
            let scene = Scene {
                focus: &self.focus,
                draws: self.draws,
            };
            let mut step = Step::new(Vec::new(), row.compare);
            expand(&row.nodes, random, &scene, &mut step);
            if row.repeat == 1 {
                spoil(random, &mut step);
            }
            steps.push(step);
        }
        steps
    }
}

fn repeat(line: &str) -> usize {
    let mark = line
        .strip_prefix('@')
        .and_then(|rest| rest.split(' ').next());
    mark.map_or(1, |number| number.parse().expect("a number after @"))
}

/// Appends a template's arguments to a step.
pub fn expand(nodes: &[Node], random: &mut Random, scene: &Scene, step: &mut Step) {
    for node in nodes {
        match node {
            Node::Word(word) => step.arguments.push(in_some_case(word, random)),
            Node::Kind(kind) => kinds::push(kind, random, scene, step),
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
                    expand(&alternatives[choice], random, scene, step);
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

/// Now and then: an argument too few or too many, or one of another kind.
fn spoil(random: &mut Random, step: &mut Step) {
    let last = step.arguments.len() - 1;
    match random.random_range(0..60) {
        0 if may_change(step) => step.arguments.truncate(last.max(1)),
        1 => step.arguments.push(pools::junk(random)),
        2 if last > 0 && may_change(step) => {
            let at = random.random_range(1..=last);
            step.arguments[at] = pools::junk(random);
        }
        _ => {}
    }
}

/// Without the right words a blocking command might wait for ever, a sort have no order, a sorted
/// set of equal scores get another one, and a directive be read as C reads texts.
fn may_change(step: &Step) -> bool {
    let name = step.arguments[0].to_ascii_uppercase();
    let blocks = name.starts_with(b"B") && !name.starts_with(b"BIT");
    let bound = |word: &Vec<u8>| word.eq_ignore_ascii_case(b"BLOCK") || word.starts_with(b"zlex");
    !blocks && !name.starts_with(b"SORT") && name != b"CONFIG" && !step.arguments.iter().any(bound)
}

#[test]
fn draw_reaches_every_template_and_is_reproducible() {
    const DRAWS: u32 = 20_000;
    for profile in super::profile::PROFILES {
        let names = |seed| -> Vec<Vec<u8>> {
            let mut drawer = Drawer::new(profile, |_| true);
            let mut random = crate::harness::seed::random(seed);
            let mut step = |_| {
                drawer
                    .draw(&mut random)
                    .pop()
                    .expect("a command was drawn")
                    .arguments
                    .swap_remove(0)
                    .to_ascii_uppercase()
            };
            (0..DRAWS).map(&mut step).collect()
        };
        let drawn = names(1);
        assert_eq!(drawn, names(1));
        let drawn: std::collections::HashSet<Vec<u8>> = drawn.into_iter().collect();
        let subject = profile.subject().map(|group| vec![group]);
        let all = || profile.groups().map(|(_, group)| group).collect();
        for group in subject.unwrap_or_else(all) {
            for (_, template, _) in group.templates {
                let line = known::strip_repeat(template);
                let name = line.split(' ').next().expect("a name").as_bytes();
                assert!(drawn.contains(name), "{template} was never drawn");
            }
        }
    }
}
