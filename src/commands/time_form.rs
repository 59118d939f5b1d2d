//! Owns the four ways in which commands are told a time: EX, PX, EXAT, PXAT.
//! Must not know: which times a command takes. Tests: those of `string/options` and of
//! `tests/commands/hash`.

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds from now.
    Ex,
    /// Milliseconds from now.
    Px,
    /// Seconds since the epoch.
    ExAt,
    /// Milliseconds since the epoch.
    PxAt,
}

impl TimeForm {
    pub fn from_word(word: &[u8]) -> Option<TimeForm> {
        const ALL: [(&[u8], TimeForm); 4] = [
            (b"ex", TimeForm::Ex),
            (b"px", TimeForm::Px),
            (b"exat", TimeForm::ExAt),
            (b"pxat", TimeForm::PxAt),
        ];
        ALL.iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name))
            .map(|(_, form)| *form)
    }

    /// The time that a number means, ms since the epoch; `None` if it is beyond all integers.
    pub fn to_ms(self, number: i64, now_ms: u64) -> Option<i64> {
        let unit = match self {
            TimeForm::Ex | TimeForm::ExAt => 1000,
            TimeForm::Px | TimeForm::PxAt => 1,
        };
        let start = match self {
            TimeForm::Ex | TimeForm::Px => now_ms as i64,
            TimeForm::ExAt | TimeForm::PxAt => 0,
        };
        number.checked_mul(unit)?.checked_add(start)
    }
}
