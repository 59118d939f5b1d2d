//! The numbers in front of serialised values, and the versions of the format.
//!
//! Owns [`ObjectType`] and [`Version`].
//! Invariant: numbers are Redis's and never change; what a version adds is stated here only.
//! Must not know: what follows a number.
//! Tests: at the end of this file.

/// What encoding follows, with the byte that announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ObjectType {
    String = 0,
    List = 1,
    Set = 2,
    /// Scores as decimal text.
    ZSet = 3,
    Hash = 4,
    /// Scores as binary doubles.
    ZSet2 = 5,
    ModulePreGa = 6,
    Module2 = 7,
    HashZipmap = 9,
    ListZiplist = 10,
    SetIntset = 11,
    ZSetZiplist = 12,
    HashZiplist = 13,
    /// Nodes are ziplists.
    ListQuicklist = 14,
    StreamListpacks = 15,
    HashListpack = 16,
    ZSetListpack = 17,
    /// Nodes are listpacks or single elements.
    ListQuicklist2 = 18,
    /// Adds ids and counters to streams and groups.
    StreamListpacks2 = 19,
    SetListpack = 20,
    /// Adds when a consumer was active.
    StreamListpacks3 = 21,
    /// Fields with absolute times of expiry, of a release candidate.
    HashMetadataPreGa = 22,
    HashListpackExPreGa = 23,
    /// Fields with times of expiry relative to the earliest one.
    HashMetadata = 24,
    HashListpackEx = 25,
    /// Adds what producers have sent, so that nothing is added twice.
    StreamListpacks4 = 26,
}

impl ObjectType {
    /// Every type.
    pub const ALL: [ObjectType; 26] = [
        ObjectType::String,
        ObjectType::List,
        ObjectType::Set,
        ObjectType::ZSet,
        ObjectType::Hash,
        ObjectType::ZSet2,
        ObjectType::ModulePreGa,
        ObjectType::Module2,
        ObjectType::HashZipmap,
        ObjectType::ListZiplist,
        ObjectType::SetIntset,
        ObjectType::ZSetZiplist,
        ObjectType::HashZiplist,
        ObjectType::ListQuicklist,
        ObjectType::StreamListpacks,
        ObjectType::HashListpack,
        ObjectType::ZSetListpack,
        ObjectType::ListQuicklist2,
        ObjectType::StreamListpacks2,
        ObjectType::SetListpack,
        ObjectType::StreamListpacks3,
        ObjectType::HashMetadataPreGa,
        ObjectType::HashListpackExPreGa,
        ObjectType::HashMetadata,
        ObjectType::HashListpackEx,
        ObjectType::StreamListpacks4,
    ];

    /// The type with this number.
    #[must_use]
    pub fn of(byte: u8) -> Option<ObjectType> {
        ObjectType::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// The number written in front of the value.
    #[must_use]
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// The oldest version, among those that are written, whose readers know the type.
    #[must_use]
    pub fn version(self) -> Version {
        if self >= ObjectType::StreamListpacks4 {
            Version::V13
        } else if self >= ObjectType::HashMetadataPreGa {
            Version::V12
        } else if self >= ObjectType::SetListpack {
            Version::V11
        } else {
            Version::V10
        }
    }
}

/// A version of the format that values are written in. Readers accept their own and all older
/// ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Version {
    /// Redis 7.0.
    #[default]
    V10 = 10,
    /// Redis 7.2.
    V11 = 11,
    /// Redis 7.4, and 8 up to 8.4.
    V12 = 12,
    /// Redis 8.6.
    V13 = 13,
}

impl Version {
    /// The newest version that is read.
    pub const NEWEST: Version = Version::V13;

    /// The number in the footer.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_to_their_types() {
        for kind in ObjectType::ALL {
            assert_eq!(ObjectType::of(kind.byte()), Some(kind));
        }
        let known = (0..=u8::MAX).filter(|byte| ObjectType::of(*byte).is_some());
        assert_eq!(known.count(), ObjectType::ALL.len());
        assert_eq!(ObjectType::of(8), None);
        assert_eq!(ObjectType::of(27), None);
    }

    #[test]
    fn newer_types_ask_for_newer_versions() {
        assert_eq!(ObjectType::ListQuicklist2.version().number(), 10);
        assert_eq!(ObjectType::StreamListpacks2.version().number(), 10);
        assert_eq!(ObjectType::SetListpack.version().number(), 11);
        assert_eq!(ObjectType::StreamListpacks3.version().number(), 11);
        assert_eq!(ObjectType::HashListpackEx.version().number(), 12);
    }
}
