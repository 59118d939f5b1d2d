//! Any bytes are a HyperLogLog or are refused; whatever is done to one, it stays a HyperLogLog, and
//! one that was valid stays valid and never loses a rank.
#![no_main]

#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/ops/hll/sketch/mod.rs"]
mod sketch;

use libfuzzer_sys::fuzz_target;
use sketch::{REGISTERS, Rank, Sketch, cardinality};

const SPARSE_BYTES_MAX: u64 = 3000;

fn registers(sketch: &Sketch) -> Option<[u8; REGISTERS]> {
    let mut registers = [0; REGISTERS];
    sketch.merge_into(&mut registers).ok()?;
    Some(registers)
}

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>)| {
    let (bytes, changes) = input;
    let Some(mut sketch) = Sketch::parse(bytes) else {
        return;
    };
    let before = registers(&sketch);
    assert_eq!(before.is_some(), sketch.histogram().is_ok());
    let _ = sketch.opcodes();
    for (register, rank) in changes {
        let register = usize::from(register) % REGISTERS;
        let rank = rank % 51 + 1;
        let raised = sketch.raise(Rank { register, rank }, SPARSE_BYTES_MAX);
        assert!(raised.is_ok() || before.is_none());
    }
    sketch.invalidate();
    let whole = [sketch.header().as_bytes(), sketch.body()].concat();
    assert_eq!(Sketch::parse(&whole).as_ref(), Some(&sketch));
    let Some(before) = before else { return };
    let after = registers(&sketch).expect("a valid sketch stays valid");
    assert!(before.iter().zip(&after).all(|(old, new)| old <= new));
    sketch.cache(cardinality(&sketch.histogram().expect("a valid sketch")));
    sketch.make_dense().expect("a valid sketch");
    assert_eq!(registers(&sketch), Some(after));
});
