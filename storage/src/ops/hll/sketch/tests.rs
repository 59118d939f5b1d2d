//! Sketches beside plain registers, and foreign bytes. Method: a sketch and an array of bytes take
//! the same random changes and must agree on every register.

use super::*;
use proptest::prelude::*;

/// The sparse limit that Redis has by default.
const SPARSE_MAX: u64 = 3000;

fn registers(sketch: &Sketch) -> Vec<u8> {
    let mut registers = [0; REGISTERS];
    sketch.merge_into(&mut registers).unwrap();
    registers.to_vec()
}

fn sparse(body: &[u8]) -> Sketch {
    let empty = Sketch::empty();
    let bytes = [empty.header().as_bytes(), body].concat();
    Sketch::parse(&bytes).unwrap()
}

fn rank(register: usize, rank: u8) -> Rank {
    Rank { register, rank }
}

fn count(sketch: &Sketch) -> u64 {
    cardinality(&sketch.histogram().unwrap())
}

#[test]
fn elements_name_the_registers_that_redis_names() {
    // As PFDEBUG DECODE of redis-server shows them.
    for (element, register, rank) in [
        (&b""[..], 5938, 2),
        (b"a", 12_711, 2),
        (b"hello", 9216, 1),
        (b"12345678", 10_579, 3),
        (b"a longer element of 37 bytes in total", 9240, 2),
    ] {
        assert_eq!(Rank::of(element), Rank { register, rank }, "{element:?}");
    }
}

#[test]
fn ranks_fit_into_registers() {
    for number in 0..100_000_u32 {
        let rank = Rank::of(&number.to_le_bytes());
        assert!(rank.register < REGISTERS && (1..=51).contains(&rank.rank));
    }
}

#[test]
fn an_empty_sketch_is_one_run_of_zeros() {
    let empty = Sketch::empty();
    assert_eq!(empty.header().as_bytes(), b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(empty.body(), [0x7f, 0xff]);
    assert_eq!((empty.header().cached(), count(&empty)), (Some(0), 0));
}

#[test]
fn the_header_remembers_and_forgets() {
    let mut sketch = Sketch::empty();
    sketch.cache(0x0102_0304);
    assert_eq!(sketch.header().as_bytes()[8..], [4, 3, 2, 1, 0, 0, 0, 0]);
    assert_eq!(sketch.header().cached(), Some(0x0102_0304));
    sketch.invalidate();
    assert_eq!(sketch.header().as_bytes()[8..], [4, 3, 2, 1, 0, 0, 0, 0x80]);
    assert_eq!(sketch.header().cached(), None);
}

#[test]
fn headers_need_magic_encoding_and_length() {
    let parse = |start: &[u8; 5], len: usize| {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..5].copy_from_slice(start);
        SketchHeader::parse(bytes, len as u64).map(|header| header.encoding())
    };
    assert_eq!(parse(b"HYLL\0", DENSE_BYTES), Some(Encoding::Dense));
    assert_eq!(parse(b"HYLL\0", DENSE_BYTES - 1), None);
    assert_eq!(parse(b"HYLL\x01", HEADER_BYTES), Some(Encoding::Sparse));
    assert_eq!(parse(b"HYLL\x01", HEADER_BYTES - 1), None);
    assert_eq!(parse(b"HYLL\x02", DENSE_BYTES), None);
    assert_eq!(parse(b"HYLl\x01", 18), None);
}

#[test]
fn runs_are_split_and_joined() {
    let mut sketch = Sketch::empty();
    let mut raise = |register, value| {
        assert_eq!(sketch.raise(rank(register, value), SPARSE_MAX), Ok(true));
        sketch.body().to_vec()
    };
    let value = |value: u8, run: u8| 0x80 | (value - 1) << 2 | (run - 1);
    // XZERO:100 VAL XZERO:16283
    assert_eq!(raise(100, 3), [0x40, 99, value(3, 1), 0x40 | 63, 0x9a]);
    // The neighbour joins; a third one on the left leaves XZERO:99.
    assert_eq!(raise(101, 3), [0x40, 99, value(3, 2), 0x40 | 63, 0x99]);
    assert_eq!(raise(99, 3), [0x40, 98, value(3, 3), 0x40 | 63, 0x99]);
    // A higher one in the middle splits the run.
    let split = [value(3, 1), value(9, 1), value(3, 1)];
    let body = [&[0x40, 98][..], &split, &[0x40 | 63, 0x99]].concat();
    assert_eq!(raise(100, 9), body);
    assert_eq!(sketch.raise(rank(100, 9), SPARSE_MAX), Ok(false));
}

