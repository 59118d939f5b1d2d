//! Types, overflow, and which bytes are read together.

use super::*;
use proptest::prelude::*;

fn kind(signed: bool, width: i64) -> FieldType {
    FieldType::new(signed, width).unwrap()
}

fn op(kind: FieldType, at: u64, action: Action) -> FieldOp {
    FieldOp { kind, at, action }
}

#[test]
fn types_have_1_to_63_or_64_bits() {
    for (signed, width) in [
        (true, 0),
        (true, 65),
        (false, 64),
        (false, -1),
        (true, i64::MAX),
    ] {
        assert_eq!(FieldType::new(signed, width), None);
    }
    assert_eq!(
        (kind(true, 64).min(), kind(true, 64).max()),
        (i64::MIN.into(), i64::MAX.into())
    );
    assert_eq!((kind(true, 1).min(), kind(true, 1).max()), (-1, 0));
    assert_eq!(
        (kind(false, 63).min(), kind(false, 63).max()),
        (0, i64::MAX.into())
    );
}

#[test]
fn overflow_wraps_saturates_or_fails() {
    let (i8, u8) = (kind(true, 8), kind(false, 8));
    assert_eq!(i8.fit(128, Overflow::Wrap), Some(-128));
    assert_eq!(i8.fit(-129, Overflow::Wrap), Some(127));
    assert_eq!(i8.fit(1000, Overflow::Saturate), Some(127));
    assert_eq!(i8.fit(-1000, Overflow::Saturate), Some(-128));
    assert_eq!(u8.fit(257, Overflow::Wrap), Some(1));
    assert_eq!(u8.fit(-1, Overflow::Wrap), Some(255));
    assert_eq!(u8.fit(-1, Overflow::Saturate), Some(0));
    assert_eq!(u8.fit(256, Overflow::Fail), None);
    assert_eq!(u8.fit(255, Overflow::Fail), Some(255));
    let i64 = kind(true, 64);
    assert_eq!(
        i64.fit(i128::from(i64::MAX) + 1, Overflow::Wrap),
        Some(i64::MIN)
    );
}

#[test]
fn a_negative_value_is_large_to_an_unsigned_field() {
    let mut bytes = [0];
    let set = op(kind(false, 4), 2, Action::Set(-1, Overflow::Saturate));
    assert_eq!(set.carry_out(&mut bytes, 0), (Some(0), true));
    assert_eq!(bytes, [0b0011_1100]);
    let set = op(kind(false, 4), 2, Action::Set(-2, Overflow::Fail));
    assert_eq!(set.carry_out(&mut bytes, 0), (None, false));
}

#[test]
fn setting_what_is_too_far_below_saturates_upwards_as_in_redis() {
    let (i8, i63) = (kind(true, 8), kind(true, 63));
    let set = |kind: FieldType, value| {
        kind.fit(kind.settable(value, Overflow::Saturate), Overflow::Saturate)
    };
    assert_eq!(set(i8, i64::MIN + 127), Some(127));
    assert_eq!(set(i8, i64::MIN + 128), Some(-128));
    assert_eq!(set(i63, -(1 << 62) - 1), Some((1 << 62) - 1));
    assert_eq!(set(i63, -(1 << 62)), Some(-(1 << 62)));
    assert_eq!(set(kind(true, 64), i64::MIN), Some(i64::MIN));
    let wrapped = i8.settable(i64::MIN, Overflow::Wrap);
    assert_eq!(i8.fit(wrapped, Overflow::Wrap), Some(0));
}

#[test]
fn fields_of_one_chunk_are_written_together() {
    let chunk = CHUNK_BYTES as u64;
    let ops = |action| {
        let ats = [chunk * 3, 5, 0, chunk - 1, chunk * 9];
        ats.map(|byte| op(kind(false, 16), byte * 8 + 1, action))
    };
    let (third, ninth) = (chunk * 3..chunk * 3 + 3, chunk * 9..chunk * 9 + 3);
    let merged = merge(&ops(Action::Set(1, Overflow::Wrap)));
    assert_eq!(
        merged.to_vec(),
        [0..chunk + 2, third.clone(), ninth.clone()]
    );
    let merged = merge(&ops(Action::Get));
    assert_eq!(merged.to_vec(), [0..8, chunk - 1..chunk + 2, third, ninth]);
    assert!(merge(&[]).is_empty());
}

proptest! {
    #[test]
    fn decoding_keeps_what_fitting_gave(
        signed in any::<bool>(), width in 1..=63i64, value in any::<i64>(),
    ) {
        let kind = kind(signed, width);
        for overflow in [Overflow::Wrap, Overflow::Saturate] {
            let fitted = kind.fit(value.into(), overflow).unwrap();
            prop_assert!((kind.min()..=kind.max()).contains(&fitted.into()));
            prop_assert_eq!(kind.decode(fitted as u64), fitted);
        }
        let modulus = 1i128 << width;
        let wrapped = i128::from(kind.fit(value.into(), Overflow::Wrap).unwrap());
        prop_assert_eq!((wrapped - i128::from(value)).rem_euclid(modulus), 0);
    }
}
