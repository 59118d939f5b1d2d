//! Owns what LATENCY GRAPH draws and LATENCY DOCTOR says of the samples of events.
//! Invariants: a column is a sample, oldest left; the doctor's lines begin with the figures that
//! Redis's begin with. Must not know: who measures. Tests: below.

use crate::metrics::spikes::Sample;
use std::fmt::Write;

/// Samples side by side before the drawing goes on below.
const COLUMNS: usize = 80;
/// Rows of a drawing.
const ROWS: usize = 4;
/// What a sample is drawn with where it ends, from low to high.
const ENDS: [char; 3] = ['_', 'o', '#'];
/// What it is drawn with below its end.
const BELOW: char = '|';

/// An event's samples, oldest first, as a drawing with the age of each below it.
pub fn graph(event: &str, samples: &[Sample], milliseconds_max: u64, now_s: u64) -> String {
    let times = || samples.iter().map(|sample| sample.milliseconds);
    let (low, high) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let mut out = format!(
        "{event} - high {high} ms, low {low} ms (all time high {milliseconds_max} ms)\n{}\n",
        "-".repeat(COLUMNS)
    );
    for (n, part) in samples.chunks(COLUMNS).enumerate() {
        if n > 0 {
            out.push('\n');
        }
        draw(part, (low, high), &mut out);
        label(part, now_s, &mut out);
    }
    out
}

fn draw(samples: &[Sample], (low, high): (u64, u64), out: &mut String) {
    let steps = (ROWS * ENDS.len()) as u64;
    let step = |sample: &Sample| {
        let above = sample.milliseconds - low;
        (above * steps / (high - low).max(1)).min(steps - 1) as usize
    };
    for row in (0..ROWS).rev() {
        let start = row * ENDS.len();
        out.extend(
            samples
                .iter()
                .map(|sample| match step(sample).checked_sub(start) {
                    None => ' ',
                    Some(above) => ENDS.get(above).copied().unwrap_or(BELOW),
                }),
        );
        out.push('\n');
    }
}

/// Ages, written from top to bottom under their samples.
fn label(samples: &[Sample], now_s: u64, out: &mut String) {
    let ages = samples
        .iter()
        .map(|sample| age(now_s.saturating_sub(sample.at_s)));
    let ages: Vec<String> = ages.collect();
    let rows = ages.iter().map(String::len).max().unwrap_or(0);
    out.push_str(&" ".repeat(samples.len()));
    out.push('\n');
    for row in 0..rows {
        out.extend(ages.iter().map(|age| age.chars().nth(row).unwrap_or(' ')));
        out.push('\n');
    }
}

fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// What the doctor is told.
pub struct Case<'a> {
    /// Events with their samples, oldest first, and the longest time ever, ms.
    pub events: &'a [(&'static str, Vec<Sample>, u64)],
    /// `latency-monitor-threshold`, ms; 0 for off.
    pub threshold_ms: i64,
    /// `slowlog-log-slower-than`, microseconds; negative for off.
    pub slower_than_us: i64,
    pub now_s: u64,
}

/// What is known of the spikes, and what can be done.
pub fn diagnosis(case: &Case<'_>) -> String {
    if case.events.is_empty() {
        return match case.threshold_ms {
            0 => "Latency monitoring is off, so nothing is known. CONFIG SET \
                  latency-monitor-threshold <milliseconds> turns it on.\n"
                .to_owned(),
            _ => "No latency spike was observed so far.\n".to_owned(),
        };
    }
    let mut out = String::from("Latency spikes were observed:\n\n");
    for (n, (event, samples, milliseconds_max)) in case.events.iter().enumerate() {
        let spikes = Spikes::of(samples, case.now_s);
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}. {event}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2} sec). \
             Worst all time event {milliseconds_max}ms.",
            n + 1,
            samples.len(),
            spikes.average_ms,
            spikes.deviation_ms,
            spikes.period_s,
        );
    }
    out.push_str("\nWhat can be done:\n\n");
    let observed = |name: &str| case.events.iter().any(|(event, ..)| *event == name);
    if observed("command") {
        out.push_str(&slow_log_advice(case));
        out.push_str(
            "- Look at SLOWLOG GET for commands that do a lot at once, and ask for less at a time \
             (SCAN for KEYS, LIMIT, COUNT).\n\
             - Commands that meet data which is not in memory wait for the disk: INFO stats counts \
             them as cold_commands. More maxmemory makes them fewer.\n",
        );
    }
    if observed("fast-command") {
        out.push_str(
            "- Commands that need little time took long: the machine is loaded, or the disk is \
             slow for data that is not in memory. Look at the load of its processors, at \
             cold_commands in INFO stats, and at redis-cli --intrinsic-latency 100.\n",
        );
    }
    out
}

