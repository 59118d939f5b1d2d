//! Owns what a thread asks of the kernel's scheduler.
//! Invariants: nothing is asked that needs a privilege; a wish that is refused changes nothing but
//! time. Must not know: what the thread does. Tests: below.

/// The nicest that a thread can be, of -20 to 19.
const NICEST: i32 = 19;

/// Makes the calling thread one that gives way: waking up, it takes a processor only where one is
/// free or its turn has come, and its turns are few beside threads of usual priority (about one in
/// 70 parts of a processor's time). It can't be taken back. Tells whether the kernel agreed.
pub fn give_way() -> bool {
    // SAFETY: a structure of integers, of which zeroes are a valid value.
    let mut wish: libc::sched_attr = unsafe { std::mem::zeroed() };
    wish.size = size_of::<libc::sched_attr>() as u32;
    wish.sched_policy = libc::SCHED_BATCH as u32;
    wish.sched_nice = NICEST;
    // SAFETY: the kernel reads as many bytes as the structure says it has, and the structure
    // outlives the call; 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wish, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gives_way_is_nice_and_no_other_is() {
        let niceness = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let (_, fields) = stat.rsplit_once(") ").unwrap();
            // The 19th field of proc_pid_stat(5); the first two are cut off.
            fields.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = niceness();
        let thread = std::thread::spawn(move || (give_way(), niceness()));
        assert_eq!(thread.join().unwrap(), (true, NICEST));
        assert_eq!(niceness(), before);
    }
}
