//! Owns the free-disk reserve: how much space is left, and whether writes may go on.
//! Invariants: writes stop below the reserve and go on by themselves once there is an eighth more
//! than it, so that they do not flutter; deletions of what is dead never stop for it. Where a
//! background job or the log found no space all writes stop until there is more than the reserve
//! and RocksDB has recovered.
//! Must not know: who writes. Tests: below and `storage/tests/commit.rs`.

use crate::store::Store;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Looks at the disk, ten a second, for each write that may find out whether RocksDB has recovered.
const LOOKS_PER_TRY: u32 = 10;

/// The reserve and the last reading.
#[derive(Debug, Default)]
pub struct DiskReserve {
    reserve_bytes: AtomicU64,
    free_bytes: AtomicU64,
    low: AtomicBool,
    /// Looks at the disk since a background job or the log found no space.
    looks_since_full: AtomicU32,
}

impl DiskReserve {
    /// Bytes that must stay free on the data directory's disk; 0 switches the reserve off.
    pub fn reserve_bytes(&self) -> u64 {
        self.reserve_bytes.load(Ordering::Relaxed)
    }

    /// Bytes free at the last look, less what memtables will take; 0 before the first.
    pub fn free_bytes(&self) -> u64 {
        self.free_bytes.load(Ordering::Relaxed)
    }

    fn judge(&self, free_bytes: u64) -> bool {
        let reserve = self.reserve_bytes();
        self.free_bytes.store(free_bytes, Ordering::Relaxed);
        let needed = match self.low.load(Ordering::Relaxed) {
            true => reserve.saturating_add(reserve / 8),
            false => reserve,
        };
        let low = free_bytes < needed;
        if self.low.swap(low, Ordering::Relaxed) != low {
            if low {
                tracing::warn!(
                    "writes are refused: {free_bytes} bytes are free on the disk, \
                     {reserve} are held in reserve"
                );
            } else {
                tracing::info!("writes are served again: {free_bytes} bytes are free on the disk");
            }
        }
        low
    }
}

impl DiskReserve {
    /// Whether a write may find out if RocksDB has recovered from the want of space. Only a write
    /// shows it, and RocksDB looks for space every five seconds.
    fn may_try(&self, low: bool) -> bool {
        let looks = self.looks_since_full.fetch_add(1, Ordering::Relaxed) + 1;
        let may = !low && looks >= LOOKS_PER_TRY;
        if may {
            self.looks_since_full.store(0, Ordering::Relaxed);
        }
        may
    }
}

impl Store {
    /// Changes the free-disk reserve and looks at the disk at once.
    pub fn set_disk_reserve_bytes(&self, bytes: u64) {
        let reserve = self.disk_reserve();
        reserve.reserve_bytes.store(bytes, Ordering::Relaxed);
        self.look_at_disk();
    }

    /// Refuses or allows writes by what is free now. What cannot be read changes nothing.
    pub(crate) fn look_at_disk(&self) {
        if let Some(free) = free_bytes(self.engine().path()) {
            // What the memtables hold is about to become files, and a flush that meets the end of
            // the disk stops RocksDB where a refused write would not.
            let owed = match self.disk_reserve().reserve_bytes() {
                0 => 0,
                _ => self.engine().memory_used().1 as u64,
            };
            let low = self.disk_reserve().judge(free.saturating_sub(owed));
            self.queue().set_disk_low(low);
            if self.queue().is_disk_full() && self.disk_reserve().may_try(low) {
                self.queue().clear_disk_full();
            }
        }
    }
}

/// Bytes that an ordinary user can still write on the disk of `path`.
fn free_bytes(path: &Path) -> Option<u64> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut stats = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a zero byte and `stats` is large enough for what is written.
    let failed = unsafe { libc::statvfs(path.as_ptr(), stats.as_mut_ptr()) } != 0;
    if failed {
        return None;
    }
    // SAFETY: statvfs succeeded, so it filled the structure.
    let stats = unsafe { stats.assume_init() };
    Some(stats.f_bavail.saturating_mul(stats.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stop_below_the_reserve_and_go_on_above_it() {
        let reserve = DiskReserve::default();
        assert!(!reserve.judge(0), "no reserve, no refusal");
        reserve.reserve_bytes.store(800, Ordering::Relaxed);
        assert!(!reserve.judge(800));
        assert!(reserve.judge(799));
        assert!(reserve.judge(899), "an eighth more is needed to go on");
        assert!(!reserve.judge(900));
        assert!(!reserve.judge(801));
        assert_eq!(reserve.free_bytes(), 801);
    }

    #[test]
    fn a_disk_can_be_read_and_a_missing_path_is_not_a_full_one() {
        assert!(free_bytes(Path::new("/")).is_some_and(|free| free > 0));
        assert_eq!(free_bytes(Path::new("/no/such/path")), None);
    }
}
