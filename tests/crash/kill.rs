//! kill -9 under write load, again and again on the same directory.
//! Invariants: every acknowledged write survives in every `appendfsync` mode; no batch is half
//! applied; `ferrock check` finds nothing. Must not know: what the operations are.
//! Tests: this file. `FERROCK_CRASH_ROUNDS` sets the number of kills over the three modes.

use super::shared::Shared;
use super::volatile;
use super::writer::Writer;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Random, Server, eventually, seed, tool, wait};
use rand::RngExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 12;
const MODES: u64 = 3;
const WRITERS: u64 = 3;
const SHARING_WRITERS: usize = 2;
/// Rounds from one FLUSHALL to the next.
const FLUSH_ALL_EVERY: u64 = 4;

#[test]
fn kill_under_load_loses_nothing_with_appendfsync_always() {
    kill_rounds("always");
}

#[test]
fn kill_under_load_loses_nothing_with_appendfsync_everysec() {
    if skip_on_stand_in("acknowledges before it writes while an fsync is under way") {
        return;
    }
    kill_rounds("everysec");
}

#[test]
fn kill_under_load_loses_nothing_with_appendfsync_no() {
    kill_rounds("no");
}

fn kill_rounds(mode: &str) {
    let seed = seed::announce(&format!("crash {mode}"));
    let mut random = seed::random(seed);
    let rounds = seed::number_from("FERROCK_CRASH_ROUNDS", ROUNDS).div_ceil(MODES);
    let mut server = Server::builder()
        .set("appendfsync", mode)
        .allow(
            "short read while loading the AOF",
            "a stand-in's torn last write",
        )
        .allow("Truncating the AOF", "a stand-in's torn last write")
        .allow("loaded anyway because", "a stand-in's torn last write")
        .start();
    let writer = |database| Writer::new(database as usize, seed::random(seed + 1 + database));
    let mut writers: Vec<Writer> = (0..WRITERS).map(writer).collect();
    let shared = Shared::default();
    for round in 0..rounds {
        let flushes = round % 2 == 1;
        if round % FLUSH_ALL_EVERY == FLUSH_ALL_EVERY - 1 {
            flush_all(&server, &mut writers, &shared);
        }
        load_and_kill(&mut server, &mut writers, &shared, flushes, &mut random);
        tool::assert_clean(&server.directory());
        server.restart();
        writers.iter_mut().for_each(|writer| writer.judge(&server));
        shared.judge(&server);
        volatile::judge(&server);
    }
    server.restart();
    writers.iter_mut().for_each(|writer| writer.judge(&server));
    shared.judge(&server);
    server.shut_down();
    tool::assert_clean(&server.directory());
    let writes: u64 = writers.iter().map(|writer| writer.writes).sum();
    println!("crash {mode}: {rounds} kills, {writes} acknowledged writes of single writers");
}

/// Leaves everything to the sweeper, which the next kill meets at its work.
fn flush_all(server: &Server, writers: &mut [Writer], shared: &Shared) {
    server.raw().expect("FLUSHALL", "+OK");
    writers.iter_mut().for_each(Writer::forget);
    shared.forget();
}

/// Lets all writers loose, and kills the server at a random moment once some were acknowledged.
fn load_and_kill(
    server: &mut Server,
    writers: &mut [Writer],
    shared: &Shared,
    flushes: bool,
    random: &mut Random,
) {
    let stop = AtomicBool::new(false);
    let begun = AtomicBool::new(false);
    let load = Duration::from_millis(random.random_range(20..900));
    let mut passing = seed::random(random.random());
    std::thread::scope(|scope| {
        for writer in writers {
            let connection = server.raw();
            let (stop, begun) = (&stop, &begun);
            scope.spawn(move || {
                begun.store(true, Ordering::Relaxed);
                writer.run(connection, flushes, stop);
            });
        }
        for _ in 0..SHARING_WRITERS {
            let connection = server.raw();
            let stop = &stop;
            scope.spawn(move || shared.run(connection, stop));
        }
        let connection = server.raw();
        let (passing, stopped) = (&mut passing, &stop);
        scope.spawn(move || volatile::run(connection, passing, stopped));
        eventually("the load begins", || begun.load(Ordering::Relaxed));
        wait::clock_passes(Instant::now() + load);
        server.kill();
        stop.store(true, Ordering::Relaxed);
    });
}
