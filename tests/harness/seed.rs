//! Seeds of the random tests: one number reproduces a run.
//! Invariants: the seed is printed before it is used; `FERROCK_SEED` overrides it.
//! Must not know: what is drawn with it. Tests: exercised by the oracle and the crash rounds.

use rand::SeedableRng;

pub type Random = rand::rngs::StdRng;

/// The seed of runs that are the same each time.
const FIXED: u64 = 1;

/// The seed of this run, printed under `test`, from `FERROCK_SEED` or freshly drawn.
pub fn announce(test: &str) -> u64 {
    announce_or(test, rand::random::<u32>().into())
}

/// The same seed in every run, unless `FERROCK_SEED` gives another.
pub fn announce_fixed(test: &str) -> u64 {
    announce_or(test, FIXED)
}

fn announce_or(test: &str, otherwise: u64) -> u64 {
    let seed = number_from("FERROCK_SEED", otherwise);
    println!("{test}: FERROCK_SEED={seed}");
    seed
}

pub fn random(seed: u64) -> Random {
    Random::seed_from_u64(seed)
}

/// An unsigned number from the environment, such as a number of rounds.
pub fn number_from(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} {text:?}: not a number")),
        Err(_) => default,
    }
}
