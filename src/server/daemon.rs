//! Owns going into the background.
//! Invariants: it happens while the process has one thread; what goes on has no terminal, and its
//! standard streams are `/dev/null`. Must not know: configuration.
//! Tests: `tests/config/startup.rs`.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Goes on as a child that leads a session of its own; the process that was started ends with
/// success. Must be called before any thread is started.
pub fn detach() -> io::Result<()> {
    // What can fail fails while somebody sees it.
    let null = File::options().read(true).write(true).open("/dev/null")?;
    // SAFETY: this thread is the only one, so the child finds nothing half done by another.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        _ => std::process::exit(0),
    }
    // SAFETY: a new child leads no group of processes, so the call has no reason to fail.
    unsafe { libc::setsid() };
    for stream in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both are descriptors of this process; nothing here owns the standard ones.
        if unsafe { libc::dup2(null.as_raw_fd(), stream) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
