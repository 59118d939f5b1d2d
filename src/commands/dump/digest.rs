//! Owns digests of values and of the whole data set, as DEBUG DIGEST tells them.
//! Invariants: equal content gives equal digests, here and in Redis; nothing but content and
//! whether a key expires counts.
//! Must not know: how values are stored. Tests: below, `tests/compat/dump.rs`.

use crate::rdb::{Stream, Value};
use crate::sha1::{self, DIGEST_LEN};

/// A digest that takes bytes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest([u8; DIGEST_LEN]);

impl Digest {
    /// Takes bytes in whatever their order: those taken in twice cancel each other out.
    pub fn add(&mut self, bytes: &[u8]) {
        for (to, from) in self.0.iter_mut().zip(sha1::digest(bytes)) {
            *to ^= from;
        }
    }

    /// Takes bytes in behind those before.
    pub fn append(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = sha1::digest(&self.0);
    }

    /// Takes another digest in whatever the order.
    pub fn add_digest(&mut self, other: Digest) {
        self.add(&other.0);
    }

    /// Takes in what another digest has taken in, where neither order counts.
    pub fn combine(&mut self, other: Digest) {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to ^= from;
        }
    }

    /// In lower-case hexadecimal.
    pub fn hex(self) -> String {
        sha1::hex(self.0)
    }

    /// Takes a value in, and whether its key expires.
    pub fn append_value(&mut self, value: &Value, expires: bool) {
        self.append(&type_number(value).to_be_bytes());
        match value {
            Value::String(text) => self.append(text),
            Value::List(elements) => elements.iter().for_each(|one| self.append(one)),
            Value::Set(members) => members.iter().for_each(|one| self.add(one)),
            Value::Hash(fields) => {
                for field in fields {
                    self.add_pair(&field.name, &field.value);
                }
            }
            Value::ZSet(members) => {
                for (member, score) in members {
                    self.add_pair(member, score_text(*score).as_bytes());
                }
            }
            Value::Stream(stream) => self.append_stream(stream),
        }
        if expires {
            self.add(b"!!expire!!");
        }
    }

    fn add_pair(&mut self, name: &[u8], value: &[u8]) {
        let mut pair = Digest::default();
        pair.append(name);
        pair.append(value);
        self.add_digest(pair);
    }

    fn append_stream(&mut self, stream: &Stream) {
        for entry in &stream.entries {
            self.append(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
            for (field, value) in &entry.fields {
                self.append(field);
                self.append(value);
            }
        }
    }
}

/// Redis's numbers of types.
fn type_number(value: &Value) -> u32 {
    match value {
        Value::String(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::ZSet(_) => 3,
        Value::Hash(_) => 4,
        Value::Stream(_) => 6,
    }
}

/// A score as C's `%.17g` prints it.
fn score_text(score: f64) -> String {
    /// Digits that C prints at most.
    const DIGITS: i32 = 17;
    if !score.is_finite() {
        return if score < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{score:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..DIGITS).contains(&exponent) {
        let decimals = (DIGITS - 1 - exponent) as usize;
        return trimmed(&format!("{score:.decimals$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let mantissa = trimmed(mantissa);
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_printed_as_c_does() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.10000000000000001"),
            (-3.0, "-3"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.25e-5, "1.2500000000000001e-05"),
            (0.000_1, "0.0001"),
            (1e300, "1.0000000000000001e+300"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (score, text) in cases {
            assert_eq!(score_text(score), text);
        }
    }

    #[test]
    fn sets_have_no_order_and_lists_have_one() {
        let digest = |value: Value| {
            let mut digest = Digest::default();
            digest.append_value(&value, false);
            digest
        };
        let (one, other) = (vec!["a".into(), "b".into()], vec!["b".into(), "a".into()]);
        assert_eq!(
            digest(Value::Set(one.clone())),
            digest(Value::Set(other.clone()))
        );
        assert_ne!(digest(Value::List(one)), digest(Value::List(other)));
    }
}
