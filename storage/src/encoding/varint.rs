//! Owns lengths of variable width: little-endian groups of seven bits, the high bit set on all but
//! the last. Invariants: at most five bytes; what does not fit 32 bits is refused.
//! Must not know: what is measured. Tests: below.

/// Bytes that `value` takes.
#[inline]
pub fn len(value: u32) -> usize {
    (32 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Whether a byte at the front of a number is all of it, and so its value.
#[inline]
pub fn is_short(first: u8) -> bool {
    first < 0x80
}

/// Appends `value`.
#[inline]
pub fn push(mut value: u32, out: &mut impl Extend<u8>) {
    while value >= 0x80 {
        out.extend([value as u8 | 0x80]);
        value >>= 7;
    }
    out.extend([value as u8]);
}

/// Takes a number from the front of `rest`, or `None` if there is none.
#[inline]
pub fn take(rest: &mut &[u8]) -> Option<u32> {
    let (&first, after) = rest.split_first()?;
    if first < 0x80 {
        *rest = after;
        return Some(u32::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    let mut bytes = after;
    for shift in [7, 14, 21, 28] {
        let (&byte, after) = bytes.split_first()?;
        bytes = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            *rest = bytes;
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(value in any::<u32>(), shift in 0u32..32) {
            let value = value >> shift;
            let mut bytes = Vec::new();
            push(value, &mut bytes);
            prop_assert_eq!(bytes.len(), len(value));
            bytes.push(7);
            let mut rest = &bytes[..];
            prop_assert_eq!(take(&mut rest), Some(value));
            prop_assert_eq!(rest, &[7u8][..]);
        }
    }

    #[test]
    fn what_is_cut_or_too_large_is_refused() {
        for bytes in [
            &[][..],
            &[0x80],
            &[0xff; 5],
            &[0xff, 0xff, 0xff, 0xff, 0x10],
        ] {
            assert_eq!(take(&mut &bytes[..]), None, "{bytes:02x?}");
        }
        assert_eq!(
            take(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]),
            Some(u32::MAX)
        );
    }
}
