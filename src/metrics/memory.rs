//! Owns reading how much memory the process uses: by the allocator, and by the kernel.
//! Invariants: reading costs microseconds. Must not know: who asks. Tests: below.

use tikv_jemalloc_ctl::{arenas, epoch, raw, stats};

/// How long freed pages stay for reuse. The memory controller takes them for memory in use and
/// shrinks the caches for them, which frees more pages: the allocator's own ten seconds make the
/// caches swing between all and nothing.
const DIRTY_DECAY_MS: isize = 500;

/// The allocator's figures, bytes; 0 where it does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allocator {
    /// Handed out to the program.
    pub allocated: u64,
    /// In pages that hold something handed out.
    pub active: u64,
    /// Mapped and held in memory.
    pub resident: u64,
}

/// Bytes of pages that the kernel may take back, and has not taken yet; 0 if it is not told.
pub fn muzzy_bytes() -> u64 {
    // The number that stands for all arenas.
    const ALL: &[u8] = b"stats.arenas.4096.pmuzzy\0";
    // SAFETY: the name ends with a zero byte, and the figure is of this type.
    let pages = unsafe { raw::read::<usize>(ALL) };
    pages.map_or(0, |pages| pages as u64 * page_bytes())
}

/// The allocator's name and version.
pub fn allocator_name() -> String {
    let version = tikv_jemalloc_ctl::version::read().unwrap_or_default();
    // What follows tells of a build, not of a version.
    let version = version.split('-').next().unwrap_or_default();
    format!("jemalloc-{version}")
}

/// Asks the allocator, whose arenas RocksDB's memory comes from as well.
pub fn allocator() -> Allocator {
    // The figures are those of the last epoch; if it cannot be advanced they are a little old.
    let _ = epoch::advance();
    let bytes = |read: tikv_jemalloc_ctl::Result<usize>| read.map_or(0, |bytes| bytes as u64);
    Allocator {
        allocated: bytes(stats::allocated::read()),
        active: bytes(stats::active::read()),
        resident: bytes(stats::resident::read()),
    }
}

/// Lets a thread of the allocator give unused pages back to the kernel, so that what the caches
/// free is free for others too, whether or not the program allocates.
pub fn return_pages_in_background() {
    if let Err(error) = set_dirty_decay(DIRTY_DECAY_MS) {
        tracing::warn!("The allocator keeps freed pages for longer than it should: {error}");
    }
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::warn!("The allocator keeps freed pages until it is used again: {error}");
    }
}

/// As [`purge`], for those who could do nothing about a failure.
pub fn release_pages() {
    if let Err(error) = purge() {
        tracing::debug!("The allocator does not give pages back: {error}");
    }
}

/// The allocator's figures as lines of text.
pub fn report() -> String {
    let Allocator {
        allocated,
        active,
        resident,
    } = allocator();
    let bytes = |read: tikv_jemalloc_ctl::Result<usize>| read.unwrap_or(0);
    let arenas = arenas::narenas::read().unwrap_or(0);
    let version = tikv_jemalloc_ctl::version::read().unwrap_or("unknown");
    format!(
        "jemalloc {version}\nArenas: {arenas}\nAllocated: {allocated}\nActive: {active}\n\
         Resident: {resident}\nMapped: {}\nRetained: {}\nMetadata: {}\n",
        bytes(stats::mapped::read()),
        bytes(stats::retained::read()),
        bytes(stats::metadata::read()),
    )
}

fn set_dirty_decay(decay_ms: isize) -> tikv_jemalloc_ctl::Result<()> {
    // SAFETY: the names end with a zero byte, and the settings are of this type.
    unsafe { raw::write(b"arenas.dirty_decay_ms\0", decay_ms)? };
    for arena in 0..arenas::narenas::read()? {
        let name = format!("arena.{arena}.dirty_decay_ms\0");
        // An arena that was never used has no such setting, and will have the general one.
        // SAFETY: as above.
        let _ = unsafe { raw::write(name.as_bytes(), decay_ms) };
    }
    Ok(())
}

/// Gives every unused page back to the kernel.
pub fn purge() -> tikv_jemalloc_ctl::Result<()> {
    for arena in 0..arenas::narenas::read()? {
        let name = format!("arena.{arena}.dirty_decay_ms\0");
        // SAFETY: the name ends with a zero byte, and the setting is of this type.
        let decay = unsafe { raw::update::<isize>(name.as_bytes(), 0) };
        // An arena that was never used has no such setting. Setting it has purged the pages.
        if let Ok(decay_ms) = decay {
            // SAFETY: as above.
            unsafe { raw::write::<isize>(name.as_bytes(), decay_ms)? };
        }
    }
    Ok(())
}

/// Bytes in use: what the allocator has handed out.
pub fn used_bytes() -> u64 {
    allocator().allocated
}

/// Resident bytes of the process, by the kernel; 0 if it does not tell.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0u64) * page_bytes()
}

fn page_bytes() -> u64 {
    // SAFETY: sysconf only reads.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

/// Memory of the machine, bytes; 0 if the kernel does not tell.
pub fn machine_bytes() -> u64 {
    // SAFETY: sysconf only reads.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    u64::try_from(pages).unwrap_or(0) * page_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_plausible() {
        assert!(resident_bytes() > 1 << 20);
        assert!(machine_bytes() > resident_bytes());
        let figures = allocator();
        assert!(figures.resident >= figures.active && figures.active >= figures.allocated);
        assert!(muzzy_bytes() <= machine_bytes());
        assert!(allocator_name().starts_with("jemalloc-5."));
    }
}
