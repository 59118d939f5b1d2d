//! A group that fails half-way with replies waiting: the kernel refuses to let the WAL grow, which
//! no hook in the engine is needed for. One test, since the limit is the process's.

mod common;

use common::{DISK, Directory};
use std::sync::Barrier;
use storage::StorageError;
use storage::commit::Fsync;

fn limit_file_size(bytes: libc::rlim_t) {
    // SAFETY: ignoring a signal and setting a limit of this process touch no memory of it.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit {
            rlim_cur: bytes,
            rlim_max: libc::RLIM_INFINITY,
        };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

#[test]
fn a_group_that_fails_is_undone_and_its_replies_are_errors() {
    let directory = Directory::with_threads(Fsync::EverySecond);
    let store = &directory.store;
    directory.set("kept", "old");
    directory.set_chunked("big", 3);
    let longest = directory.wal_lengths().into_values().max().unwrap();
    limit_file_size(longest + (1 << 20));
    // Four edits of 512 KiB each: the second or third meets the end of the file.
    let barrier = Barrier::new(4);
    let failed: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (barrier, store) = (&barrier, store);
                scope.spawn(move || {
                    let mut edit = store.edit(0, DISK).unwrap();
                    let key = format!("k{n}");
                    let value = vec![b'v'; 512 << 10];
                    common::set(&mut edit, key.as_bytes(), &value, Some(u64::MAX)).unwrap();
                    common::set(&mut edit, b"kept", b"new", None).unwrap();
                    let staged = edit.stage();
                    barrier.wait();
                    let result = staged.and_then(|position| store.leader().wait_blocking(position));
                    matches!(result, Err(StorageError::Poisoned(_)))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(failed.contains(&true), "nothing failed");
    // Writes are refused from now on, reads go on and see only what is in the log.
    let mut edit = store.edit(0, DISK).unwrap();
    common::set(&mut edit, b"kept", b"newer", None).unwrap();
    assert!(matches!(edit.stage(), Err(StorageError::Poisoned(_))));
    let acknowledged = failed.iter().filter(|failed| !**failed).count() as u64;
    assert_eq!(directory.counted(0), (2 + acknowledged, acknowledged));
    for (n, failed) in failed.iter().enumerate() {
        let view = directory.view(0);
        let value = common::get(&view, format!("k{n}").as_bytes()).unwrap();
        assert_eq!(value.is_none(), *failed, "k{n}");
        assert_eq!(view.seen(), 0, "a reader would wait for what never comes");
    }
    let kept = directory.get("kept").unwrap();
    assert_eq!(kept, if acknowledged > 0 { "new" } else { "old" });
    assert_eq!(store.queue().pending_bytes(), 0);
    assert!(store.leader().sync().is_err(), "no second attempt");
    limit_file_size(libc::RLIM_INFINITY);
    assert!(store.close().is_err());
    // What a kill leaves now: every acknowledged edit whole, no other.
    let lengths = directory.wal_lengths();
    let survivor = directory.power_cut(&lengths);
    assert_eq!(survivor.get("kept"), Some(kept));
    for (n, failed) in failed.iter().enumerate() {
        assert_eq!(survivor.get(&format!("k{n}")).is_none(), *failed, "k{n}");
    }
    assert_eq!(survivor.counted(0), (2 + acknowledged, acknowledged));
}
