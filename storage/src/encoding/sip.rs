//! Owns SipHash-1-3 of a few bytes that are there as a whole, as keys and members are: every
//! command computes it several times.
//! Invariant: the same as the crate that hashes bytes as they come. Must not know: what is hashed.
//! Tests: below, against that crate.
//!
//! J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.

/// Bytes of a word.
const WORD: usize = 8;
/// Rounds at the end.
const LAST_ROUNDS: usize = 3;

/// The four words of the state.
struct State([u64; 4]);

impl State {
    /// A state with the key in it: the text "somepseudorandomlygeneratedbytes".
    #[inline(always)]
    fn new(key: &[u8; 16]) -> State {
        let key = u128::from_le_bytes(*key);
        let (low, high) = (key as u64, (key >> 64) as u64);
        State([
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ])
    }

    #[inline(always)]
    fn round(&mut self) {
        let State([a, b, c, d]) = self;
        *a = a.wrapping_add(*b);
        *c = c.wrapping_add(*d);
        *b = b.rotate_left(13) ^ *a;
        *d = d.rotate_left(16) ^ *c;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*b);
        *a = a.wrapping_add(*d);
        *b = b.rotate_left(17) ^ *c;
        *d = d.rotate_left(21) ^ *a;
        *c = c.rotate_left(32);
    }

    #[inline(always)]
    fn add(&mut self, word: u64) {
        let State([.., d]) = self;
        *d ^= word;
        self.round();
        let State([a, ..]) = self;
        *a ^= word;
    }

    #[inline(always)]
    fn finish(mut self) -> u64 {
        let State([_, _, c, _]) = &mut self;
        *c ^= 0xff;
        for _ in 0..LAST_ROUNDS {
            self.round();
        }
        let State([a, b, c, d]) = self;
        a ^ b ^ c ^ d
    }
}

/// 64 bits of SipHash-1-3 over `bytes`.
#[inline]
pub fn sip_1_3(key: &[u8; 16], bytes: &[u8]) -> u64 {
    let mut state = State::new(key);
    let (words, rest) = bytes.as_chunks::<WORD>();
    for word in words {
        state.add(u64::from_le_bytes(*word));
    }
    // The last word: what is left, and the length in its highest byte.
    state.add(short_word(rest) | (bytes.len() as u64) << 56);
    state.finish()
}

/// Fewer bytes than a word has, the first one lowest. Read in at most three pieces.
#[inline(always)]
fn short_word(bytes: &[u8]) -> u64 {
    let (mut word, mut shift, mut rest) = (0, 0, bytes);
    if let Some((four, after)) = rest.split_first_chunk::<4>() {
        word = u64::from(u32::from_le_bytes(*four));
        (shift, rest) = (32, after);
    }
    if let Some((two, after)) = rest.split_first_chunk::<2>() {
        word |= u64::from(u16::from_le_bytes(*two)) << shift;
        (shift, rest) = (shift + 16, after);
    }
    match rest.first() {
        Some(&one) => word | u64::from(one) << shift,
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use siphasher::sip::SipHasher13;

    proptest! {
        #[test]
        fn the_crate_agrees(
            key in any::<[u8; 16]>(),
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let expected = SipHasher13::new_with_key(&key).hash(&bytes);
            prop_assert_eq!(sip_1_3(&key, &bytes), expected);
        }
    }

    #[test]
    fn every_length_of_a_last_word_is_read() {
        let key = std::array::from_fn(|n| n as u8);
        let bytes: Vec<u8> = (1..=64).collect();
        for len in 0..=bytes.len() {
            let expected = SipHasher13::new_with_key(&key).hash(&bytes[..len]);
            assert_eq!(sip_1_3(&key, &bytes[..len]), expected, "{len} bytes");
        }
    }
}
