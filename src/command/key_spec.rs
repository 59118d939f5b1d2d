//! Owns where a command's keys stand among its arguments, and what it does with them.
//! Invariants: extraction is total: a request whose key positions make no sense yields no keys.
//! Must not know: commands. Tests: below.

use crate::resp::Request;
use smallvec::SmallVec;

/// What a command does with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyFlags(u16);

impl KeyFlags {
    /// Reads, does not change.
    pub const RO: KeyFlags = KeyFlags(1);
    /// Reads and changes.
    pub const RW: KeyFlags = KeyFlags(1 << 1);
    /// Overwrites without reading.
    pub const OW: KeyFlags = KeyFlags(1 << 2);
    /// Removes.
    pub const RM: KeyFlags = KeyFlags(1 << 3);
    /// Gives (part of) the value to the user.
    pub const ACCESS: KeyFlags = KeyFlags(1 << 4);
    /// Changes the value depending on what it was.
    pub const UPDATE: KeyFlags = KeyFlags(1 << 5);
    /// Adds to the value, never removes.
    pub const INSERT: KeyFlags = KeyFlags(1 << 6);
    /// Deletes (part of) the value.
    pub const DELETE: KeyFlags = KeyFlags(1 << 7);
    /// The argument is not a key, though it is at a key's place.
    pub const NOT_KEY: KeyFlags = KeyFlags(1 << 8);
    /// The positions do not cover all keys.
    pub const INCOMPLETE: KeyFlags = KeyFlags(1 << 9);
    /// Some flags depend on the other arguments.
    pub const VARIABLE: KeyFlags = KeyFlags(1 << 10);

    /// Both sets.
    pub const fn with(self, other: KeyFlags) -> KeyFlags {
        KeyFlags(self.0 | other.0)
    }

    /// Whether all of `other` are set.
    #[inline]
    pub const fn has(self, other: KeyFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the key's value is only read.
    #[inline]
    pub fn read_only(self) -> bool {
        self.has(KeyFlags::RO)
    }

    /// As COMMAND INFO spells them.
    pub fn names(self) -> Vec<&'static str> {
        const NAMES: [(KeyFlags, &str); 11] = [
            (KeyFlags::RO, "RO"),
            (KeyFlags::RW, "RW"),
            (KeyFlags::OW, "OW"),
            (KeyFlags::RM, "RM"),
            (KeyFlags::ACCESS, "access"),
            (KeyFlags::UPDATE, "update"),
            (KeyFlags::INSERT, "insert"),
            (KeyFlags::DELETE, "delete"),
            (KeyFlags::NOT_KEY, "not_key"),
            (KeyFlags::INCOMPLETE, "incomplete"),
            (KeyFlags::VARIABLE, "variable_flags"),
        ];
        NAMES
            .iter()
            .filter(|(flag, _)| self.has(*flag))
            .map(|(_, name)| *name)
            .collect()
    }
}

/// Where the search for keys begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At this argument.
    Index(u16),
    /// After this word, searched from an argument on (from the end backwards if negative).
    Keyword(&'static str, i16),
    /// Where no rule of this notation can say; COMMAND INFO calls it unknown.
    Unknown(Unknown),
}

/// Keys that take more than a rule to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Those of SORT's patterns, which depend on what is sorted: never found here.
    SortPatterns,
    /// The one behind the last STORE of SORT that is an option and not an option's argument.
    SortTarget,
}

impl Unknown {
    /// What COMMAND INFO says instead of a rule.
    pub fn note(self) -> &'static str {
        match self {
            Unknown::SortPatterns => {
                "For the optional BY/GET keyword. It is marked 'unknown' because the key names \
                 derive from the content of the key we sort"
            }
            Unknown::SortTarget => {
                "For the optional STORE keyword. It is marked 'unknown' because the keyword can \
                 appear anywhere in the argument array"
            }
        }
    }

    fn find(self, request: &Request<'_>) -> Option<i64> {
        if self != Unknown::SortTarget {
            return None;
        }
        let (mut at, mut found) = (2, None);
        while let Some(word) = request.get(at) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if is("store") && at + 1 < request.len() {
                found = Some(at as i64 + 1);
            }
            at += match () {
                () if is("limit") => 3,
                () if is("get") || is("by") || is("store") => 2,
                () => 1,
            };
        }
        found
    }
}