fn slow_log_advice(case: &Case<'_>) -> String {
    let threshold_us = case.threshold_ms.saturating_mul(1000);
    match case.slower_than_us {
        ..0 => format!(
            "- The slow log is off. CONFIG SET slowlog-log-slower-than {threshold_us} lets it tell \
             the commands.\n"
        ),
        slower if slower > threshold_us => format!(
            "- The slow log begins above the threshold of the latency monitor. CONFIG SET \
             slowlog-log-slower-than {threshold_us} lets it tell all the commands.\n"
        ),
        _ => String::new(),
    }
}

/// Figures over the samples of an event.
struct Spikes {
    average_ms: u64,
    deviation_ms: u64,
    /// Seconds from one to the next, on average.
    period_s: f64,
}

impl Spikes {
    fn of(samples: &[Sample], now_s: u64) -> Spikes {
        let count = samples.len().max(1) as u64;
        let times = || samples.iter().map(|sample| sample.milliseconds);
        let average_ms = times().sum::<u64>() / count;
        let deviations = times().map(|time| time.abs_diff(average_ms));
        let oldest_s = samples.first().map_or(now_s, |sample| sample.at_s);
        Spikes {
            average_ms,
            deviation_ms: deviations.sum::<u64>() / count,
            period_s: now_s.saturating_sub(oldest_s).max(1) as f64 / count as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(times: &[u64]) -> Vec<Sample> {
        let times = times.iter().enumerate();
        times
            .map(|(at_s, &milliseconds)| Sample {
                at_s: at_s as u64,
                milliseconds,
            })
            .collect()
    }

    #[test]
    fn a_graph_draws_each_sample_between_low_and_high() {
        let drawn = graph("command", &samples(&[10, 20, 130, 70]), 500, 3);
        let dashes = "-".repeat(COLUMNS);
        let expected = format!(
            "command - high 130 ms, low 10 ms (all time high 500 ms)\n{dashes}\n  # \n  |_\n  ||\n\
             _o||\n    \n3210\nssss\n"
        );
        assert_eq!(drawn, expected);
        let long = graph("command", &samples(&[7; 100]), 7, 4000);
        assert_eq!(long.matches('_').count(), 100);
        assert!(long.lines().all(|line| line.len() <= COLUMNS));
        assert!(long.contains(&"1".repeat(20)), "ages of an hour");
    }

    #[test]
    fn ages_have_one_unit() {
        let ages = [0, 59, 60, 3599, 3600, 86_399, 86_400].map(age);
        assert_eq!(ages, ["0s", "59s", "1m", "59m", "1h", "23h", "1d"]);
    }

    #[test]
    fn a_diagnosis_tells_figures_and_advice() {
        let events = [("command", samples(&[10, 20, 60]), 90)];
        let case = |events, threshold_ms, slower_than_us| Case {
            events,
            threshold_ms,
            slower_than_us,
            now_s: 6,
        };
        let told = diagnosis(&case(&events, 10, -1));
        assert!(
            told.contains(
                "1. command: 3 latency spikes (average 30ms, mean deviation 20ms, period 2.00 \
                 sec). Worst all time event 90ms.\n"
            ),
            "{told}"
        );
        assert!(told.contains("slowlog-log-slower-than 10000"), "{told}");
        let advised = diagnosis(&case(&events, 10, 5000));
        assert!(!advised.contains("slowlog-log-slower-than"), "{advised}");
        assert!(diagnosis(&case(&[], 0, 0)).contains("latency-monitor-threshold"));
        assert!(diagnosis(&case(&[], 10, 0)).contains("No latency spike"));
    }
}
