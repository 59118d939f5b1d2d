//! A writer whose keys and fields expire while it writes and while the server is down.
//! Invariants: after any crash a set or hash is whole or gone, and never under the name it had
//! inside its transaction; once all times have come the database is empty.
//! Must not know: who kills the server. Tests: exercised by `kill.rs`.

use crate::harness::{Random, Raw, Server, eventually, pack, wire};
use rand::RngExt;
use std::sync::atomic::{AtomicBool, Ordering};

const DATABASE: &str = "14";
const KEYS: u32 = 30;
const SIZE_MAX: u32 = 400;
const LIFETIME_MAX_MS: u32 = 1500;

/// Makes sets and hashes that last a moment, until the connection breaks or `stop` is set.
pub fn run(mut connection: Raw, random: &mut Random, stop: &AtomicBool) {
    let select = pack(&["SELECT", DATABASE]);
    if connection.try_send(&select).is_err() || connection.try_reply().is_err() {
        return;
    }
    while !stop.load(Ordering::Relaxed) {
        let commands = match random.random() {
            true => expiring_set(random),
            false => expiring_fields(random),
        };
        let bytes: Vec<u8> = commands.iter().flat_map(|words| pack(words)).collect();
        if connection.try_send(&bytes).is_err() {
            return;
        }
        for _ in &commands {
            match connection.try_reply() {
                Ok(reply) => assert_ne!(reply[0], b'-', "{}", wire::show(&reply)),
                Err(_) => return,
            }
        }
    }
}

/// A set that tells its own size.
fn expiring_set(random: &mut Random) -> Vec<Vec<String>> {
    let (key, size, lifetime) = draw("set", random);
    let mut fill = words("SADD temporary");
    fill.push(format!("size:{size}"));
    fill.extend((1..size).map(|n| format!("member:{n}")));
    vec![
        words("MULTI"),
        fill,
        words(&format!("RENAME temporary {key}")),
        words(&format!("PEXPIRE {key} {lifetime}")),
        words("EXEC"),
    ]
}

/// A hash whose fields all expire at one time, which must not be seen apart.
fn expiring_fields(random: &mut Random) -> Vec<Vec<String>> {
    let (key, size, lifetime) = draw("hash", random);
    let mut fill = words("HSET temporary");
    let mut expire = words(&format!("HPEXPIRE temporary {lifetime} FIELDS {size}"));
    for name in (1..size)
        .map(|n| format!("field:{n}"))
        .chain([format!("size:{size}")])
    {
        fill.extend([name.clone(), "some value".to_string()]);
        expire.push(name);
    }
    vec![
        words("MULTI"),
        fill,
        expire,
        words(&format!("RENAME temporary {key}")),
        words("EXEC"),
    ]
}

fn draw(kind: &str, random: &mut Random) -> (String, u32, u32) {
    let key = format!("{kind}:{}", random.random_range(0..KEYS));
    let size = match random.random_range(0..4) {
        0 => random.random_range(50..SIZE_MAX),
        _ => random.random_range(2..20),
    };
    (key, size, random.random_range(1..LIFETIME_MAX_MS))
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_string).collect()
}

/// Checks what is left after a crash, and that the rest goes when its time comes.
pub fn judge(server: &Server) {
    let mut c = server.raw();
    c.expect(&format!("SELECT {DATABASE}"), "+OK");
    for key in wire::elements(&c.line("KEYS *")) {
        let key = wire::payload(key).expect("a key");
        assert_ne!(key, b"temporary", "half of a transaction survived");
        let command: &[u8] = match key.starts_with(b"set") {
            true => b"SMEMBERS",
            false => b"HKEYS",
        };
        let members = c.command(&[command, key]);
        let members = wire::elements(&members);
        let sizes = members
            .iter()
            .filter_map(|m| wire::payload(m)?.strip_prefix(b"size:"));
        let sizes: Vec<String> = sizes
            .map(|size| String::from_utf8_lossy(size).into())
            .collect();
        // It may have expired since it was listed.
        if !members.is_empty() {
            assert_eq!(sizes, [members.len().to_string()], "{}", key.escape_ascii());
        }
    }
    eventually("what has expired is swept", || {
        c.line("DBSIZE") == b":0\r\n"
    });
}
