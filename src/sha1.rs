//! Owns SHA-1, under which clients know scripts and DEBUG DIGEST sums databases up: a name for
//! bytes, no protection. Must not know: who names what. Tests: below, with FIPS 180's vectors.

/// Bytes of a digest.
pub const DIGEST_LEN: usize = 20;
const BLOCK_LEN: usize = 64;
/// Where the length begins in the last block.
const LENGTH_AT: usize = BLOCK_LEN - 8;

/// The SHA-1 of some bytes.
pub fn digest(bytes: &[u8]) -> [u8; DIGEST_LEN] {
    let mut state = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    let (blocks, rest) = bytes.as_chunks::<BLOCK_LEN>();
    for block in blocks {
        absorb(&mut state, block);
    }
    let mut tail = [0; 2 * BLOCK_LEN];
    let end = match rest.len() < LENGTH_AT {
        true => BLOCK_LEN,
        false => 2 * BLOCK_LEN,
    };
    let bits = (bytes.len() as u64).wrapping_mul(8).to_be_bytes();
    let marked = rest.iter().copied().chain([0x80]);
    for (to, from) in tail.iter_mut().zip(marked) {
        *to = from;
    }
    for (to, from) in tail.iter_mut().skip(end - bits.len()).zip(bits) {
        *to = from;
    }
    for block in tail.as_chunks::<BLOCK_LEN>().0.iter().take(end / BLOCK_LEN) {
        absorb(&mut state, block);
    }
    let mut out = [0; DIGEST_LEN];
    for (to, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    out
}

#[expect(
    clippy::indexing_slicing,
    reason = "every index is below the schedule's fixed length"
)]
fn absorb(state: &mut [u32; 5], block: &[u8; BLOCK_LEN]) {
    let mut schedule = [0u32; 80];
    for (to, from) in schedule.iter_mut().zip(block.as_chunks::<4>().0) {
        *to = u32::from_be_bytes(*from);
    }
    for at in 16..80 {
        let mixed = schedule[at - 3] ^ schedule[at - 8] ^ schedule[at - 14] ^ schedule[at - 16];
        schedule[at] = mixed.rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in schedule.into_iter().enumerate() {
        let (chosen, constant) = match round {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6u32),
        };
        let sum = a
            .rotate_left(5)
            .wrapping_add(chosen)
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum);
    }
    for (word, by) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(by);
    }
}

/// A digest in lower-case hexadecimal.
pub fn hex(digest: [u8; DIGEST_LEN]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        let cases: [(&[u8], &str); 4] = [
            (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (
                &[b'a'; 1_000_000],
                "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(hex(digest(bytes)), expected);
        }
    }
}
