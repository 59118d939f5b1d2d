//! Encodings that this server reads and does not write.

use std::collections::BTreeSet;

use super::handmade::{new_samples, old_samples};
use super::{normal, read, write};
use crate::rdb::{ObjectType, Version};

#[test]
fn every_sample_means_what_it_should() {
    for sample in old_samples().into_iter().chain(new_samples()) {
        let found = read(&sample.payload).map(normal);
        assert_eq!(found, Ok(normal(sample.value)), "{}", sample.name);
    }
}

#[test]
fn every_type_is_among_the_samples_or_written() {
    let samples: Vec<_> = old_samples().into_iter().chain(new_samples()).collect();
    let mut seen: BTreeSet<u8> = samples.iter().map(|sample| sample.payload[0]).collect();
    for sample in &samples {
        seen.insert(write(&sample.value, Version::V10)[0]);
        seen.insert(write(&sample.value, Version::V12)[0]);
    }
    // Written only where thresholds are crossed: `choices.rs`.
    let others = [
        ObjectType::String,
        ObjectType::Set,
        ObjectType::ZSet2,
        ObjectType::Hash,
        ObjectType::HashListpack,
    ];
    seen.extend(others.map(ObjectType::byte));
    let modules = [ObjectType::ModulePreGa, ObjectType::Module2];
    for kind in ObjectType::ALL {
        assert_eq!(
            seen.contains(&kind.byte()),
            !modules.contains(&kind),
            "{kind:?}"
        );
    }
}
