//! Owns the self test of sketches: registers keep what is put into them, both encodings agree, and
//! estimates stay near the truth up to ten million elements.
//! Invariants: takes no key and writes nothing; takes about a second of one core.
//! Must not know: replies. Tests: `tests/commands/hll.rs` runs it.

use super::sketch::{
    Encoding, HEADER_BYTES, Histogram, REGISTERS, Rank, Registers, Sketch, cardinality,
};

const ACCESS_CYCLES: u32 = 1000;
const ELEMENTS: u64 = 10_000_000;
/// Largest error of an estimate, in standard errors; a right estimator next to never errs more.
const STANDARD_ERRORS_MAX: f64 = 6.0;
/// More than any sparse sketch has.
const UNBOUNDED: u64 = u64::MAX;

/// Tests sketches over elements that follow from `seed`; gives what is wrong.
pub fn run(seed: u64, sparse_bytes_max: u64) -> Result<(), String> {
    let mut random = seed;
    for _ in 0..ACCESS_CYCLES {
        let registers: Registers = std::array::from_fn(|_| (next(&mut random) % 64) as u8);
        keeps(&registers)?;
    }
    let (mut dense, mut sparse) = (Sketch::empty(), Sketch::empty());
    dense.fill_dense(&[0; REGISTERS]);
    let salt = next(&mut random);
    let mut checkpoint = 1;
    for number in 1..=ELEMENTS {
        let rank = Rank::of(&(number ^ salt).to_le_bytes());
        for sketch in [&mut dense, &mut sparse] {
            let raised = sketch.raise(rank, sparse_bytes_max);
            raised.map_err(|_| "Sketch is malformed".to_owned())?;
        }
        if number == checkpoint {
            check(number, &dense, &sparse, sparse_bytes_max)?;
            checkpoint *= 10;
        }
    }
    Ok(())
}

/// Whether a dense sketch gives registers back as they were put in, whole and one by one.
fn keeps(registers: &Registers) -> Result<(), String> {
    let (mut whole, mut single) = (Sketch::empty(), Sketch::empty());
    whole.fill_dense(registers);
    single.fill_dense(&[0; REGISTERS]);
    for (register, &rank) in registers.iter().enumerate() {
        let raised = single.raise(Rank { register, rank }, UNBOUNDED);
        if raised != Ok(rank > 0) {
            return Err(format!("Register {register} was not raised to {rank}"));
        }
    }
    for sketch in [whole, single] {
        let mut found = [0; REGISTERS];
        // A dense sketch is never malformed.
        let _ = sketch.merge_into(&mut found);
        let mut pairs = found.iter().zip(registers).enumerate();
        if let Some((register, (is, should))) = pairs.find(|(_, (is, should))| is != should) {
            return Err(format!(
                "Register {register} should be {should} but is {is}"
            ));
        }
        if sketch.histogram() != Ok(Histogram::of(registers)) {
            return Err("Histogram is not that of the registers".to_owned());
        }
    }
    Ok(())
}

fn check(count: u64, dense: &Sketch, sparse: &Sketch, sparse_bytes_max: u64) -> Result<(), String> {
    let few = count < sparse_bytes_max.saturating_sub(HEADER_BYTES as u64) / 2;
    if few && sparse.encoding() != Encoding::Sparse {
        return Err("sparse encoding not used".to_owned());
    }
    let estimate = |sketch: &Sketch| sketch.histogram().map(|histogram| cardinality(&histogram));
    let (Ok(estimated), Ok(other)) = (estimate(dense), estimate(sparse)) else {
        return Err("Sketch is malformed".to_owned());
    };
    if estimated != other {
        return Err("dense/sparse disagree".to_owned());
    }
    let standard_error = 1.04 / (REGISTERS as f64).sqrt();
    let error_max = match count {
        // One collision among few elements is more than its share.
        10 => 1,
        _ => (standard_error * STANDARD_ERRORS_MAX * count as f64).ceil() as u64,
    };
    match estimated.abs_diff(count) {
        error if error > error_max => Err(format!("Too big error. card:{count} abserr:{error}")),
        _ => Ok(()),
    }
}

/// The next number of a sequence that depends on the seed alone (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
