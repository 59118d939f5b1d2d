//! The named choices that the server acts on, as types.
//!
//! Owns: one enum per such directive, with the names that Redis gives its variants.
//! Invariant: the variants stand in the order in which Redis lists the names.
//! Must not know: where a choice is stored. Tests: below.

/// A closed set of names of a directive.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every spelling, with the index of its variant in [`Choice::VARIANTS`].
    const NAMES: &'static [(&'static str, u8)];
    const VARIANTS: &'static [Self];

    /// The variant stored under `index`; the first one for an index never stored.
    fn from_index(index: u8) -> Self {
        *Self::VARIANTS
            .get(usize::from(index))
            .unwrap_or(&Self::VARIANTS[0])
    }
}

/// When a commit is synced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// In the background, once a second.
    EverySec,
    /// Before the reply.
    Always,
    /// When the kernel pleases.
    No,
}

impl Choice for Fsync {
    const NAMES: &'static [(&'static str, u8)] = &[("everysec", 0), ("always", 1), ("no", 2)];
    const VARIANTS: &'static [Self] = &[Self::EverySec, Self::Always, Self::No];
}

/// The least important lines that the log shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
    Nothing,
}

impl Choice for LogLevel {
    const NAMES: &'static [(&'static str, u8)] = &[
        ("debug", 0),
        ("verbose", 1),
        ("notice", 2),
        ("warning", 3),
        ("nothing", 4),
    ];
    const VARIANTS: &'static [Self] = &[
        Self::Debug,
        Self::Verbose,
        Self::Notice,
        Self::Warning,
        Self::Nothing,
    ];
}

/// Who watches over the process, and is told of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervised {
    Upstart,
    Systemd,
    /// Whoever the environment tells of.
    Auto,
    No,
}

impl Choice for Supervised {
    const NAMES: &'static [(&'static str, u8)] =
        &[("upstart", 0), ("systemd", 1), ("auto", 2), ("no", 3)];
    const VARIANTS: &'static [Self] = &[Self::Upstart, Self::Systemd, Self::Auto, Self::No];
}

/// Redis's eviction policies. Ferrock evicts no keys; see the directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxmemoryPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    NoEviction,
}

impl Choice for MaxmemoryPolicy {
    const NAMES: &'static [(&'static str, u8)] = &[
        ("volatile-lru", 0),
        ("volatile-lfu", 1),
        ("volatile-random", 2),
        ("volatile-ttl", 3),
        ("allkeys-lru", 4),
        ("allkeys-lfu", 5),
        ("allkeys-random", 6),
        ("noeviction", 7),
    ];
    const VARIANTS: &'static [Self] = &[
        Self::VolatileLru,
        Self::VolatileLfu,
        Self::VolatileRandom,
        Self::VolatileTtl,
        Self::AllkeysLru,
        Self::AllkeysLfu,
        Self::AllkeysRandom,
        Self::NoEviction,
    ];
}

impl MaxmemoryPolicy {
    /// Whether OBJECT FREQ answers rather than OBJECT IDLETIME.
    pub fn is_lfu(self) -> bool {
        matches!(self, Self::VolatileLfu | Self::AllkeysLfu)
    }
}

/// Who may do something dangerous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    No,
    Yes,
    /// Clients on a loopback address or the Unix socket.
    Local,
}

impl Choice for Allow {
    const NAMES: &'static [(&'static str, u8)] = &[("no", 0), ("yes", 1), ("local", 2)];
    const VARIANTS: &'static [Self] = &[Self::No, Self::Yes, Self::Local];
}

impl Allow {
    pub fn permits(self, origin: Origin) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::Local => origin == Origin::Local,
        }
    }
}

/// Where a client sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On a loopback address or the Unix socket.
    Local,
    Remote,
}

/// What a start does with a damaged write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalRecovery {
    Strict,
    Truncate,
}

impl Choice for WalRecovery {
    const NAMES: &'static [(&'static str, u8)] = &[("strict", 0), ("truncate", 1)];
    const VARIANTS: &'static [Self] = &[Self::Strict, Self::Truncate];
}

/// Compression of a group of levels of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Lz4,
    Zstd,
}

impl Choice for Compression {
    const NAMES: &'static [(&'static str, u8)] = &[("none", 0), ("lz4", 1), ("zstd", 2)];
    const VARIANTS: &'static [Self] = &[Self::None, Self::Lz4, Self::Zstd];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_names_cover_variants<C: Choice>() {
        let mut indexes: Vec<u8> = C::NAMES.iter().map(|(_, index)| *index).collect();
        indexes.sort_unstable();
        indexes.dedup();
        assert_eq!(indexes.len(), C::VARIANTS.len());
        assert!(
            indexes
                .iter()
                .all(|index| usize::from(*index) < C::VARIANTS.len())
        );
    }

    #[test]
    fn every_variant_has_a_name() {
        assert_names_cover_variants::<Fsync>();
        assert_names_cover_variants::<LogLevel>();
        assert_names_cover_variants::<MaxmemoryPolicy>();
        assert_names_cover_variants::<Allow>();
        assert_names_cover_variants::<Compression>();
        assert_names_cover_variants::<WalRecovery>();
        assert_names_cover_variants::<Supervised>();
    }

    #[test]
    fn local_permits_only_local_clients() {
        assert!(Allow::Local.permits(Origin::Local));
        assert!(!Allow::Local.permits(Origin::Remote));
        assert!(Allow::Yes.permits(Origin::Remote));
        assert!(!Allow::No.permits(Origin::Local));
    }
}
