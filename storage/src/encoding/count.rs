//! Owns the value of a count row: `keys u64 | expires u64`.
//! Invariants: a value of any other length is not a count; both numbers fit in an i64, since they
//! change by signed differences. Must not know: what is counted when. Tests: below.

/// Bytes of a count row's value.
pub const COUNT_LEN: usize = 16;

/// Numbers of keys of a slot or of a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Stored keys, expired ones that are not swept yet included.
    pub keys: u64,
    /// Those of them that have an expiry.
    pub expires: u64,
}

impl KeyCounts {
    /// The row's value.
    pub fn encode(self) -> [u8; COUNT_LEN] {
        let number = (u128::from(self.keys) << 64) | u128::from(self.expires);
        number.to_be_bytes()
    }

    /// Reads a row's value; `None` if it is damaged.
    pub fn decode(value: &[u8]) -> Option<KeyCounts> {
        let ([keys, expires], []) = value.as_chunks::<8>() else {
            return None;
        };
        let number = |bytes: &[u8; 8]| {
            let number = u64::from_be_bytes(*bytes);
            i64::try_from(number).is_ok().then_some(number)
        };
        Some(KeyCounts {
            keys: number(keys)?,
            expires: number(expires)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_come_back_and_nothing_else_is_read() {
        let counts = KeyCounts {
            keys: 0x0102,
            expires: 7,
        };
        let bytes = counts.encode();
        assert_eq!(bytes, *b"\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\0\x07");
        assert_eq!(KeyCounts::decode(&bytes), Some(counts));
        for len in (0..COUNT_LEN).chain([COUNT_LEN + 1, 2 * COUNT_LEN]) {
            assert_eq!(KeyCounts::decode(&vec![0; len]), None, "{len} bytes");
        }
        assert_eq!(KeyCounts::decode(&[0xff; COUNT_LEN]), None);
    }
}
