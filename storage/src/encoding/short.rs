//! Owns a few bytes put together on the stack, for keys and headers that every request makes.
//! Invariants: nothing is allocated; what does not fit is left out, which a debug build refuses.
//! Must not know: what the bytes mean. Tests: below.
//!
//! Parts of constant length become plain moves where they are called; a growing vector would cost a
//! call for each.

use smallvec::SmallVec;

/// Up to `N` bytes.
#[derive(Debug, Clone)]
pub struct Short<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Short<N> {
    fn default() -> Short<N> {
        Short {
            bytes: [0; N],
            len: 0,
        }
    }
}

impl<const N: usize> Short<N> {
    /// Appends a part, which fits.
    #[inline(always)]
    pub fn push(&mut self, part: &[u8]) {
        let end = self.len + part.len();
        debug_assert!(end <= N, "{end} bytes are more than {N}");
        if let Some(to) = self.bytes.get_mut(self.len..end) {
            to.copy_from_slice(part);
            self.len = end;
        }
    }

    /// The bytes.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The bytes, to be changed.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl<const N: usize> Short<N>
where
    [u8; N]: smallvec::Array<Item = u8>,
{
    /// The bytes and then a part of any length.
    #[inline(always)]
    pub fn and(mut self, part: &[u8]) -> SmallVec<[u8; N]> {
        if self.len + part.len() <= N {
            self.push(part);
            return self.into();
        }
        let mut long = SmallVec::with_capacity(self.len + part.len());
        long.extend_from_slice(self.as_slice());
        long.extend_from_slice(part);
        long
    }
}

impl<const N: usize> From<Short<N>> for SmallVec<[u8; N]>
where
    [u8; N]: smallvec::Array<Item = u8>,
{
    #[inline(always)]
    fn from(short: Short<N>) -> SmallVec<[u8; N]> {
        SmallVec::from_buf_and_len(short.bytes, short.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_one_after_the_other_and_may_outgrow_the_stack() {
        let mut short = Short::<8>::default();
        short.push(b"ab");
        short.push(&[]);
        short.push(b"cd");
        assert_eq!(short.as_slice(), b"abcd");
        short.as_mut_slice()[0] = b'A';
        for tail in [&b""[..], b"efgh", b"efghi"] {
            let whole = short.clone().and(tail);
            assert_eq!(&whole[..4], b"Abcd");
            assert_eq!(&whole[4..], tail);
            assert_eq!(whole.spilled(), tail.len() > 4);
        }
    }
}
