//! Owns PFDEBUG: the stored form of a sketch, for tests and support.
//! Invariants: as in Redis, a missing or wrong key is told before a wrong subcommand, and GETREG
//! makes the sketch dense. Must not know: where sketches stand. Tests: `tests/commands/hll.rs`,
//! `tests/compat/hyperloglog.rs`.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, quoted};
use crate::resp::Reply;
use storage::Edit;
use storage::ops::hll;
use storage::ops::hll::sketch::{Encoding, Opcode};

const NO_SUCH_KEY: &str = "ERR The specified key does not exist";
const NOT_SPARSE: &str = "ERR HLL encoding is not sparse";

pub(super) fn pfdebug(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (subcommand, key) = (args.next()?, args.next()?);
    if subcommand.eq_ignore_ascii_case(b"SIMD") {
        return simd(key);
    }
    let encoding = hll::encoding(edit, key)?.ok_or(CommandError::Fixed(NO_SUCH_KEY))?;
    if subcommand.eq_ignore_ascii_case(b"GETREG") {
        hll::make_dense(edit, key)?;
        let registers = hll::registers(edit, key)?;
        let replies = registers
            .iter()
            .map(|&register| Reply::Int(register.into()));
        Ok(Reply::Array(replies.collect()))
    } else if subcommand.eq_ignore_ascii_case(b"DECODE") {
        let opcodes = hll::opcodes(edit, key)?.ok_or(CommandError::Fixed(NOT_SPARSE))?;
        let words: Vec<String> = opcodes.into_iter().map(word).collect();
        Ok(Reply::bulk_str(&words.join(" ")))
    } else if subcommand.eq_ignore_ascii_case(b"ENCODING") {
        Ok(Reply::Simple(match encoding {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        }))
    } else if subcommand.eq_ignore_ascii_case(b"TODENSE") {
        Ok(Reply::Int(hll::make_dense(edit, key)?.into()))
    } else {
        let name = quoted(subcommand, subcommand.len());
        let text = [b"ERR Unknown PFDEBUG subcommand '", name, b"'"].concat();
        Err(CommandError::Bytes(text))
    }
}

/// Answers as a Redis does that was built without vector instructions for sketches.
fn simd(word: &[u8]) -> CommandResult {
    match word.eq_ignore_ascii_case(b"ON") || word.eq_ignore_ascii_case(b"OFF") {
        true => Ok(Reply::Simple("disabled")),
        false => Err("ERR Argument must be ON or OFF".into()),
    }
}

/// A run as DECODE shows it.
fn word(opcode: Opcode) -> String {
    match opcode {
        Opcode::Zero(run) => format!("z:{run}"),
        Opcode::ExtendedZero(run) => format!("Z:{run}"),
        Opcode::Value(value, run) => format!("v:{value},{run}"),
    }
}
