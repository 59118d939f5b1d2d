//! Everything that both servers hold: all keys of all databases.
//! Invariants: leaves the connection in the last database. Must not know: how commands are drawn.
//! Tests: every epoch and script ends with it.

use super::key;
use crate::compat::oracle::compare::Compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair};
use crate::harness::{Raw, wire};

const DATABASES: usize = 16;

/// Compares values, times and encodings under `protocol`; `probe` asks Redis which keys there are.
pub fn same(pair: &mut Pair, probe: &mut Raw, protocol: u8) -> Result<(), Difference> {
    pair.each(&format!("HELLO {protocol}"));
    for database in 0..DATABASES {
        let select = format!("SELECT {database}");
        probe.line(&select);
        pair.run(&[Step::exact(&select)])?;
        pair.run(&[Step::new(wire::words("KEYS *"), Compare::SetOf(1))])?;
        pair.run(&[Step::new(wire::words("DBSIZE"), Compare::Eventually)])?;
        let keys = probe.line("KEYS *");
        for key in wire::elements(&keys) {
            let name = wire::payload(key).expect("a key");
            let kind = probe.command(&[b"TYPE", name]);
            pair.run_each(&key::whole(name, &kind[1..kind.len() - 2]))?;
        }
    }
    Ok(())
}
