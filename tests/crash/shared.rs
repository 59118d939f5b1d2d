//! Writers that share keys: pairs set together and a common counter.
//! Invariants: after any crash both keys of a pair are equal, and the counter lies between the
//! acknowledged and the sent increments. Must not know: who kills the server.
//! Tests: exercised by `kill.rs`.

use crate::harness::{Raw, Server, pack, wire};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

const DATABASE: &str = "15";
const BATCH: usize = 16;

/// What all sharing writers together have sent and got acknowledged.
#[derive(Default)]
pub struct Shared {
    tokens: AtomicU64,
    sent: AtomicI64,
    acknowledged: AtomicI64,
}

impl Shared {
    /// Sets pairs and counts until the connection breaks or `stop` is set.
    pub fn run(&self, mut connection: Raw, stop: &AtomicBool) {
        let select = pack(&["SELECT", DATABASE]);
        if connection.try_send(&select).is_err() || connection.try_reply().is_err() {
            return;
        }
        while !stop.load(Ordering::Relaxed) {
            let mut bytes = Vec::new();
            for _ in 0..BATCH {
                let token = self.tokens.fetch_add(1, Ordering::Relaxed).to_string();
                bytes.extend(pack(&["MSET", "left", &token, "right", &token]));
                bytes.extend(pack(&["INCR", "total"]));
            }
            self.sent.fetch_add(BATCH as i64, Ordering::SeqCst);
            if connection.try_send(&bytes).is_err() || !self.collect(&mut connection) {
                return;
            }
        }
    }

    fn collect(&self, connection: &mut Raw) -> bool {
        for _ in 0..BATCH {
            let (Ok(set), Ok(count)) = (connection.try_reply(), connection.try_reply()) else {
                return false;
            };
            assert_eq!(set, b"+OK\r\n", "MSET: {}", wire::show(&set));
            assert!(
                wire::integer(&count).is_some(),
                "INCR: {}",
                wire::show(&count)
            );
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        true
    }

    /// The database was emptied while nothing was in flight.
    pub fn forget(&self) {
        self.acknowledged.store(0, Ordering::SeqCst);
        self.sent.store(0, Ordering::SeqCst);
    }

    /// Checks the shared keys; the counter goes on from what was found.
    pub fn judge(&self, server: &Server) {
        let mut connection = server.raw();
        connection.expect(&format!("SELECT {DATABASE}"), "+OK");
        let values = connection.line("MGET left right total");
        let values: Vec<Option<&[u8]>> = wire::elements(&values)
            .into_iter()
            .map(wire::payload)
            .collect();
        assert_eq!(values[0], values[1], "half of an MSET survived");
        let digits = values[2].map_or("0".into(), String::from_utf8_lossy);
        let total: i64 = digits.parse().expect("a number");
        let acknowledged = self.acknowledged.load(Ordering::SeqCst);
        let sent = self.sent.load(Ordering::SeqCst);
        assert!(
            (acknowledged..=sent).contains(&total),
            "{total} increments survived; {acknowledged} were acknowledged, {sent} sent"
        );
        self.acknowledged.store(total, Ordering::SeqCst);
        self.sent.store(total, Ordering::SeqCst);
    }
}