/// How keys follow each other from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// To `last` (relative to the first; negative counts from the end of the request), every
    /// `step`-th argument; with `limit` > 1 only the first 1/limit of the remaining arguments.
    Range { last: i16, step: u16, limit: u16 },
    /// An argument gives the number of keys; positions relative to the beginning.
    KeyNum { index: u16, first: u16, step: u16 },
}

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    pub begin: Begin,
    pub find: Find,
    pub flags: KeyFlags,
}

/// Which argument of a request, the name being the first. A request may have millions of them.
pub type ArgIndex = u32;

/// Keys of a request: where they stand, and flags.
pub type KeyPositions = SmallVec<[(ArgIndex, KeyFlags); 4]>;

impl KeySpec {
    /// One key at an argument.
    pub const fn index(at: u16, flags: KeyFlags) -> KeySpec {
        KeySpec::range(at, 0, 1, flags)
    }

    /// Keys from an argument to `last` (0 = only the first, -1 = to the end), every `step`-th.
    pub const fn range(at: u16, last: i16, step: u16, flags: KeyFlags) -> KeySpec {
        KeySpec {
            begin: Begin::Index(at),
            find: Find::Range {
                last,
                step,
                limit: 0,
            },
            flags,
        }
    }

    /// At most one key, where no rule can say.
    pub const fn unknown(unknown: Unknown, flags: KeyFlags) -> KeySpec {
        KeySpec {
            begin: Begin::Unknown(unknown),
            ..KeySpec::index(0, flags)
        }
    }

    /// A number of keys at an argument, and the keys after it, every `step`-th.
    pub const fn key_num(at: u16, step: u16, flags: KeyFlags) -> KeySpec {
        let find = Find::KeyNum {
            index: 0,
            first: 1,
            step,
        };
        KeySpec {
            begin: Begin::Index(at),
            find,
            flags,
        }
    }

    /// Appends this rule's keys. False if the request gives a number of keys that makes no sense.
    pub fn find(&self, request: &Request<'_>, out: &mut KeyPositions) -> bool {
        let count = request.len() as i64;
        let Some(first) = self.first(request) else {
            return true;
        };
        let (start, end, step) = match self.find {
            Find::Range { last, step, limit } => {
                let last = match last {
                    0.. => first + i64::from(last),
                    _ if limit > 1 => first + (count - first) / i64::from(limit) - 1,
                    _ => count + i64::from(last),
                };
                (first, last + 1, i64::from(step.max(1)))
            }
            Find::KeyNum {
                index,
                first: offset,
                step,
            } => {
                let number = request.get((first + i64::from(index)) as usize);
                let number = number.and_then(storage::encoding::number::parse_i64);
                let Some(number) = number.filter(|&number| number > 0 && number < count) else {
                    return false;
                };
                let start = first + i64::from(offset);
                let step = i64::from(step.max(1));
                (start, start + (number - 1) * step + 1, step)
            }
        };
        if end > count {
            return false;
        }
        let mut at = start;
        while at < end {
            // A frame has fewer arguments than bytes, and its bytes are counted by 32 bits.
            out.push((at as ArgIndex, self.flags));
            at += step;
        }
        true
    }

