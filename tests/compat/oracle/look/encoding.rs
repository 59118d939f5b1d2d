//! Encodings that follow from how a server computed a value.
//! Invariants: afterwards the value has the same encoding on both servers, since it is made anew.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use super::words;
use crate::compat::oracle::compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair};
use crate::harness::wire;

/// SDIFFSTORE: see the deviation `difference-encoding`.
pub fn stored_difference(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    let reply = pair.exact(&step.arguments)?;
    let (Some(key), false) = (step.arguments.get(1), compare::is_error(&reply)) else {
        return Ok(());
    };
    let question = words(&[b"OBJECT", b"ENCODING", key]);
    let encodings = pair.both(&question);
    let known = (
        b"$6\r\nintset\r\n".to_vec(),
        b"$9\r\nhashtable\r\n".to_vec(),
    );
    if encodings != known {
        return pair.judge_exact(&question, &encodings.0, &encodings.1);
    }
    let members = pair.theirs.command(&words(&[b"SMEMBERS", key]));
    let members = wire::elements(&members)
        .into_iter()
        .filter_map(wire::payload);
    let again: Vec<&[u8]> = [b"SADD".as_slice(), key]
        .into_iter()
        .chain(members)
        .collect();
    pair.exact(&words(&[b"DEL", key]))?;
    pair.exact(&words(&again))?;
    Ok(())
}
