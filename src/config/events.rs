//! The letters of `notify-keyspace-events`.
//!
//! Owns: which letter is which bit. Invariant: `parse(format(bits))` gives the bits back.
//! Must not know: who publishes events. Tests: below.

pub const KEYSPACE: u32 = 1 << 0;
pub const KEYEVENT: u32 = 1 << 1;
pub const GENERIC: u32 = 1 << 2;
pub const STRING: u32 = 1 << 3;
pub const LIST: u32 = 1 << 4;
pub const SET: u32 = 1 << 5;
pub const HASH: u32 = 1 << 6;
pub const ZSET: u32 = 1 << 7;
pub const EXPIRED: u32 = 1 << 8;
pub const EVICTED: u32 = 1 << 9;
pub const STREAM: u32 = 1 << 10;
pub const MODULE: u32 = 1 << 11;
pub const KEY_MISS: u32 = 1 << 12;
pub const NEW: u32 = 1 << 13;
pub const OVERWRITTEN: u32 = 1 << 14;
pub const TYPE_CHANGED: u32 = 1 << 15;

/// The classes that `A` stands for: all but the noisy ones, which are named one by one.
pub const ALL: u32 =
    GENERIC | STRING | LIST | SET | HASH | ZSET | EXPIRED | EVICTED | STREAM | MODULE;

pub const INVALID: &str = "Invalid event class character. Use 'Ag$lshzxeKEtmdnoc'.";

/// In the order in which Redis writes them.
const LETTERS: [(u8, u32); 16] = [
    (b'g', GENERIC),
    (b'$', STRING),
    (b'l', LIST),
    (b's', SET),
    (b'h', HASH),
    (b'z', ZSET),
    (b'x', EXPIRED),
    (b'e', EVICTED),
    (b't', STREAM),
    (b'd', MODULE),
    (b'n', NEW),
    (b'o', OVERWRITTEN),
    (b'c', TYPE_CHANGED),
    (b'K', KEYSPACE),
    (b'E', KEYEVENT),
    (b'm', KEY_MISS),
];

/// `None` when a byte names no class.
pub fn parse(letters: &[u8]) -> Option<u32> {
    let mut bits = 0;
    for letter in letters {
        bits |= match letter {
            b'A' => ALL,
            letter => LETTERS.iter().find(|(name, _)| name == letter)?.1,
        };
    }
    Some(bits)
}

pub fn format(bits: u32) -> String {
    let all = bits & ALL == ALL;
    let mut letters = String::from(if all { "A" } else { "" });
    for (letter, bit) in LETTERS {
        if bits & bit != 0 && !(all && bit & ALL != 0) {
            letters.push(char::from(letter));
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_round_trip() {
        for bits in 0..1u32 << 16 {
            assert_eq!(parse(format(bits).as_bytes()), Some(bits), "{bits:#x}");
        }
    }

    #[test]
    fn letters_are_written_as_redis_does() {
        let normalized = |letters: &[u8]| parse(letters).map(format);
        assert_eq!(normalized(b"KEA").as_deref(), Some("AKE"));
        assert_eq!(normalized(b"xK$g").as_deref(), Some("g$xK"));
        assert_eq!(normalized(b"").as_deref(), Some(""));
        assert_eq!(normalized(b"KQ"), None);
    }
}
