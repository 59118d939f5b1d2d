//! The decoder of serialised values against any bytes.
//!
//! The input's first byte is the type, the rest the value; no footer, whose checksum would only
//! be in the way. What is accepted must be written again and read back the same.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

/// The codec's files, compiled here instead of linked: the server's crate brings RocksDB along,
/// which would be built with the sanitizer for the sake of nothing.
#[path = "../../../src/rdb"]
#[expect(
    dead_code,
    unused_imports,
    reason = "only a part of the codec's surface is used"
)]
mod rdb {
    mod decode;
    mod encode;
    mod error;
    mod kind;
    mod lzf;
    mod options;
    mod packed;
    mod reader;
    mod value;
    mod writer;

    pub use decode::decode;
    pub use encode::encode;
    pub use error::{DecodeError, EncodeError};
    pub use kind::{ObjectType, Version};
    pub use options::EncodeOptions;
    pub use reader::Reader;
    pub use value::*;
    pub use writer::Writer;
}

/// What the codec uses of the protocol: texts of numbers.
#[path = "../../../src/resp"]
#[expect(dead_code, reason = "only a part of the numbers' surface is used")]
mod resp {
    mod double;
    #[path = "../../storage/src/encoding/number.rs"]
    mod number;

    pub use double::format_double;
    pub use number::parse_i64;
}

/// Memory that a decoded value may take, in bytes.
const MEMORY_MAX: usize = 64 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    let mut reader = rdb::Reader::new(Bytes::copy_from_slice(body), MEMORY_MAX);
    let Ok(value) = rdb::decode(*kind, &mut reader) else {
        return;
    };
    let options = rdb::EncodeOptions {
        version: rdb::Version::V12,
        ..rdb::EncodeOptions::default()
    };
    let mut writer = rdb::Writer::new(Vec::new(), true);
    let kind = rdb::encode(&value, &options, &mut writer).expect("a decoded value is sound");
    let mut reader = rdb::Reader::new(Bytes::from(writer.into_bytes()), 2 * MEMORY_MAX);
    let again = rdb::decode(kind.byte(), &mut reader).expect("what was written");
    assert_eq!(reader.remaining(), 0);
    assert_eq!(normal(again), normal(value));
});

/// The value with what has no order of its own in order.
fn normal(mut value: rdb::Value) -> rdb::Value {
    match &mut value {
        rdb::Value::Set(members) => members.sort(),
        rdb::Value::Hash(fields) => fields.sort_by(|a, b| a.name.cmp(&b.name)),
        _ => {}
    }
    value
}
