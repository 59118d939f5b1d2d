//! Owns when keys expire: setting, removing and reading the time.
//! Invariants: a time that has come deletes at once; value and extensions stay as they are.
//! Must not know: units, options' spelling. Tests: `storage/tests/keyspace`.

use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;
use crate::view::View;

/// What must hold for a new time to be set, beside the key's existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The key has no time (NX).
    pub absent: bool,
    /// The key has a time (XX).
    pub present: bool,
    /// The new time is later (GT); a key without a time never expires, so nothing is later.
    pub later: bool,
    /// The new time is earlier (LT).
    pub earlier: bool,
}

impl Conditions {
    pub(super) fn hold(self, current: Option<i64>, at_ms: i64) -> bool {
        let later = current.is_some_and(|current| at_ms > current);
        let earlier = current.is_none_or(|current| at_ms < current);
        !(self.absent && current.is_some()
            || self.present && current.is_none()
            || self.later && !later
            || self.earlier && !earlier)
    }
}

/// A key's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// The key does not exist.
    NoKey,
    /// The key never expires.
    Never,
    /// The key expires then, ms since the epoch.
    At(u64),
}

/// Gives a key that this edit has written its time, or none, telling nobody: what wrote it does.
pub fn file(edit: &mut Edit<'_>, key: &[u8], at_ms: Option<u64>) -> Result<()> {
    let entry = edit.open(key)?;
    let Some(mut header) = entry.header().cloned() else {
        return Ok(());
    };
    if header.expire_ms == at_ms {
        return Ok(());
    }
    header.expire_ms = at_ms;
    let payload = entry.payload().unwrap_or_default();
    edit.put(&entry, header, &[payload], &[])
}

/// Lets a key expire at `at_ms`, ms since the epoch (negative ones are long past); gives whether
/// that was done. A key whose time has come is deleted, and that counts as done.
pub fn set(edit: &mut Edit<'_>, key: &[u8], at_ms: i64, conditions: Conditions) -> Result<bool> {
    let entry = edit.open(key)?;
    let Some(header) = entry.header() else {
        return Ok(false);
    };
    let current = header
        .expire_ms
        .map(|at| i64::try_from(at).unwrap_or(i64::MAX));
    if !conditions.hold(current, at_ms) {
        return Ok(false);
    }
    let mut header = header.clone();
    match u64::try_from(at_ms) {
        Ok(at_ms) if at_ms > edit.now_ms() => header.expire_ms = Some(at_ms),
        _ => {
            edit.remove(&entry, Event::Del)?;
            return Ok(true);
        }
    }
    let payload = entry.payload().unwrap_or_default();
    edit.put(&entry, header, &[payload], &[Event::Expire])?;
    Ok(true)
}

/// Takes a key's time away; gives whether it had one.
pub fn persist(edit: &mut Edit<'_>, key: &[u8]) -> Result<bool> {
    let entry = edit.open(key)?;
    let Some(header) = entry.header().filter(|header| header.expire_ms.is_some()) else {
        return Ok(false);
    };
    let mut header = header.clone();
    header.expire_ms = None;
    let payload = entry.payload().unwrap_or_default();
    edit.put(&entry, header, &[payload], &[Event::Persist])?;
    Ok(true)
}

/// When a key expires.
#[inline]
pub fn deadline(view: &View<'_>, key: &[u8]) -> Result<Deadline> {
    let entry = view.open(key)?;
    Ok(match entry.header().map(|header| header.expire_ms) {
        None => Deadline::NoKey,
        Some(None) => Deadline::Never,
        Some(Some(at_ms)) => Deadline::At(at_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_follow_the_rule_that_no_time_is_the_latest() {
        let none = Conditions::default();
        let only = |change: fn(&mut Conditions)| {
            let mut conditions = none;
            change(&mut conditions);
            conditions
        };
        let (nx, xx) = (only(|c| c.absent = true), only(|c| c.present = true));
        let (gt, lt) = (only(|c| c.later = true), only(|c| c.earlier = true));
        let table = [
            (none, [true, true, true, true]),
            (nx, [true, false, false, false]),
            (xx, [false, true, true, true]),
            (gt, [false, false, false, true]),
            (lt, [true, true, false, false]),
        ];
        for (conditions, expected) in table {
            let cases = [(None, 5), (Some(7), 5), (Some(5), 5), (Some(3), 5)];
            let held = cases.map(|(current, at_ms)| conditions.hold(current, at_ms));
            assert_eq!(held, expected, "{conditions:?}");
        }
        let both = Conditions {
            present: true,
            earlier: true,
            ..none
        };
        assert!(!both.hold(None, 5) && both.hold(Some(6), 5));
    }
}
