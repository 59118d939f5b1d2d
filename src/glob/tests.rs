//! Patterns against texts: by hand, against a naive matcher, and against hostile input.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(
            matches(pattern.as_bytes(), text.as_bytes()),
            "{pattern:?} {text:?}"
        );
    }
    for text in no {
        assert!(
            !matches(pattern.as_bytes(), text.as_bytes()),
            "{pattern:?} {text:?}"
        );
    }
}

#[test]
fn literals_match_themselves() {
    check("abc", &["abc"], &["ab", "abcd", "abd", "Abc", ""]);
    check("", &[""], &["a"]);
}

#[test]
fn question_mark_is_any_one_byte() {
    check("a?c", &["abc", "a?c", "a*c"], &["ac", "abbc"]);
    check("??", &["ab", "é"], &["a", "abc"]);
}

#[test]
fn star_is_any_bytes() {
    check("*", &["a", "abc", "*"], &[]);
    check("a*", &["a", "ab", "abc"], &["b", "ba"]);
    check("*c", &["c", "abc", "cc"], &["cb"]);
    check("a*c", &["ac", "abc", "acbc"], &["acb"]);
    check("a**c", &["ac", "abbc"], &["ab"]);
    check("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a"]);
    check("h*llo*d", &["hello world", "hllod"], &["hello worlds"]);
    check("a*?", &["ab", "abc"], &["a"]);
}

#[test]
fn star_does_not_match_an_empty_text() {
    check("*", &[], &[""]);
    check("**", &[], &[""]);
}

#[test]
fn class_is_one_byte_of_a_set() {
    check("h[ae]llo", &["hello", "hallo"], &["hillo", "hllo"]);
    check("[a-c]", &["a", "b", "c"], &["d", "-", "B"]);
    check("[c-a]", &["a", "b", "c"], &["d"]);
    check("[^a-c]", &["d", "^", "-"], &["a", "b"]);
    check("[a-cx]", &["b", "x"], &["-", "d"]);
    check("[]", &[], &["]", "a"]);
    check("[^]", &["a", "]"], &[""]);
    check("[*?]", &["*", "?"], &["a"]);
    check("*[0-9]", &["a1", "12"], &["1a"]);
}

