//! Owns registers as runs of equal values.
//! Invariants: a register is raised where it stands, by splitting its run and joining equal
//! neighbours close by, exactly as far as Redis does, so the bytes stay equal to Redis's; a body is
//! valid if its runs cover each register once. Must not know: the header.
//! Tests: `tests.rs` beside this file, `tests/compat/hyperloglog.rs`.
//!
//! ```text
//! ZERO    00rrrrrr             r + 1 registers, 1 to 64, of value 0
//! XZERO   01rrrrrr rrrrrrrr    r + 1 registers, 1 to 16384, of value 0
//! VAL     1vvvvvrr             r + 1 registers, 1 to 4, of value v + 1, 1 to 32
//! ```

use super::hash::Rank;
use super::{Malformed, REGISTERS};
use smallvec::SmallVec;

const ZERO_RUN_MAX: usize = 64;
const VALUE_RUN_MAX: usize = 4;
const VALUE_MAX: u8 = 32;
/// Opcodes that are looked at for neighbours to join, from the one before the change on.
const JOINED_OPCODES: usize = 5;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// Registers of value 0, in one byte.
    Zero(usize),
    /// Registers of value 0, in two bytes.
    ExtendedZero(usize),
    /// Registers of a value (1 to 32), in one byte.
    Value(u8, usize),
}

impl Opcode {
    /// The first opcode of `body`; `Malformed` if its second byte is missing.
    fn first(body: &[u8]) -> Option<Result<Opcode, Malformed>> {
        let (&first, rest) = body.split_first()?;
        let low = usize::from(first & 0x3f);
        Some(match (first >> 6, rest.first()) {
            (0, _) => Ok(Opcode::Zero(low + 1)),
            (1, Some(&second)) => Ok(Opcode::ExtendedZero((low << 8 | usize::from(second)) + 1)),
            (1, None) => Err(Malformed),
            _ => Ok(Opcode::Value(((first >> 2) & 0x1f) + 1, (low & 3) + 1)),
        })
    }

    fn bytes(self) -> usize {
        match self {
            Opcode::Zero(_) | Opcode::Value(..) => 1,
            Opcode::ExtendedZero(_) => 2,
        }
    }

    fn run(self) -> usize {
        match self {
            Opcode::Zero(run) | Opcode::ExtendedZero(run) | Opcode::Value(_, run) => run,
        }
    }

    fn value(self) -> u8 {
        match self {
            Opcode::Zero(_) | Opcode::ExtendedZero(_) => 0,
            Opcode::Value(value, _) => value,
        }
    }
}

/// Appends a run that fits into one opcode; an empty one is nothing.
pub fn push_run(out: &mut impl Extend<u8>, value: u8, run: usize) {
    let Some(rest) = run.checked_sub(1) else {
        return;
    };
    let low = rest as u8;
    match value {
        0 if run > ZERO_RUN_MAX => out.extend([0x40 | (rest >> 8) as u8, low]),
        0 => out.extend([low]),
        value => {
            debug_assert!(value <= VALUE_MAX && run <= VALUE_RUN_MAX);
            out.extend([0x80 | (value - 1) << 2 | low]);
        }
    }
}

/// The opcodes in order; nothing follows a malformed one.
pub fn opcodes(body: &[u8]) -> impl Iterator<Item = Result<Opcode, Malformed>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let opcode = Opcode::first(rest)?;
        let skipped = opcode.map_or(rest.len(), Opcode::bytes);
        rest = rest.get(skipped..).unwrap_or_default();
        Some(opcode)
    })
}

/// Hands first register, length and value of each run to `visit`. Fails, perhaps after some, unless
/// the runs cover each register once.
pub fn for_each_run(body: &[u8], mut visit: impl FnMut(usize, usize, u8)) -> Result<(), Malformed> {
    let mut start = 0;
    for opcode in opcodes(body) {
        let opcode = opcode?;
        let end = start + opcode.run();
        if end > REGISTERS {
            return Err(Malformed);
        }
        visit(start, opcode.run(), opcode.value());
        start = end;
    }
    if start == REGISTERS {
        Ok(())
    } else {
        Err(Malformed)
    }
}

/// What became of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It was not lower.
    Unchanged,
    /// It has the rank now.
    Changed,
    /// It is lower, and stays so: the rank is above 32, or the body would be too long.
    DoesNotFit,
}

/// Where the opcode of a register stands.
struct Place {
    /// Its first byte.
    at: usize,
    /// The first byte of the one before it; its own if it is the first.
    previous: usize,
    /// The first register it covers.
    start: usize,
    opcode: Opcode,
}

impl Place {
    fn of(body: &[u8], register: usize) -> Result<Place, Malformed> {
        let (mut at, mut previous, mut start) = (0, 0, 0);
        for opcode in opcodes(body) {
            let opcode = opcode?;
            let end = start + opcode.run();
            if register < end {
                return Ok(Place {
                    at,
                    previous,
                    start,
                    opcode,
                });
            }
            previous = at;
            at += opcode.bytes();
            start = end;
        }
        Err(Malformed)
    }
}

/// Raises a register, if the body then has at most `bytes_max` bytes or does not grow.
pub fn raise(body: &mut Vec<u8>, rank: Rank, bytes_max: u64) -> Result<Raised, Malformed> {
    if rank.rank > VALUE_MAX {
        return Ok(Raised::DoesNotFit);
    }
    let place = Place::of(body, rank.register)?;
    let (value, run) = (place.opcode.value(), place.opcode.run());
    if value >= rank.rank {
        return Ok(Raised::Unchanged);
    }
    let before = rank.register - place.start;
    let mut split: SmallVec<[u8; 8]> = SmallVec::new();
    push_run(&mut split, value, before);
    push_run(&mut split, rank.rank, 1);
    push_run(&mut split, value, run - before - 1);
    let old_len = place.opcode.bytes();
    let new_len = body.len() - old_len + split.len();
    if split.len() > old_len && new_len as u64 > bytes_max {
        return Ok(Raised::DoesNotFit);
    }
    body.splice(place.at..place.at + old_len, split);
    join(body, place.previous);
    Ok(Raised::Changed)
}

/// Joins neighbouring runs of the same value, from the opcode at `at` on.
fn join(body: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOINED_OPCODES {
        let opcode = |at: usize| Opcode::first(body.get(at..)?)?.ok();
        let Some(first) = opcode(at) else { return };
        let second = opcode(at + first.bytes());
        match (first, second) {
            (Opcode::Value(value, run), Some(Opcode::Value(other, more)))
                if value == other && run + more <= VALUE_RUN_MAX =>
            {
                let mut joined: SmallVec<[u8; 1]> = SmallVec::new();
                push_run(&mut joined, value, run + more);
                body.splice(at..at + 2, joined);
            }
            _ => at += first.bytes(),
        }
    }
}
