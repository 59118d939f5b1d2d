//! Owns the slow log: which commands took long, newest first.
//! Invariants: at most `slowlog-max-len` entries as of the last one; ids grow and are never used
//! again; long requests are cut as Redis cuts them. Must not know: which arguments are secret, what
//! is slow. Tests: below.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Arguments kept of a request; the last one tells how many there were more.
const ARGS_MAX: usize = 32;
/// Bytes kept of an argument.
const ARG_BYTES_MAX: usize = 128;

/// A command that took long.
#[derive(Debug)]
pub struct Entry {
    pub id: u64,
    /// When it ended, seconds since the epoch.
    pub at_s: u64,
    pub microseconds: u64,
    /// Name and arguments, cut.
    pub args: Vec<Vec<u8>>,
    /// The client's address and name.
    pub addr: String,
    pub name: Vec<u8>,
}

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Arc<Entry>>,
    next_id: u64,
}

/// The slow log.
#[derive(Debug, Default)]
pub struct SlowLog(Mutex<Log>);

impl SlowLog {
    /// Adds an entry, whose id is given here, and drops those beyond `len_max`.
    pub fn add(&self, mut entry: Entry, len_max: usize) {
        if len_max == 0 {
            return;
        }
        let mut log = self.0.lock();
        entry.id = log.next_id;
        log.next_id += 1;
        log.entries.push_front(Arc::new(entry));
        log.entries.truncate(len_max);
    }

    /// Up to `count` entries, newest first.
    pub fn newest(&self, count: usize) -> Vec<Arc<Entry>> {
        self.0.lock().entries.iter().take(count).cloned().collect()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.lock().entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all entries.
    pub fn reset(&self) {
        self.0.lock().entries.clear();
    }
}

/// A request of `count` arguments as an entry keeps it.
pub fn cut<'a>(args: impl Iterator<Item = &'a [u8]>, count: usize) -> Vec<Vec<u8>> {
    let whole = if count > ARGS_MAX {
        ARGS_MAX - 1
    } else {
        count
    };
    let mut kept: Vec<Vec<u8>> = args.take(whole).map(cut_arg).collect();
    if count > whole {
        kept.push(format!("... ({} more arguments)", count - whole).into_bytes());
    }
    kept
}

fn cut_arg(arg: &[u8]) -> Vec<u8> {
    match arg.split_at_checked(ARG_BYTES_MAX) {
        Some((start, rest)) if !rest.is_empty() => {
            let more = format!("... ({} more bytes)", rest.len());
            [start, more.as_bytes()].concat()
        }
        _ => arg.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(microseconds: u64) -> Entry {
        Entry {
            id: 0,
            at_s: 1,
            microseconds,
            args: vec![b"GET".to_vec()],
            addr: String::new(),
            name: Vec::new(),
        }
    }

    #[test]
    fn the_oldest_goes_first_and_ids_go_on() {
        let log = SlowLog::default();
        (0..5).for_each(|n| log.add(entry(n), 3));
        let ids = |log: &SlowLog| {
            log.newest(9)
                .iter()
                .map(|entry| entry.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&log), [4, 3, 2]);
        assert_eq!(log.newest(1)[0].microseconds, 4);
        log.reset();
        assert!(log.is_empty());
        log.add(entry(9), 0);
        log.add(entry(9), 3);
        assert_eq!(ids(&log), [5]);
    }

    #[test]
    fn long_requests_are_cut_as_redis_cuts_them() {
        let args = vec![&b"x"[..]; 40];
        let kept = cut(args.iter().copied(), 40);
        assert_eq!(kept.len(), 32);
        assert_eq!(kept[31], b"... (9 more arguments)");
        assert_eq!(cut(args.iter().copied().take(32), 32).len(), 32);
        let long = [b'y'; 130];
        let kept = cut([&long[..], &long[..128]].into_iter(), 2);
        assert_eq!(kept[0], [&long[..128], b"... (2 more bytes)"].concat());
        assert_eq!(kept[1], long[..128]);
    }
}
