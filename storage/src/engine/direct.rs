//! Owns finding out whether a directory's file system reads past the page cache.
//! Invariants: the probe leaves no file behind. Must not know: options, who asks. Tests: below.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Name of the file that the probe makes and removes.
const PROBE: &str = "direct-reads.probe";

/// Whether files of this directory can be opened for direct reads. Some file systems that live in
/// memory or on the network refuse, and RocksDB would fail at its first file.
pub fn supported(directory: &Path) -> bool {
    let path = directory.join(PROBE);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let opened = options.custom_flags(libc::O_DIRECT).open(&path);
    // Where the flag is refused the file may have been made all the same.
    let _ = std::fs::remove_file(&path);
    opened.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_and_a_missing_directory_supports_nothing() {
        let directory = tempfile::tempdir().unwrap();
        supported(directory.path());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(!supported(&directory.path().join("missing")));
    }

    #[test]
    fn a_file_system_in_the_kernel_refuses() {
        assert!(!supported(Path::new("/proc")));
    }
}
