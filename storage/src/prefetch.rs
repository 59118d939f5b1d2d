//! Owns the hint to the processor that memory will be read soon.
//! Invariant: a hint changes nothing but time; any address will do. Tests: `hot/rows.rs`.

const CACHE_LINE_BYTES: usize = 64;

/// Asks for the cache lines of `len` bytes from `start` on.
#[inline]
pub fn prefetch(start: *const u8, len: usize) {
    let first = start.addr() & !(CACHE_LINE_BYTES - 1);
    let lines = (start.addr() + len).saturating_sub(first);
    for offset in (0..lines).step_by(CACHE_LINE_BYTES) {
        prefetch_line(start.with_addr(first).wrapping_add(offset));
    }
}

#[inline]
#[cfg(target_arch = "x86_64")]
fn prefetch_line(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: the instruction does not fault, whatever the address, and has no visible effect.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

#[inline]
#[cfg(not(target_arch = "x86_64"))]
fn prefetch_line(_: *const u8) {}
