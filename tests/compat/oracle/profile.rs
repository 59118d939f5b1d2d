//! What one run is about: the groups it draws from, and the keys it is mostly about.
//! Invariants: each data type has a profile of its own, so that commands collide on its few keys.
//! Must not know: servers. Tests: `draw.rs` draws every template of every profile.

use super::kinds::ALL_KEYS;
use super::pools::{STRING_KEYS, collection};
use super::templates::{self, Group};

pub struct Profile {
    pub name: &'static str,
    /// Groups and their shares of the commands drawn.
    shares: &'static [(u32, &'static str)],
    /// What `$anykey` names; several mentions make it more frequent.
    focus: &'static [&'static [&'static [u8]]],
}

impl Profile {
    pub fn groups(&self) -> impl Iterator<Item = (u32, &'static Group)> {
        let shares = self.shares.iter();
        shares.map(|(share, name)| (*share, templates::group(name)))
    }

    pub fn focus(&self) -> Vec<&'static [&'static [u8]]> {
        self.focus.to_vec()
    }

    /// The group the profile is named after; none if it mixes them.
    pub fn subject(&self) -> Option<&'static Group> {
        let mut groups = self.groups().map(|(_, group)| group);
        groups.find(|group| group.name == self.name)
    }
}

/// Beside its own group, each type meets the commands over all keys.
macro_rules! of_type {
    ($name:literal, $keys:expr) => {
        Profile {
            name: $name,
            shares: &[(18, $name), (6, "keys"), (2, "payloads"), (1, "string")],
            focus: &[$keys, $keys, $keys, $keys, $keys, $keys, STRING_KEYS],
        }
    };
}

pub const PROFILES: &[Profile] = &[
    Profile {
        name: "string",
        shares: &[(18, "string"), (5, "keys"), (2, "databases")],
        focus: &[STRING_KEYS],
    },
    of_type!("list", collection::LIST_KEYS),
    of_type!("hash", collection::HASH_KEYS),
    of_type!("set", collection::SET_KEYS),
    Profile {
        name: "zset",
        shares: &[(18, "zset"), (4, "keys"), (1, "payloads"), (4, "set")],
        focus: &[
            collection::ZSET_KEYS,
            collection::ZSET_KEYS,
            collection::SET_KEYS,
        ],
    },
    Profile {
        name: "stream",
        shares: &[(36, "stream"), (3, "keys"), (2, "payloads")],
        focus: &[collection::STREAM_KEYS],
    },
    of_type!("geo", collection::GEO_KEYS),
    of_type!("hyperloglog", collection::HYPERLOGLOG_KEYS),
    Profile {
        name: "sort",
        shares: &[(18, "sort"), (1, "keys")],
        // A set under another key's name would be sorted in no order.
        focus: &[STRING_KEYS],
    },
    Profile {
        name: "multi",
        shares: &[
            (20, "multi"),
            (2, "databases"),
            (6, "keys"),
            (1, "payloads"),
            (5, "string"),
            (4, "list"),
            (4, "hash"),
            (4, "set"),
            (4, "zset"),
            (4, "stream"),
            (1, "geo"),
            (1, "hyperloglog"),
            (2, "sort"),
        ],
        focus: ALL_KEYS,
    },
    Profile {
        name: "mixed",
        shares: &[
            (4, "string"),
            (8, "keys"),
            (4, "payloads"),
            (2, "databases"),
            (6, "list"),
            (6, "hash"),
            (6, "set"),
            (6, "zset"),
            (6, "stream"),
            (2, "geo"),
            (2, "hyperloglog"),
            (2, "sort"),
        ],
        focus: ALL_KEYS,
    },
];

/// The profile of this name.
#[track_caller]
pub fn profile(name: &str) -> &'static Profile {
    let found = PROFILES.iter().find(|profile| profile.name == name);
    found.unwrap_or_else(|| panic!("no profile is named {name}"))
}
