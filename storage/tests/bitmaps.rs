//! Bitmaps beside a vector of bytes: every operation at every size class, with holes, on staged
//! and on committed rows.

use proptest::prelude::*;
use std::sync::Arc;
use storage::change::Event;
use storage::encoding::meta::DataType;
use storage::engine::Tier;
use storage::limits::{CHUNK_BYTES, STRING_BYTES_MAX};
use storage::ops::bitfield::{self, Action, FieldOp, FieldType, Overflow};
use storage::ops::bitmap::{self, Span, Unit};
use storage::ops::bits::BitOp;
use storage::ops::bytes::{self, Expiry};
use storage::{Edit, Options, StorageError, Store, View, ViewOptions};

const KEYS: [&[u8]; 3] = [b"{b}1", b"{b}2", b"{b}3"];
const LATCHED: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};
/// Lengths on both sides of each change of the physical form.
const LENS: [usize; 10] = [0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 16_385, 1 << 20];

struct Fixture {
    store: Arc<Store>,
    _dir: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            hot_table_bytes: 4 << 20,
            ..Options::new(dir.path().join("data"))
        };
        Fixture {
            store: Store::open(options).unwrap(),
            _dir: dir,
        }
    }

    /// Runs a change and commits it; gives whether anything was staged.
    fn write<T>(&self, change: impl FnOnce(&mut Edit<'_>) -> Result<T, StorageError>) -> (T, bool) {
        let mut edit = self.store.edit(0, LATCHED).unwrap();
        let result = change(&mut edit).unwrap();
        let position = edit.stage().unwrap();
        self.store.leader().wait_blocking(position).unwrap();
        (result, position > 0)
    }

    fn view(&self) -> View<'_> {
        self.store.view(0, LATCHED).unwrap()
    }

    /// Makes a key hold `value`; runs of zeros that cover a chunk become holes.
    fn place(&self, key: &[u8], value: &[u8]) {
        self.write(|edit| {
            let entry = edit.open(key)?;
            edit.remove(&entry, Event::Del)
        });
        for (nth, chunk) in value.chunks(CHUNK_BYTES).enumerate().rev() {
            let last = (nth + 1) * CHUNK_BYTES >= value.len();
            if last || chunk.iter().any(|byte| *byte != 0) {
                self.write(|edit| {
                    let entry = edit.open(key)?;
                    let offset = (nth * CHUNK_BYTES) as u64;
                    bytes::write_range(edit, &entry, offset, chunk, STRING_BYTES_MAX, &[])
                });
            }
        }
        if value.is_empty() {
            self.write(|edit| {
                let entry = edit.open(key)?;
                bytes::replace(edit, &entry, b"", Expiry::Clear, &[])
            });
        }
        assert_eq!(self.value(key).as_deref(), Some(value));
    }

    fn value(&self, key: &[u8]) -> Option<Vec<u8>> {
        let view = self.view();
        let entry = view.open_as(key, DataType::String).unwrap();
        let value = bytes::read_value(&view, &entry).unwrap();
        value.map(|value| value.to_vec())
    }
}

