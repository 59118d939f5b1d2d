//! Blocking commands: several clients wait on both servers while others push.
//! Invariants: after each action it is known of every client whether it waits, and on both
//! servers the same ones do; whoever was woken got the same reply. Must not know: which client
//! should be woken. Tests: `oracle_blocking_gets_the_replies_of_redis`.

mod script;
mod stage;

use super::Length;
use super::known::Known;
use super::shrink;
use crate::harness::server::stand_in;
use crate::harness::{Random, Server, seed};
use rand::RngExt;
use script::{Action, Writer};
use stage::Stage;
use std::time::Instant;

const ACTIONS: usize = 80;

/// Plays random scripts as far as `length` says; panics with a short script on a difference.
pub fn run(seed: u64, length: Length) {
    let started = Instant::now();
    let (ours, theirs) = (Server::start(), Server::redis().start());
    let known = Known::ask(&ours, &theirs);
    let Some(mut writer) = Writer::new(&known) else {
        println!("skipped: ours knows no blocking command");
        return;
    };
    let mut random = seed::random(seed);
    let (mut scripts, mut woken) = (0, 0);
    while length.goes_on(started, scripts) {
        let protocol = random.random_range(2..=3);
        let script = draw(&mut writer, &mut random);
        match play(&ours, &theirs, protocol, &script) {
            Ok(count) => woken += count,
            Err(first) => shrink::report(protocol, script, first, |script| {
                play(&ours, &theirs, protocol, script).err()
            }),
        }
        scripts += 1;
    }
    println!("oracle of blocking: {scripts} scripts, {woken} clients woken");
    assert!(
        stand_in() || scripts < 20 || woken > scripts,
        "hardly anyone waited"
    );
}

fn draw(writer: &mut Writer, random: &mut Random) -> Vec<Action> {
    (0..ACTIONS).map(|_| writer.action(random)).collect()
}

/// How many clients were woken, or what differed.
fn play(ours: &Server, theirs: &Server, protocol: u8, script: &[Action]) -> Result<u64, String> {
    let mut stage = Stage::new(ours, theirs, protocol);
    for action in script {
        stage
            .act(action)
            .map_err(|difference| format!("{action}\n{difference}"))?;
    }
    stage.finish()
}