    fn first(&self, request: &Request<'_>) -> Option<i64> {
        match self.begin {
            Begin::Index(at) => (usize::from(at) < request.len()).then_some(i64::from(at)),
            Begin::Keyword(word, from) => {
                let same = |at: &usize| {
                    request
                        .get(*at)
                        .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
                };
                let count = request.len();
                let found = if from >= 0 {
                    (from as usize..count).find(same)
                } else {
                    (0..count.saturating_sub(usize::from(from.unsigned_abs()) - 1))
                        .rev()
                        .find(same)
                };
                found.filter(|&at| at + 1 < count).map(|at| at as i64 + 1)
            }
            Begin::Unknown(unknown) => unknown.find(request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn keys(spec: KeySpec, words: &str) -> Vec<ArgIndex> {
        let args: Vec<&str> = words.split(' ').collect();
        keys_among(spec, &args)
    }

    fn keys_among(spec: KeySpec, args: &[&str]) -> Vec<ArgIndex> {
        let request = OwnedRequest::from_args(args);
        let mut out = KeyPositions::new();
        spec.find(&request.as_request(), &mut out);
        out.iter().map(|(at, _)| *at).collect()
    }

    #[test]
    fn ranges_steps_and_numbers() {
        let ro = KeyFlags::RO;
        assert_eq!(keys(KeySpec::index(1, ro), "get a"), [1]);
        assert_eq!(keys(KeySpec::index(1, ro), "get"), [0; 0]);
        assert_eq!(keys(KeySpec::range(1, -1, 1, ro), "mget a b c"), [1, 2, 3]);
        assert_eq!(keys(KeySpec::range(1, -1, 2, ro), "mset a 1 b 2"), [1, 3]);
        assert_eq!(keys(KeySpec::range(1, 1, 1, ro), "rename a b"), [1, 2]);
        assert_eq!(
            keys(KeySpec::key_num(1, 2, ro), "msetex 2 a 1 b 2 NX"),
            [2, 4]
        );
    }

    #[test]
    fn the_keys_of_a_request_of_very_many_arguments_are_all_found() {
        let mset = vec!["x"; 1 + 2 * 40_000];
        let every_other = KeySpec::range(1, -1, 2, KeyFlags::OW);
        let expected: Vec<ArgIndex> = (0..40_000).map(|n| 1 + 2 * n).collect();
        assert_eq!(keys_among(every_other, &mset), expected);
    }

    #[test]
    fn senseless_numbers_yield_no_keys() {
        for words in [
            "msetex 9 a 1",
            "msetex -1 a",
            "msetex x a",
            "msetex 99999999999 a",
        ] {
            let spec = KeySpec::key_num(1, 1, KeyFlags::RO);
            assert_eq!(keys(spec, words), [0; 0], "{words}");
            let args: Vec<&str> = words.split(' ').collect();
            let request = OwnedRequest::from_args(&args);
            assert!(!spec.find(&request.as_request(), &mut KeyPositions::new()));
        }
    }

    #[test]
    fn keywords_are_found_from_either_side() {
        let store = KeySpec {
            begin: Begin::Keyword("STORE", 1),
            find: Find::Range {
                last: 0,
                step: 1,
                limit: 0,
            },
            flags: KeyFlags::OW,
        };
        assert_eq!(keys(store, "sort k store dst"), [3]);
        assert_eq!(keys(store, "sort k store"), [0; 0]);
        let backwards = KeySpec {
            begin: Begin::Keyword("STORE", -1),
            ..store
        };
        assert_eq!(keys(backwards, "sort store store dst"), [3]);
    }

    #[test]
    fn sort_stores_behind_its_last_option_of_that_name() {
        let target = KeySpec::unknown(Unknown::SortTarget, KeyFlags::OW);
        assert_eq!(keys(target, "sort k by store get b STORE c store d"), [9]);
        assert_eq!(keys(target, "sort store limit store 1 asc store b"), [7]);
        assert_eq!(keys(target, "sort k store"), [0; 0]);
        let patterns = KeySpec::unknown(Unknown::SortPatterns, KeyFlags::RO);
        assert_eq!(keys(patterns, "sort k by w_* get g_*"), [0; 0]);
    }
}