/// Mostly zeros: blocks of every kind, some of them whole chunks of nothing.
fn sparse(len: usize, salt: u64) -> Vec<u8> {
    let mut value = vec![0; len];
    for (nth, block) in value.chunks_mut(1500).enumerate() {
        let mixed = (nth as u64 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        match mixed {
            0 => block.fill(0xff),
            1 | 2 => {
                let bytes = block.iter_mut().enumerate();
                bytes.for_each(|(at, byte)| *byte = (at as u64 * 31 + salt) as u8);
            }
            _ => {}
        }
    }
    value
}

fn bit_of(bytes: &[u8], at: u64) -> bool {
    bytes
        .get((at / 8) as usize)
        .is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

fn set_bit_of(bytes: &mut Vec<u8>, at: u64, bit: bool) {
    let byte = (at / 8) as usize;
    if bytes.len() <= byte {
        bytes.resize(byte + 1, 0);
    }
    let mask = 0x80u8 >> (at % 8);
    bytes[byte] = if bit {
        bytes[byte] | mask
    } else {
        bytes[byte] & !mask
    };
}

/// The bits that a span names, as the reference describes it.
fn clip(len: usize, start: i64, end: i64, unit: Unit) -> std::ops::Range<u64> {
    let width = if unit == Unit::Bit { 1 } else { 8 };
    let total = len as i64 * 8 / width;
    let absolute = |at: i64| if at < 0 { (total + at).max(0) } else { at };
    let (start, end) = (absolute(start), absolute(end).min(total - 1));
    if start > end {
        return 0..0;
    }
    (start * width) as u64..((end + 1) * width) as u64
}

#[test]
fn bits_are_set_and_read_at_every_length() {
    let fixture = Fixture::new();
    for len in LENS {
        let mut model = sparse(len, 3);
        fixture.place(KEYS[0], &model);
        let len = len as u64;
        for byte in [
            0,
            len.saturating_sub(1),
            len,
            len + 1,
            len + 5000,
            len + 20_000,
        ] {
            for (at, bit) in [(byte * 8, true), (byte * 8 + 7, true), (byte * 8, false)] {
                let before = bit_of(&model, at);
                assert_eq!(
                    bitmap::get_bit(&fixture.view(), KEYS[0], at).unwrap(),
                    before
                );
                let within = at / 8 < model.len() as u64;
                let set =
                    |edit: &mut Edit<'_>| bitmap::set_bit(edit, KEYS[0], at, bit, STRING_BYTES_MAX);
                let (old, staged) = fixture.write(set);
                assert_eq!(old, before, "length {len}, bit {at}");
                assert_eq!(staged, before != bit || !within, "length {len}, bit {at}");
                set_bit_of(&mut model, at, bit);
                assert_eq!(bitmap::get_bit(&fixture.view(), KEYS[0], at).unwrap(), bit);
            }
        }
        assert_eq!(fixture.value(KEYS[0]).unwrap(), model, "length {len}");
    }
}

#[test]
fn a_bit_behind_the_limit_is_refused() {
    let fixture = Fixture::new();
    let mut edit = fixture.store.edit(0, LATCHED).unwrap();
    let refused = bitmap::set_bit(&mut edit, KEYS[0], 8000, true, 1000);
    assert!(matches!(refused, Err(StorageError::StringTooLong)));
    assert!(edit.is_empty());
    assert!(!bitmap::set_bit(&mut edit, KEYS[0], 7999, true, 1000).unwrap());
}

#[test]
fn the_last_bit_of_the_longest_string_costs_one_chunk() {
    let fixture = Fixture::new();
    let at = STRING_BYTES_MAX * 8 - 1;
    fixture.write(|edit| bitmap::set_bit(edit, KEYS[0], at, true, STRING_BYTES_MAX));
    let view = fixture.view();
    assert!(bitmap::get_bit(&view, KEYS[0], at).unwrap());
    assert_eq!(bitmap::count(&view, KEYS[0], None).unwrap(), 1);
    assert_eq!(
        bitmap::position(&view, KEYS[0], true, 0, None).unwrap(),
        Some(at)
    );
    let (len, _) = fixture.write(|edit| bitmap::combine(edit, BitOp::Or, KEYS[1], &[KEYS[0]]));
    assert_eq!(len, STRING_BYTES_MAX);
    let view = fixture.view();
    assert_eq!(
        bitmap::position(&view, KEYS[1], true, 0, None).unwrap(),
        Some(at)
    );
}

#[test]
fn a_result_of_several_commits_is_whole() {
    let fixture = Fixture::new();
    let at = (40 << 20) * 8;
    fixture.write(|edit| bitmap::set_bit(edit, KEYS[0], at, true, STRING_BYTES_MAX));
    let (len, _) = fixture.write(|edit| bitmap::combine(edit, BitOp::Not, KEYS[0], &[KEYS[0]]));
    assert_eq!(len, at / 8 + 1);
    let view = fixture.view();
    assert_eq!(bitmap::count(&view, KEYS[0], None).unwrap(), at + 7);
    assert_eq!(
        bitmap::position(&view, KEYS[0], false, 0, None).unwrap(),
        Some(at)
    );
}

#[test]
fn long_walks_leave_the_connection_thread() {
    let fixture = Fixture::new();
    fixture.write(|edit| bitmap::set_bit(edit, KEYS[0], 80 << 20, true, STRING_BYTES_MAX));
    let memory = ViewOptions {
        tier: Tier::Memory,
        ..LATCHED
    };
    let view = fixture.store.view(0, memory).unwrap();
    let needs_disk = |result: Result<u64, StorageError>| {
        assert!(matches!(result, Err(StorageError::NeedsDisk)), "{result:?}");
    };
    needs_disk(bitmap::count(&view, KEYS[0], None));
    needs_disk(bitmap::position(&view, KEYS[0], true, 0, None).map(Option::unwrap_or_default));
    let mut edit = fixture.store.edit(0, memory).unwrap();
    needs_disk(bitmap::combine(&mut edit, BitOp::Or, KEYS[1], &[KEYS[0]]));
    let near = Span {
        start: -1,
        end: -1,
        unit: Unit::Byte,
    };
    assert_eq!(bitmap::count(&view, KEYS[0], Some(near)).unwrap(), 1);
}

#[test]
fn an_empty_result_deletes_the_target() {
    let fixture = Fixture::new();
    fixture.place(KEYS[0], b"");
    fixture.place(KEYS[2], b"old");
    let sources = [KEYS[0], KEYS[1]];
    let (len, staged) = fixture.write(|edit| bitmap::combine(edit, BitOp::Or, KEYS[2], &sources));
    assert_eq!((len, staged), (0, true));
    assert_eq!(fixture.value(KEYS[2]), None);
    let again = fixture.write(|edit| bitmap::combine(edit, BitOp::Or, KEYS[2], &sources));
    assert_eq!(again, (0, false));
}

#[test]
fn fields_written_all_over_a_long_string() {
    let fixture = Fixture::new();
    for len in LENS {
        let mut model = sparse(len, 9);
        fixture.place(KEYS[0], &model);
        let kind = FieldType::new(false, 63).unwrap();
        let places = [0, 4090, 4100, 8188, 8192 * 3 - 4, 8192 * 3 + 8, 70_000];
        let ops: Vec<FieldOp> = places
            .iter()
            .map(|byte| FieldOp {
                kind,
                at: byte * 8 + 3,
                action: Action::Set(0x5555_1234_5678_9abc, Overflow::Wrap),
            })
            .collect();
        let apply = |edit: &mut Edit<'_>| bitfield::apply(edit, KEYS[0], &ops, STRING_BYTES_MAX);
        let (results, staged) = fixture.write(apply);
        assert!(staged);
        for (op, result) in ops.iter().zip(results) {
            let read = |model: &[u8], at: u64| u64::from(bit_of(model, at));
            let old = (op.at..op.at + 63).fold(0, |value, at| value << 1 | read(&model, at));

            assert_eq!(result, Some(old as i64), "length {len}, bit {}", op.at);
            for nth in 0..63 {
                let bit = 0x5555_1234_5678_9abc_u64 >> (62 - nth) & 1 == 1;
                set_bit_of(&mut model, op.at + nth, bit);
            }
        }
        assert_eq!(fixture.value(KEYS[0]).unwrap(), model, "length {len}");
        assert!(!fixture.write(apply).1, "nothing changes the second time");
    }
}

#[test]
fn a_field_that_fails_grows_the_string_and_no_more() {
    let fixture = Fixture::new();
    let op = FieldOp {
        kind: FieldType::new(true, 8).unwrap(),
        at: 20,
        action: Action::Set(128, Overflow::Fail),
    };
    let apply = |edit: &mut Edit<'_>| bitfield::apply(edit, KEYS[0], &[op], STRING_BYTES_MAX);
    let (results, staged) = fixture.write(apply);
    assert_eq!((results.as_slice(), staged), (&[None][..], true));
    assert_eq!(fixture.value(KEYS[0]).unwrap(), [0; 4]);
    assert!(!fixture.write(apply).1);
}

#[test]
fn more_fields_than_a_commit_holds_are_refused() {
    let fixture = Fixture::new();
    let kind = FieldType::new(true, 8).unwrap();
    let ops: Vec<FieldOp> = (0..2100 * 2)
        .map(|nth| FieldOp {
            kind,
            at: (nth * CHUNK_BYTES as u64 / 2 + (nth % 2) * 4000) * 8,
            action: Action::Add(1, Overflow::Wrap),
        })
        .collect();
    let mut edit = fixture.store.edit(0, LATCHED).unwrap();
    let refused = bitfield::apply(&mut edit, KEYS[0], &ops, STRING_BYTES_MAX);
    assert!(matches!(refused, Err(StorageError::CommitTooLarge)));
    assert!(edit.is_empty());
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        0..40usize,
        proptest::sample::select(&LENS[..9]),
        0..40_000usize
    ]
}

fn position() -> impl Strategy<Value = i64> {
    prop_oneof![
        -20..20i64,
        -40_000..40_000i64,
        -350_000..350_000i64,
        any::<i64>()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_and_positions_are_those_of_the_bytes(
        len in length(), salt in 0..50u64,
        spans in proptest::collection::vec((position(), position(), any::<bool>()), 1..20),
    ) {
        let fixture = Fixture::new();
        let model = sparse(len, salt);
        fixture.place(KEYS[0], &model);
        let view = fixture.view();
        for (start, end, by_bit) in spans {
            let unit = if by_bit { Unit::Bit } else { Unit::Byte };
            let range = clip(len, start, end, unit);
            let span = Span { start, end, unit };
            let reversed = start < 0 && end < 0 && start > end;
            let ones = range.clone().filter(|&at| !reversed && bit_of(&model, at)).count();
            let counted = bitmap::count(&view, KEYS[0], Some(span)).unwrap();
            prop_assert_eq!(counted, ones as u64, "{:?}", span);
            for bit in [false, true] {
                let expected = range.clone().find(|&at| bit_of(&model, at) == bit);
                let end = Some((end, unit));
                let found = bitmap::position(&view, KEYS[0], bit, start, end).unwrap();
                prop_assert_eq!(found, expected, "{} in {:?}", bit, span);
                let open = clip(len, start, -1, Unit::Byte);
                let mut expected = open.clone().find(|&at| bit_of(&model, at) == bit);
                if !bit && !open.is_empty() {
                    expected = expected.or(Some(open.end));
                }
                let found = bitmap::position(&view, KEYS[0], bit, start, None).unwrap();
                prop_assert_eq!(found, expected, "{} from {}", bit, start);
            }
        }
    }

    #[test]
    fn combinations_are_those_of_the_bytes(
        lens in proptest::collection::vec(length(), 1..4), salt in 0..50u64, target in 0..3usize,
    ) {
        use BitOp::{And, AndOr, Diff, Diff1, Not, One, Or, Xor};
        let fixture = Fixture::new();
        for op in [And, Or, Xor, Not, Diff, Diff1, AndOr, One] {
            let models: Vec<_> =
                lens.iter().enumerate().map(|(nth, &len)| sparse(len, salt + nth as u64)).collect();
            for (key, model) in KEYS.iter().zip(&models) {
                fixture.place(key, model);
            }
            let sources = if op == Not { &KEYS[..1] } else { &KEYS[..models.len()] };
            let models = &models[..sources.len()];
            let len = models.iter().map(Vec::len).max().unwrap();
            let combine = |edit: &mut Edit<'_>| bitmap::combine(edit, op, KEYS[target], sources);
            let (given, _) = fixture.write(combine);
            prop_assert_eq!(given, len as u64);
            let expected: Vec<u8> = (0..len).map(|at| {
                let bytes: Vec<u8> =
                    models.iter().map(|model| model.get(at).copied().unwrap_or(0)).collect();
                let any = bytes[1..].iter().fold(0, |any, byte| any | byte);
                match op {
                    And => bytes.iter().fold(255, |all, byte| all & byte),
                    Or => any | bytes[0],
                    Xor => bytes.iter().fold(0, |odd, byte| odd ^ byte),
                    Not => !bytes[0],
                    Diff => bytes[0] & !any,
                    Diff1 => any & !bytes[0],
                    AndOr => bytes[0] & any,
                    One => (0..8).filter(|bit| {
                        bytes.iter().filter(|byte| *byte >> bit & 1 == 1).count() == 1
                    }).fold(0, |one, bit| one | 1 << bit),
                }
            }).collect();
            let stored = fixture.value(KEYS[target]);
            prop_assert_eq!(stored, (len > 0).then_some(expected), "{:?}", op);
        }
    }

    #[test]
    fn fields_are_those_of_the_bytes(
        len in length(), salt in 0..50u64,
        given in proptest::collection::vec(
            (any::<bool>(), 1..=63i64, 0..350_000u64, 0..3usize, any::<i64>(), 0..3usize), 1..30,
        ),
    ) {
        let fixture = Fixture::new();
        let mut model = sparse(len, salt);
        fixture.place(KEYS[0], &model);
        let ops: Vec<FieldOp> = given.iter().map(|&(signed, width, at, action, value, overflow)| {
            let kind = FieldType::new(signed, width).unwrap();
            let overflow = [Overflow::Wrap, Overflow::Saturate, Overflow::Fail][overflow];
            let action = match action {
                0 => Action::Get,
                // Half of it: where Redis saturates upwards has a unit test of its own.
                1 => Action::Set(value / 2, overflow),
                _ => Action::Add(value, overflow),
            };
            FieldOp { kind, at, action }
        }).collect();
        let apply = |edit: &mut Edit<'_>| bitfield::apply(edit, KEYS[0], &ops, STRING_BYTES_MAX);
        let (results, _) = fixture.write(apply);
        let written = ops.iter().filter(|op| op.action != Action::Get);
        let end = written.map(|op| (op.at + u64::from(op.kind.width())).div_ceil(8)).max();
        model.resize(model.len().max(end.unwrap_or(0) as usize), 0);
        for ((op, result), (signed, width, ..)) in ops.iter().zip(results).zip(given) {
            let range = op.at..op.at + width as u64;
            let bits = range.clone().map(|at| i128::from(bit_of(&model, at)));
            let raw = bits.fold(0, |raw, bit| raw << 1 | bit);
            let (low, high) = match signed {
                true => (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1),
                false => (0, (1i128 << width) - 1),
            };
            let before = if raw > high { raw - (1i128 << width) } else { raw };
            let (wanted, overflow) = match op.action {
                Action::Get => {
                    prop_assert_eq!(result.map(i128::from), Some(before));
                    continue;
                }
                Action::Set(value, overflow) if signed => (i128::from(value), overflow),
                Action::Set(value, overflow) => (i128::from(value as u64), overflow),
                Action::Add(value, overflow) => (before + i128::from(value), overflow),
            };
            let after = match overflow {
                _ if (low..=high).contains(&wanted) => Some(wanted),
                Overflow::Wrap => Some((wanted - low).rem_euclid(1i128 << width) + low),
                Overflow::Saturate => Some(wanted.clamp(low, high)),
                Overflow::Fail => None,
            };
            let replied = match op.action {
                Action::Set(..) => after.map(|_| before),
                _ => after,
            };
            prop_assert_eq!(result.map(i128::from), replied, "{:?}", op);
            for at in range.clone().filter(|_| after.is_some()) {
                let bit = after.unwrap_or(0) >> (range.end - 1 - at) & 1 == 1;
                set_bit_of(&mut model, at, bit);
            }
        }
        prop_assert_eq!(fixture.value(KEYS[0]).unwrap_or_default(), model);
    }
}
