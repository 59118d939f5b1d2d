//! Whatever is written reads back, under every option.

use bytes::Bytes;
use proptest::prelude::*;

use super::models::any_value;
use super::{normal, read, without_activity};
use crate::rdb::{EncodeOptions, NodeSize, Value, Version, dump};

/// Options from Redis's own down to nothing in containers.
fn any_options() -> impl Strategy<Value = EncodeOptions> {
    let version = prop_oneof![Just(Version::V10), Just(Version::V11), Just(Version::V12)];
    let threshold = || prop_oneof![Just(0_usize), Just(5), Just(64), Just(100_000)];
    let node = prop_oneof![-5..=-1_i64, 1..5_i64];
    (
        version,
        any::<bool>(),
        node,
        threshold(),
        threshold(),
        threshold(),
    )
        .prop_map(
            |(version, compress, node, entries, value, stream)| EncodeOptions {
                version,
                compress,
                list_node: NodeSize::of_directive(node),
                set_intset_entries: entries,
                set_listpack_entries: entries,
                set_listpack_value: value,
                hash_listpack_entries: entries,
                hash_listpack_value: value,
                zset_listpack_entries: entries,
                zset_listpack_value: value,
                stream_node_len: stream,
                stream_node_entries: entries,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_value_reads_back(value in any_value(), options in any_options()) {
        let payload = Bytes::from(dump(&value, &options).expect("a sound value"));
        let expected = match &value {
            Value::Stream(_) if options.version < Version::V11 => without_activity(value),
            _ => value,
        };
        let found = read(&payload).expect("what was written");
        prop_assert_eq!(normal(found), normal(expected));
    }
}
