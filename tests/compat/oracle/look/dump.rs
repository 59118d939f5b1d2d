//! DUMP on each server, RESTORE on the other: payloads may differ, values may not.
//! Invariants: a payload of ours that names a newer RDB version than Redis 7.0 reads is offered
//! under version 10 if its encoding is that old. Must not know: bodies of payloads. Tests: below.

use super::{COPY, drop_copy, key, words};
use crate::compat::oracle::compare::Compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair, difference};
use crate::harness::wire;

/// The RDB version of Redis 7.0, and the last value type that it reads.
const VERSION: u16 = 10;
const LAST_TYPE: u8 = 19;
/// Version and checksum.
const FOOTER: usize = 10;

pub fn cross(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    let (ours, theirs) = (
        pair.ours.command(&step.arguments),
        pair.theirs.command(&step.arguments),
    );
    pair.note(step, &theirs);
    let (our_payload, their_payload) = match (ours.first(), theirs.first()) {
        (Some(b'$'), Some(b'$')) => (wire::payload(&ours), wire::payload(&theirs)),
        _ => (None, None),
    };
    let (Some(our_payload), Some(their_payload)) = (our_payload, their_payload) else {
        return match ours == theirs || pair.allows(step, &ours, &theirs) {
            true => Ok(()),
            false => Err(difference(&step.arguments, &ours, &theirs)),
        };
    };
    let restore = |payload: &[u8]| words(&[b"RESTORE", COPY, b"0", payload, b"REPLACE"]);
    let restored = pair.ours.command(&restore(their_payload));
    if restored != b"+OK\r\n" {
        return Err(difference(&restore(their_payload), &restored, b"+OK\r\n"));
    }
    match as_version_10(our_payload) {
        Some(payload) => {
            let restored = pair.theirs.command(&restore(&payload));
            if restored != b"+OK\r\n" {
                return Err(difference(&restore(&payload), b"+OK\r\n", &restored));
            }
        }
        // Redis 7.0 cannot read it; it restores its own.
        None => drop(pair.theirs.command(&restore(their_payload))),
    }
    let kind = pair.theirs.command(&words(&[b"TYPE", COPY]));
    let kind = &kind[1..kind.len() - 2];
    let mut whole = key::whole(COPY, kind);
    // A loaded value has the encoding of its size, which the comparison at the end looks at.
    whole.retain(|step| step.arguments[0] != b"OBJECT");
    // And its order, which the one server gave the payload.
    for step in &mut whole {
        if let Compare::Elements(run) = step.compare {
            step.compare = Compare::SetOf(run);
        }
    }
    pair.run_each(&whole)?;
    drop_copy(pair);
    Ok(())
}

/// The payload under version 10, or nothing if Redis 7.0 does not know its type.
fn as_version_10(payload: &[u8]) -> Option<Vec<u8>> {
    let body = payload.get(..payload.len().checked_sub(FOOTER)?)?;
    if *body.first()? > LAST_TYPE {
        return None;
    }
    let version = u16::from_le_bytes([payload[body.len()], payload[body.len() + 1]]);
    if version <= VERSION {
        return Some(payload.to_vec());
    }
    let mut older = [body, &VERSION.to_le_bytes()].concat();
    let checksum = crc64(&older);
    older.extend_from_slice(&checksum.to_le_bytes());
    Some(older)
}

/// CRC-64 with Jones's polynomial, reflected, as at the end of payloads.
fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ POLYNOMIAL,
            _ => crc >> 1,
        })
    })
}

#[test]
fn crc64_is_that_of_payloads() {
    assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
}

#[test]
fn as_version_10_changes_only_what_is_newer_and_readable() {
    let old = [b"\x00\x01a".as_slice(), &[10, 0], &[0; 8]].concat();
    assert_eq!(as_version_10(&old), Some(old));
    let new = [b"\x00\x01a".as_slice(), &[12, 0], &[0; 8]].concat();
    let rewritten = as_version_10(&new).expect("a string is readable");
    assert_eq!(rewritten[3..5], [10, 0]);
    assert_eq!(rewritten[5..], crc64(&rewritten[..5]).to_le_bytes());
    let unreadable = [b"\x14\x01a".as_slice(), &[12, 0], &[0; 8]].concat();
    assert_eq!(as_version_10(&unreadable), None);
    assert_eq!(as_version_10(b"x"), None);
}
