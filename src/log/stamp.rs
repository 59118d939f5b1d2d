//! The local time of a log line.
//!
//! Owns: `DD Mon YYYY HH:MM:SS.mmm`. Invariant: English month names in every locale.
//! Must not know: lines. Tests: below.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// What `tm_year` counts from.
const TM_YEAR_ZERO: i32 = 1900;

/// Appends the time in the time zone of the process.
pub(super) fn write_stamp(line: &mut String, time: SystemTime) {
    // A clock before 1970 is shown as 1970.
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tm = local_time(since_epoch.as_secs());
    let month = usize::try_from(tm.tm_mon)
        .ok()
        .and_then(|month| MONTHS.get(month));
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "{:02} {} {:04} {:02}:{:02}:{:02}.{:03}",
        tm.tm_mday,
        month.unwrap_or(&"???"),
        tm.tm_year + TM_YEAR_ZERO,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        since_epoch.subsec_millis(),
    );
}

fn local_time(seconds: u64) -> libc::tm {
    let seconds = libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX);
    // SAFETY: `tm` is a plain C structure of integers and a pointer to a static zone name, for
    // which all zero bits are valid.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for the call and not kept by it. `localtime_r` may read the
    // variable TZ; the server never changes its environment after its threads have started.
    // On failure (a year past i32) it leaves `tm` as it was, which is the year 1900.
    unsafe { libc::localtime_r(&seconds, &mut tm) };
    tm
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn stamp(time: SystemTime) -> String {
        let mut line = String::new();
        write_stamp(&mut line, time);
        line
    }

    #[test]
    fn stamp_has_redis_shape() {
        // Noon of a day in mid-month: every time zone is within a day of it.
        let time = UNIX_EPOCH + Duration::from_millis(1_592_222_400_007);
        let text = stamp(time);
        assert_eq!(text.len(), "15 Jun 2020 12:00:00.007".len(), "{text}");
        assert!(
            text.contains(" Jun 2020 ") && text.ends_with(":00.007"),
            "{text}"
        );
    }

    #[test]
    fn stamp_agrees_with_the_system() {
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let date = std::process::Command::new("date")
            .env("LC_ALL", "C")
            .args(["-d", "@1700000000", "+%d %b %Y %H:%M:%S.000"])
            .output()
            .unwrap();
        assert_eq!(
            stamp(time),
            String::from_utf8(date.stdout).unwrap().trim_end()
        );
    }

    #[test]
    fn impossible_times_do_not_panic() {
        stamp(UNIX_EPOCH - Duration::from_secs(1));
        let far = UNIX_EPOCH.checked_add(Duration::from_secs(u64::MAX / 4));
        if let Some(far) = far {
            stamp(far);
        }
    }
}
