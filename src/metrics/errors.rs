//! Owns the counts of error replies by their code, for INFO's errorstats.
//! Invariants: a bounded number of codes. Must not know: which codes there are. Tests: below.

use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Distinct codes that are counted one by one; commands can be made to answer any.
const CODES_MAX: usize = 128;
/// A first word longer than this is no code.
const CODE_BYTES_MAX: usize = 64;

/// Counts by code.
#[derive(Debug, Default)]
pub struct ErrorCounts(Mutex<BTreeMap<String, u64>>);

impl ErrorCounts {
    /// Counts an error reply by its first word.
    pub fn count(&self, text: &[u8]) {
        let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        if code.is_empty() || code.len() > CODE_BYTES_MAX || !code.is_ascii() {
            return;
        }
        let code = String::from_utf8_lossy(code);
        let mut counts = self.0.lock();
        if let Some(count) = counts.get_mut(&*code) {
            *count += 1;
        } else if counts.len() < CODES_MAX {
            counts.insert(code.into_owned(), 1);
        }
    }

    /// All counts, by code.
    pub fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock();
        counts.iter().map(|(code, n)| (code.clone(), *n)).collect()
    }

    /// Forgets all counts.
    pub fn reset(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_count_by_their_first_word_up_to_a_limit() {
        let errors = ErrorCounts::default();
        errors.count(b"ERR syntax error");
        errors.count(b"ERR no such key");
        errors.count(b"WRONGTYPE");
        errors.count(&[b'x'; 65]);
        assert_eq!(errors.all(), [("ERR".into(), 2), ("WRONGTYPE".into(), 1)]);
        for n in 0..200 {
            errors.count(format!("C{n} text").as_bytes());
        }
        assert_eq!(errors.all().len(), CODES_MAX);
        errors.reset();
        assert!(errors.all().is_empty());
    }
}
