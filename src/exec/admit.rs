//! Owns who may run what, and when: one ordered list of checks.
//! Invariants: the order is Redis's: the row exists, DEBUG is permitted, arity, authentication,
//! then whether the server can take it now. Must not know: handlers. Tests: black box, oracle.

use crate::command::Flags;
use crate::commands::NumberedCommand;
use crate::error::{CommandError, text};
use crate::resp::Request;
use crate::session::Session;

/// Whether the command may run now.
#[inline]
pub fn admit(
    session: &Session,
    command: &NumberedCommand,
    request: &Request<'_>,
) -> Result<(), CommandError> {
    let spec = command.spec;
    if spec.flags().has(Flags::DEBUG) {
        admit_debug(session)?;
    }
    if !spec.arity.admits(request.len()) {
        return Err(CommandError::wrong_arity(command.full_name));
    }
    if !session.is_authenticated() && !spec.flags().has(Flags::NO_AUTH) {
        return Err(CommandError::Fixed(text::NO_AUTH));
    }
    if spec.is_write() {
        admit_write(session, spec.flags())?;
    }
    Ok(())
}

fn admit_debug(session: &Session) -> Result<(), CommandError> {
    let allow = session.services.config.enable_debug_command.get();
    match allow.permits(session.client.origin()) {
        true => Ok(()),
        false => Err(CommandError::Fixed(text::DEBUG_NOT_ALLOWED)),
    }
}

fn admit_write(session: &Session, flags: Flags) -> Result<(), CommandError> {
    let store = &session.services.store;
    if let Some(refusal) = store.queue().refusal() {
        return Err(refusal.into());
    }
    if flags.has(Flags::DENYOOM) && store.is_over_memory() {
        return Err(CommandError::Fixed(text::OOM));
    }
    Ok(())
}