#[test]
fn what_does_not_fit_becomes_dense() {
    let mut high = Sketch::empty();
    assert_eq!(high.raise(rank(7, 33), SPARSE_MAX), Ok(true));
    assert_eq!(high.encoding(), Encoding::Dense);
    // The first split adds three bytes to eighteen.
    for (max, encoding) in [(21, Encoding::Sparse), (20, Encoding::Dense)] {
        let mut sketch = Sketch::empty();
        assert_eq!(sketch.raise(rank(7000, 1), max), Ok(true));
        assert_eq!(sketch.encoding(), encoding, "{max}");
        assert_eq!(registers(&sketch)[7000], 1);
    }
}

#[test]
fn malformed_runs_are_refused() {
    for body in [
        &[][..],
        // One register short, one too many, an XZERO without its second byte.
        &[0x7f, 0xfe],
        &[0x7f, 0xff, 0x00],
        &[0x7f, 0xfe, 0x40],
        &[0x80, 0x7f, 0xff],
    ] {
        let mut sketch = sparse(body);
        assert_eq!(sketch.histogram(), Err(Malformed), "{body:?}");
        assert_eq!(sketch.make_dense(), Err(Malformed), "{body:?}");
        let mut untouched = [0; REGISTERS];
        assert_eq!(sketch.merge_into(&mut untouched), Err(Malformed));
        assert_eq!(untouched, [0; REGISTERS]);
        // The last register is covered by none, or only after what is wrong.
        let changed = sketch.raise(rank(REGISTERS - 1, 40), SPARSE_MAX);
        assert_eq!(changed, Err(Malformed), "{body:?}");
    }
}

#[test]
fn saturated_registers_are_counted_as_redis_counts_them() {
    let mut sketch = Sketch::empty();
    for value in [50, 51] {
        sketch.fill_dense(&[value; REGISTERS]);
        assert_eq!(count(&sketch), i64::MIN as u64);
    }
    sketch.fill_dense(&[63; REGISTERS]);
    assert_eq!(count(&sketch), i64::MIN as u64);
}

proptest! {
    #[test]
    fn both_encodings_hold_the_highest_ranks(
        changes in prop::collection::vec((0..REGISTERS, 1..=51_u8), 0..400),
        near in prop::collection::vec((0..64_usize, 1..=3_u8), 0..200),
        max in 18..5000_u64,
    ) {
        let (mut one, mut other) = (Sketch::empty(), Sketch::empty());
        other.make_dense().unwrap();
        let mut model = [0_u8; REGISTERS];
        for &(register, value) in near.iter().chain(&changes) {
            let raised = model[register] < value;
            model[register] = model[register].max(value);
            prop_assert_eq!(one.raise(rank(register, value), max), Ok(raised));
            prop_assert_eq!(other.raise(rank(register, value), max), Ok(raised));
        }
        prop_assert_eq!(&registers(&one)[..], &model[..]);
        prop_assert_eq!(&registers(&other)[..], &model[..]);
        prop_assert_eq!(one.histogram(), Ok(Histogram::of(&model)));
        prop_assert_eq!(other.histogram(), Ok(Histogram::of(&model)));
        if one.encoding() == Encoding::Sparse {
            prop_assert!((HEADER_BYTES + one.body().len()) as u64 <= max.max(18));
        }
        one.make_dense().unwrap();
        prop_assert_eq!(one.body(), other.body());
    }

    #[test]
    fn any_bytes_are_a_sketch_or_refused(
        body in prop::collection::vec(any::<u8>(), 0..64),
        register in 0..REGISTERS,
        value in 1..=51_u8,
    ) {
        let mut sketch = sparse(&body);
        let valid = sketch.histogram().is_ok();
        prop_assert_eq!(sketch.clone().make_dense().is_ok(), valid);
        let before = sketch.clone();
        if sketch.raise(rank(register, value), SPARSE_MAX).is_ok() && valid {
            prop_assert!(registers(&sketch)[register] >= value);
        }
        prop_assert!(before.opcodes().is_some());
    }
}
