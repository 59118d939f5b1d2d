//! Owns the limit of open files of the process, of which each client needs one.
//! Invariants: the limit is never lowered. Must not know: who asks. Tests: below.

/// Files of the store, its logs and the listening sockets.
const FILES: u64 = 4096 + 64;

/// Makes room for so many clients beside the store's files; gives how many fit if they do not all.
pub fn raise_for(clients: u64) -> Result<(), u64> {
    let wanted = clients.saturating_add(FILES);
    let now = limit().unwrap_or(libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    });
    if now.rlim_cur >= wanted {
        return Ok(());
    }
    // Only a privileged process may raise the upper limit.
    let beyond = libc::rlimit {
        rlim_cur: wanted,
        rlim_max: wanted.max(now.rlim_max),
    };
    let within = libc::rlimit {
        rlim_cur: wanted.min(now.rlim_max),
        rlim_max: now.rlim_max,
    };
    if set(&beyond) || (set(&within) && within.rlim_cur >= wanted) {
        return Ok(());
    }
    let reached = limit().map_or(now.rlim_cur, |limit| limit.rlim_cur);
    Err(reached.saturating_sub(FILES).max(1))
}

fn limit() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the call gets a valid pointer to a `rlimit` of this frame and keeps nothing.
    let read = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 };
    read.then_some(limit)
}

fn set(limit: &libc::rlimit) -> bool {
    // SAFETY: the call gets a valid pointer to a `rlimit` and keeps nothing.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_kernel_has_is_refused_with_what_fits() {
        let before = limit().unwrap().rlim_cur;
        raise_for(1).unwrap();
        let fits = raise_for(u64::MAX / 2).unwrap_err();
        assert!(fits >= 1);
        assert!(limit().unwrap().rlim_cur >= before, "never lowered");
    }
}
