//! Owns CRC16-XMODEM, eight bytes at a time: it is computed for every key of every command.
//! Invariant: the same as byte by byte. Must not know: slots. Tests: below, against a crate.

/// The polynomial x^16 + x^12 + x^5 + 1.
const POLYNOMIAL: u16 = 0x1021;
/// Bytes per step.
const STEP: usize = 8;

/// `TABLES[n][byte]` is the remainder of a byte that `n` further bytes follow.
static TABLES: [[u16; 256]; STEP] = tables();

const fn tables() -> [[u16; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = rest & 0x8000 != 0;
            rest <<= 1;
            if carry {
                rest ^= POLYNOMIAL;
            }
            bit += 1;
        }
        tables[0][byte] = rest;
        byte += 1;
    }
    let mut n = 1;
    while n < STEP {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[n - 1][byte];
            tables[n][byte] = (before << 8) ^ tables[0][(before >> 8) as usize];
            byte += 1;
        }
        n += 1;
    }
    tables
}

/// The checksum of `bytes`.
#[inline]
pub fn xmodem(bytes: &[u8]) -> u16 {
    let (steps, rest) = bytes.as_chunks::<STEP>();
    let mut crc = 0u16;
    for &[a, b, c, d, e, f, g, h] in steps {
        let [high, low] = crc.to_be_bytes();
        crc = look(7, a ^ high)
            ^ look(6, b ^ low)
            ^ look(5, c)
            ^ look(4, d)
            ^ look(3, e)
            ^ look(2, f)
            ^ look(1, g)
            ^ look(0, h);
    }
    for &byte in rest {
        let [high, _] = crc.to_be_bytes();
        crc = (crc << 8) ^ look(0, byte ^ high);
    }
    crc
}

#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "a byte indexes 256 entries; `n` is a constant"
)]
fn look(n: usize, byte: u8) -> u16 {
    TABLES[n][usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_give_what_one_gives(bytes: Vec<u8>) {
            let expected = crc16::State::<crc16::XMODEM>::calculate(&bytes);
            prop_assert_eq!(xmodem(&bytes), expected);
        }
    }
}
