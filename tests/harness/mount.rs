//! Small file systems for the tests of full and read-only disks.
//! Invariants: unmounted when dropped; nothing is mounted outside the test's own directory.
//! Must not know: what is stored there. Tests: exercised by `tests/crash`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted tmpfs of limited size.
pub struct SmallDisk {
    path: PathBuf,
    /// Holds the mount point; removed after the unmount.
    _parent: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts a tmpfs of `size_mb`; `None`, with a printed reason, where that is not permitted.
    pub fn mount(size_mb: u32) -> Option<SmallDisk> {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let path = parent.path().join("disk");
        std::fs::create_dir(&path).expect("a mount point");
        let option = format!("size={size_mb}m");
        let done = run(&["mount", "-t", "tmpfs", "-o", &option, "tmpfs"], &path);
        if let Err(reason) = done {
            println!("skipped: cannot mount a small disk here: {reason}");
            return None;
        }
        Some(SmallDisk {
            path,
            _parent: parent,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes mount options in place, such as `ro` or `size=64m`.
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        run(&["mount", "-o", &options], &self.path).expect("remount");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy, since a server that a failing test left behind may still hold files open.
        if let Err(reason) = run(&["umount", "--lazy"], &self.path) {
            eprintln!("cannot unmount {}: {reason}", self.path.display());
        }
    }
}

fn run(command: &[&str], path: &Path) -> Result<(), String> {
    let output = Command::new(command[0])
        .args(&command[1..])
        .arg(path)
        .output()
        .map_err(|error| format!("{}: {error}", command[0]))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
    }
}
