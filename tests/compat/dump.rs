//! Payloads of DUMP exchanged with a real Redis, both ways: random values of every type.
//! Invariants: what either server restores from the other's payload has the same content, by the
//! digest that both compute alike. Must not know: the serialised form. Tests: this file.

use crate::harness::raw::Raw;
use crate::harness::{Server, seed, wire};
use rand::RngExt;
use seed::Random;

const ROUNDS: usize = 250;
/// Elements of a value: inside a row, across Redis's thresholds, many rows.
const LENS: [usize; 6] = [1, 2, 20, 129, 513, 3000];

struct Sides {
    ours: Raw,
    theirs: Raw,
}

impl Sides {
    /// The same command to both; both must take it.
    #[track_caller]
    fn both(&mut self, words: &[Vec<u8>]) {
        for side in [&mut self.ours, &mut self.theirs] {
            let reply = side.command(words);
            assert!(!reply.starts_with(b"-"), "{}", wire::show(&reply));
        }
    }

    #[track_caller]
    fn same(&mut self, line: &str) {
        let (ours, theirs) = (self.ours.line(line), self.theirs.line(line));
        assert_eq!(wire::show(&ours), wire::show(&theirs), "{line}");
    }
}

fn text(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..10) {
        0..=2 => random.random_range(-200..200).to_string().into_bytes(),
        3 => random.random::<i64>().to_string().into_bytes(),
        4..=7 => {
            let len = random.random_range(0..30);
            (0..len).map(|_| random.random()).collect()
        }
        8 => vec![b'x'; random.random_range(50..700)],
        _ => {
            let len = random.random_range(1000..9000);
            (0..len).map(|_| random.random_range(b'a'..b'e')).collect()
        }
    }
}

fn words(line: &str, rest: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut words = wire::words(line);
    words.extend(rest);
    words
}

fn scores(random: &mut Random, len: usize) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    for _ in 0..len {
        let score = match random.random_range(0..8) {
            0 => "inf".to_owned(),
            1 => "-inf".to_owned(),
            2..=4 => random.random_range(-99..99).to_string(),
            _ => random.random_range(-1e10..1e10).to_string(),
        };
        words.extend([score.into_bytes(), text(random)]);
    }
    words
}

/// A value of any type at `k`, and how to look at it beside its digest.
fn write(sides: &mut Sides, random: &mut Random) -> &'static [&'static str] {
    let len = LENS[random.random_range(0..LENS.len())];
    let mut texts = |count: usize| -> Vec<Vec<u8>> { (0..count).map(|_| text(random)).collect() };
    match len % 7 + texts(1)[0].len() % 6 {
        0 | 6 => {
            let value = texts(1).concat().repeat(len.min(20));
            sides.both(&words("SET k", [value]));
            &["GET k"]
        }
        1 | 7 => {
            sides.both(&words("RPUSH k", texts(len)));
            &["LRANGE k 0 -1"]
        }
        2 | 8 => {
            sides.both(&words("SADD k", texts(len)));
            &["SCARD k"]
        }
        3 | 9 => {
            let numbers = (0..len as i64).map(|n| (n * n * n - 5).to_string().into_bytes());
            sides.both(&words("SADD k", numbers));
            &["SCARD k"]
        }
        4 | 10 => {
            sides.both(&words("HSET k", texts(2 * len)));
            &["HLEN k"]
        }
        5 | 11 => {
            let scores = scores(random, len);
            sides.both(&words("ZADD k", scores));
            &["ZRANGE k 0 -1"]
        }
        _ => {
            stream(sides, random, len);
            &["XRANGE k - +", "XPENDING k g", "XINFO GROUPS k", "XLEN k"]
        }
    }
}

fn stream(sides: &mut Sides, random: &mut Random, len: usize) {
    for n in 1..=len.min(400) {
        let pairs = random.random_range(1..4) * 2;
        let pairs: Vec<Vec<u8>> = (0..pairs).map(|_| text(random)).collect();
        sides.both(&words(&format!("XADD k {n}-{}", n % 3), pairs));
    }
    sides.both(&wire::words("XGROUP CREATE k g 0"));
    for consumer in ["one", "two"] {
        let line = format!("XREADGROUP GROUP g {consumer} COUNT 7 STREAMS k >");
        sides.both(&wire::words(&line));
    }
    sides.both(&wire::words("XDEL k 2-2 3-0 5-2"));
}

fn digest(side: &mut Raw, key: &str) -> String {
    wire::show(&side.line(&format!("DEBUG DIGEST-VALUE {key}")))
}

/// Restores a payload under another name, and looks whether it is the same value.
#[track_caller]
fn restore(side: &mut Raw, payload: &[u8], digest_before: &str) {
    let reply = side.command(&words(
        "RESTORE k2 0",
        [payload.to_vec(), b"REPLACE".to_vec()],
    ));
    assert_eq!(wire::show(&reply), "+OK\\r\\n");
    assert_eq!(digest(side, "k2"), digest_before);
}

#[test]
fn values_survive_the_way_to_redis_and_back() {
    let ours = Server::builder().set("enable-debug-command", "yes").start();
    let theirs = Server::redis().set("enable-debug-command", "yes").start();
    let mut sides = Sides {
        ours: ours.raw(),
        theirs: theirs.raw(),
    };
    let name = "values_survive_the_way_to_redis_and_back";
    let mut random = seed::random(seed::announce(name));
    for _ in 0..ROUNDS {
        sides.both(&wire::words("DEL k k2"));
        let looks = write(&mut sides, &mut random);
        let before = digest(&mut sides.theirs, "k");
        assert_eq!(digest(&mut sides.ours, "k"), before);
        let payloads = [&mut sides.ours, &mut sides.theirs].map(|side| {
            let reply = side.line("DUMP k");
            wire::payload(&reply).expect("a payload").to_vec()
        });
        restore(&mut sides.ours, &payloads[0], &before);
        restore(&mut sides.theirs, &payloads[0], &before);
        restore(&mut sides.ours, &payloads[1], &before);
        sides.both(&wire::words("RENAME k2 k"));
        for line in looks {
            sides.same(line);
        }
    }
}

/// All databases at once have one digest, which both compute alike.
#[test]
fn debug_digest_is_that_of_redis() {
    let ours = Server::builder().set("enable-debug-command", "yes").start();
    let theirs = Server::redis().set("enable-debug-command", "yes").start();
    let mut sides = Sides {
        ours: ours.raw(),
        theirs: theirs.raw(),
    };
    sides.same("DEBUG DIGEST");
    for line in [
        "SET a 1",
        "SET b 2 EX 1000",
        "RPUSH l a b c",
        "SADD s x y z",
        "HSET h f v g w",
        "ZADD z 1.1 m -2 n",
        "XADD x 1-1 f v",
        "SELECT 3",
        "SET a 1",
    ] {
        sides.both(&wire::words(line));
        sides.same("DEBUG DIGEST");
    }
    sides.same("DEBUG DIGEST-VALUE a missing");
}
