//! Owns when a list counts as a listpack: Redis's own measure of its listpack form.
//! Invariants: a list becomes a quicklist when an element would take the listpack over the limit,
//! and a listpack again when it stands in its meta record and half the limit would do.
//! Must not know: how elements are stored. Tests: below, the oracle.

use super::List;
use crate::edit::Edit;
use crate::encoding::number::parse_i64;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::view::View;

/// Bytes of a listpack without elements.
pub(super) const EMPTY_BYTES: u64 = 7;
/// Bytes of a listpack that is limited by its number of elements.
const SAFETY_BYTES: u64 = 8192;

/// `list-max-listpack-size`: a number of elements, or -1 to -5 for 4, 8, 16, 32, 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(pub i64);

impl Threshold {
    pub(super) fn fits(self, bytes: u64, elements: u64) -> bool {
        let Threshold(size) = self;
        match u64::try_from(size) {
            Ok(elements_max) => bytes <= SAFETY_BYTES && elements <= elements_max.max(1),
            Err(_) => bytes <= 4096 << (size.unsigned_abs().min(5) - 1),
        }
    }
}

/// Bytes of an element in a listpack.
pub(crate) fn listpack_len(element: &[u8]) -> u64 {
    match parse_i64(element).filter(|_| element.len() < 21) {
        Some(number) => integer_listpack_len(number),
        None => with_back_length(match element.len() as u64 {
            len @ 0..64 => 1 + len,
            len @ 64..4096 => 2 + len,
            len => 5 + len,
        }),
    }
}

/// Bytes of an integer in a listpack.
pub(crate) fn integer_listpack_len(number: i64) -> u64 {
    with_back_length(match number {
        0..=127 => 1,
        -4096..=4095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    })
}

/// Behind each element stands its length in groups of seven bits.
fn with_back_length(body: u64) -> u64 {
    body + u64::from(64 - (body | 1).leading_zeros()).div_ceil(7)
}

impl List<'_> {
    /// Notes elements that are about to be put in.
    pub(super) fn grow<'a>(
        &mut self,
        elements: impl Iterator<Item = &'a [u8]>,
        threshold: Threshold,
    ) {
        if self.shape != Shape::Listpack {
            return;
        }
        let (mut raw, mut packed, mut count) = (0, 0, 0);
        for element in elements {
            raw += element.len() as u64;
            packed += listpack_len(element);
            count += 1;
        }
        if threshold.fits(self.listpack_bytes + raw, self.len() + count) {
            self.listpack_bytes += packed;
        } else {
            self.shape = Shape::Quicklist;
            self.listpack_bytes = 0;
        }
    }

    /// Notes elements that were taken out, once they are.
    pub(super) fn shrink<'a>(
        &mut self,
        view: &Edit<'_>,
        elements: impl Iterator<Item = &'a [u8]>,
        threshold: Threshold,
    ) -> Result<()> {
        if self.shape == Shape::Listpack {
            let gone: u64 = elements.map(listpack_len).sum();
            self.listpack_bytes = self.listpack_bytes.saturating_sub(gone);
            return Ok(());
        }
        self.measure_if_small(view, threshold)
    }

    /// Looks at what is left after any number of elements were taken out.
    pub(super) fn measure_if_small(
        &mut self,
        view: &View<'_>,
        Threshold(size): Threshold,
    ) -> Result<()> {
        let half_elements = u64::try_from(size).map_or(u64::MAX, |size| (size / 2).max(1));
        let stays = !self.tree.is_packed() || self.len() > half_elements;
        if self.shape == Shape::Quicklist && stays {
            return Ok(());
        }
        let mut bytes = EMPTY_BYTES;
        let ranks = (0, self.len());
        self.tree.for_each(view, &self.place, ranks, |_, element| {
            bytes += listpack_len(element);
        })?;
        if self.shape == Shape::Listpack {
            self.listpack_bytes = bytes;
            return Ok(());
        }
        let half = match size {
            2.. => Threshold(size / 2).fits(bytes, self.len()),
            _ => Threshold(size).fits(bytes * 2, self.len() * 2),
        };
        if half {
            self.shape = Shape::Listpack;
            self.listpack_bytes = bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_measured_as_listpacks_hold_them() {
        assert_eq!(listpack_len(b"0"), 2);
        assert_eq!(listpack_len(b"-1"), 3);
        assert_eq!(listpack_len(b"70000"), 5);
        assert_eq!(listpack_len(b"a"), 3);
        assert_eq!(listpack_len(&[b'x'; 64]), 67);
        assert_eq!(listpack_len(&[b'x'; 200]), 204);
    }

    #[test]
    fn thresholds_are_elements_or_kibibytes() {
        assert!(Threshold(-2).fits(8192, 9999) && !Threshold(-2).fits(8193, 1));
        assert!(Threshold(3).fits(100, 3) && !Threshold(3).fits(100, 4));
        assert!(!Threshold(3).fits(9000, 1));
        assert!(Threshold(0).fits(10, 1) && !Threshold(0).fits(10, 2));
    }
}