#[test]
fn class_may_escape_its_own_signs() {
    check(r"[\]]", &["]"], &[r"\"]);
    check(r"[\^a]", &["^", "a"], &["b"]);
    check(r"[a\-c]", &["a", "-", "c"], &["b"]);
    check(r"[\\]", &[r"\"], &["]"]);
}

#[test]
fn range_takes_even_a_closing_bracket_as_its_end() {
    check("[a-]", &["a", "^", "]"], &["b", "-"]);
    check("[a-]b", &[], &["ab"]);
}

#[test]
fn unclosed_class_ends_with_the_pattern() {
    check("[abc", &["a", "c"], &["d", "[abc", "ab"]);
    check("[a-", &["a", "-"], &["b"]);
    check("[", &[], &["[", "a"]);
    check("[^", &["a", "["], &["ab"]);
    check(r"[\", &[r"\"], &["a"]);
}

#[test]
fn backslash_makes_the_next_byte_literal() {
    check(r"a\*c", &["a*c"], &["abc"]);
    check(r"\?", &["?"], &["a"]);
    check(r"\[a]", &["[a]"], &["a"]);
    check(r"\\", &[r"\"], &[r"\\"]);
    check(r"\a", &["a"], &[r"\a"]);
    check(r"a\", &[r"a\"], &["a"]);
}

#[test]
fn bytes_above_127_sort_below_ascii() {
    assert!(matches(b"[\x80-a]", b"\xff"));
    assert!(matches(b"[\x80-a]", b"A"));
    assert!(!matches(b"[\x80-a]", b"b"));
    assert!(matches(b"[\x80-\x90]", b"\x85"));
    assert!(!matches(b"[\x80-\x90]", b"\x91"));
}

#[test]
fn case_is_ignored_when_asked() {
    for (pattern, text) in [
        ("HELLO", "hello"),
        ("h*O", "HELLO"),
        ("[A-C]x", "bX"),
        ("[x]", "X"),
    ] {
        assert!(
            matches_ignore_case(pattern.as_bytes(), text.as_bytes()),
            "{pattern}"
        );
        assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern}");
    }
    assert!(!matches_ignore_case(b"a", b"b"));
    // An escaped byte of a class keeps its case, and a range is ordered before it is folded.
    assert!(!matches_ignore_case(br"[\a]", b"A"));
    assert!(!matches_ignore_case(b"[Z-a]", b"z"));
}

#[test]
fn hostile_patterns_take_no_more_than_the_product_of_the_lengths() {
    let text = vec![b'a'; 10_000];
    let mut pattern = b"a*".repeat(2_000);
    pattern.push(b'b');
    assert!(!matches(&pattern, &text));
    let mut pattern = b"*a?".repeat(3_000);
    pattern.extend_from_slice(b"[^a]");
    assert!(!matches(&pattern, &text));
}

/// One element of a pattern.
#[derive(Clone, Debug)]
enum Element {
    Star,
    Any,
    Literal(u8),
    /// Members as ranges, and whether they are the ones that do not match.
    Class(Vec<(u8, u8)>, bool),
}

impl Element {
    fn write(&self, pattern: &mut Vec<u8>) {
        match self {
            Self::Star => pattern.push(b'*'),
            Self::Any => pattern.push(b'?'),
            Self::Literal(byte) => pattern.extend([b'\\', *byte]),
            Self::Class(ranges, negated) => {
                pattern.push(b'[');
                pattern.extend(negated.then_some(b'^'));
                for (first, last) in ranges {
                    pattern.extend([*first, b'-', *last]);
                }
                pattern.push(b']');
            }
        }
    }

    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::Literal(literal) => *literal == byte,
            Self::Class(ranges, negated) => {
                let mut ranges = ranges.iter();
                let inside = ranges.any(|&(a, b)| (a.min(b)..=a.max(b)).contains(&byte));
                inside != *negated
            }
        }
    }
}

/// Tries everything; exponential, for short patterns.
fn matches_naively(elements: &[Element], text: &[u8]) -> bool {
    match (elements, text) {
        ([], text) => text.is_empty(),
        ([Element::Star, rest @ ..], text) => {
            (0..=text.len()).any(|taken| matches_naively(rest, &text[taken..]))
        }
        ([element, rest @ ..], [byte, text @ ..]) => {
            element.takes(*byte) && matches_naively(rest, text)
        }
        (_, []) => false,
    }
}

fn any_element() -> impl Strategy<Value = Element> {
    // Few letters, so that matches are frequent; ranges in ASCII, where order has no oddities.
    let letter = || prop::sample::select(b"abc*[".to_vec());
    let range = || prop::sample::select(b"abcd".to_vec());
    prop_oneof![
        2 => Just(Element::Star),
        1 => Just(Element::Any),
        3 => letter().prop_map(Element::Literal),
        1 => (prop::collection::vec((range(), range()), 1..3), any::<bool>())
            .prop_map(|(ranges, negated)| Element::Class(ranges, negated)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn agrees_with_trying_everything(
        elements in prop::collection::vec(any_element(), 0..8),
        text in prop::collection::vec(prop::sample::select(b"abc*[".to_vec()), 1..10),
    ) {
        let mut pattern = Vec::new();
        elements.iter().for_each(|element| element.write(&mut pattern));
        prop_assert_eq!(matches(&pattern, &text), matches_naively(&elements, &text));
    }

    #[test]
    fn any_bytes_are_a_pattern(
        pattern in prop::collection::vec(any::<u8>(), 0..40),
        text in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let exact = matches(&pattern, &text);
        let folded = matches_ignore_case(&pattern, &text);
        // Without classes, ignoring case can only add matches.
        if exact && !pattern.contains(&b'[') {
            prop_assert!(folded);
        }
    }
}

#[test]
fn more_stars_than_redis_follows_match_nothing() {
    let text = vec![b'a'; 5000];
    let pattern = |runs: usize| [b"*?".repeat(runs), b"*".to_vec()].concat();
    assert!(matches(&pattern(STARS_MAX), &text));
    assert!(!matches(&pattern(STARS_MAX + 1), &text));
}
