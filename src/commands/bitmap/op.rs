//! Owns BITOP.
//! Must not know: chunks, kernels. Tests: `tests.rs` beside this file, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use smallvec::SmallVec;
use storage::Edit;
use storage::ops::bitmap;
use storage::ops::bits::BitOp;

const OPERATIONS: [(&[u8], BitOp); 8] = [
    (b"AND", BitOp::And),
    (b"OR", BitOp::Or),
    (b"XOR", BitOp::Xor),
    (b"NOT", BitOp::Not),
    (b"DIFF", BitOp::Diff),
    (b"DIFF1", BitOp::Diff1),
    (b"ANDOR", BitOp::AndOr),
    (b"ONE", BitOp::One),
];

pub(super) fn bitop(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let name = args.next()?;
    let op = OPERATIONS
        .iter()
        .find(|(word, _)| name.eq_ignore_ascii_case(word));
    let &(_, op) = op.ok_or(CommandError::Fixed(text::SYNTAX))?;
    let target = args.next()?;
    let mut sources: SmallVec<[&[u8]; 8]> = SmallVec::new();
    while let Some(source) = args.next_or_none() {
        sources.push(source);
    }
    match op {
        BitOp::Not if sources.len() != 1 => return Err(CommandError::Fixed(text::BITOP_NOT)),
        BitOp::Diff | BitOp::Diff1 | BitOp::AndOr if sources.len() < 2 => {
            return Err(CommandError::too_few_sources(name));
        }
        _ => {}
    }
    let len = bitmap::combine(edit, op, target, &sources)?;
    Ok(Reply::Int(i64::try_from(len).unwrap_or(i64::MAX)))
}
