//! Where log lines go.
//!
//! Owns: the standard output or an open log file, and finding a rotated file again.
//! Invariants: a text is written by one call, so that lines of several threads or processes do not
//! mix; errors are dropped, since there is nobody left to tell. Must not know: lines.
//! Tests: below.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

pub(super) enum Sink {
    Stdout,
    File {
        path: PathBuf,
        open: Mutex<OpenFile>,
    },
}

pub(super) struct OpenFile {
    file: File,
    /// Second of the last check that the path still leads to the file. Redis opens its log for
    /// every line, so operators rename it without a signal; one check a second serves them.
    checked_at: u64,
}

impl Sink {
    pub(super) fn stdout() -> Self {
        Self::Stdout
    }

    /// `path` must be absolute.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        debug_assert!(path.is_absolute());
        let open = OpenFile {
            file: append_to(path)?,
            checked_at: 0,
        };
        Ok(Self::File {
            path: path.to_owned(),
            open: Mutex::new(open),
        })
    }

    pub(super) fn write(&self, text: &[u8], now: SystemTime) {
        // A log that cannot be written must not stop the server.
        let _ = match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text).and_then(|()| stdout.flush())
            }
            Self::File { path, open } => {
                let second = now
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs());
                let mut open = open.lock();
                if open.checked_at != second {
                    open.checked_at = second;
                    open.follow(path);
                }
                open.file.write_all(text)
            }
        };
    }

    pub(super) fn reopen(&self) -> io::Result<()> {
        if let Self::File { path, open } = self {
            let file = append_to(path)?;
            open.lock().file = file;
        }
        Ok(())
    }
}

impl OpenFile {
    /// Opens the path again if it leads to another file or to none. If that fails, the old file
    /// stays in use.
    fn follow(&mut self, path: &Path) {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let there = path.metadata().map(identity).ok();
        let here = self.file.metadata().map(identity).ok();
        if there != here
            && let Ok(file) = append_to(path)
        {
            self.file = file;
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn a_renamed_file_is_left_within_a_second() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        let sink = Sink::file(&path).unwrap();
        let time = |second| UNIX_EPOCH + Duration::from_secs(second);
        sink.write(b"1\n", time(1));
        fs::rename(&path, home.path().join("log.1")).unwrap();
        sink.write(b"2\n", time(1));
        sink.write(b"3\n", time(2));
        assert_eq!(fs::read(home.path().join("log.1")).unwrap(), b"1\n2\n");
        assert_eq!(fs::read(&path).unwrap(), b"3\n");
    }

    #[test]
    fn reopening_is_immediate_and_appends() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        fs::write(&path, "0\n").unwrap();
        let sink = Sink::file(&path).unwrap();
        sink.write(b"1\n", UNIX_EPOCH);
        fs::rename(&path, home.path().join("log.1")).unwrap();
        sink.reopen().unwrap();
        sink.write(b"2\n", UNIX_EPOCH);
        assert_eq!(fs::read(home.path().join("log.1")).unwrap(), b"0\n1\n");
        assert_eq!(fs::read(&path).unwrap(), b"2\n");
    }

    #[test]
    fn a_directory_that_is_gone_does_not_stop_the_log() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("d");
        fs::create_dir(&directory).unwrap();
        let sink = Sink::file(&directory.join("log")).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        sink.write(b"lost\n", UNIX_EPOCH + Duration::from_secs(5));
        assert!(sink.reopen().is_err());
        fs::create_dir(&directory).unwrap();
        sink.write(b"back\n", UNIX_EPOCH + Duration::from_secs(6));
        assert_eq!(fs::read(directory.join("log")).unwrap(), b"back\n");
    }
}
