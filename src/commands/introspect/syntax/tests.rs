//! Trees are shown as text: `name:kind`, a token in front as `TOKEN=`, `?` optional, `+` multiple,
//! children in parentheses.

use super::*;

fn show(arguments: &[Argument]) -> String {
    let shown: Vec<String> = arguments.iter().map(show_one).collect();
    shown.join(" ")
}

fn show_one(argument: &Argument) -> String {
    let mut shown = String::new();
    if let Some(token) = &argument.token {
        shown.push_str(token);
        shown.push('=');
    }
    shown.push_str(argument.kind.name());
    if argument.optional {
        shown.push('?');
    }
    if argument.multiple {
        shown.push('+');
    }
    if !argument.children.is_empty() {
        shown.push('(');
        shown.push_str(&show(&argument.children));
        shown.push(')');
    }
    shown
}

fn check(syntax: &str, tree: &str, words: (usize, bool)) {
    let parsed = parse(syntax).unwrap();
    assert_eq!(show(&parsed), tree, "{syntax}");
    assert_eq!(shortest(&parsed), words, "{syntax}");
}

#[test]
fn plain_optional_and_repeated_arguments() {
    check("", "", (0, false));
    check("key", "key", (1, false));
    check("key [key ...]", "key+", (1, true));
    check("key value [key value ...]", "block+(key string)", (2, true));
    check("[section [section ...]]", "string?+", (0, true));
    check("[option ...]", "string?+", (0, true));
    check("[username] password", "string? string", (1, true));
}

#[test]
fn tokens_belong_to_what_follows_them_in_their_group() {
    check("[SCHEDULE]", "SCHEDULE=pure-token?", (0, true));
    check("[MATCH pattern]", "MATCH=pattern?", (0, true));
    check(
        "[AUTH username password]",
        "AUTH=block?(string string)",
        (0, true),
    );
    check("[ID client-id [client-id ...]]", "ID=integer?+", (0, true));
    check(
        "[TYPE <NORMAL | PUBSUB>]",
        "TYPE=oneof?(NORMAL=pure-token PUBSUB=pure-token)",
        (0, true),
    );
}

#[test]
fn alternatives_take_as_many_words_as_the_shortest() {
    check(
        "<ON | OFF>",
        "oneof(ON=pure-token OFF=pure-token)",
        (1, false),
    );
    check(
        "<LIB-NAME a | LIB-VER b>",
        "oneof(LIB-NAME=string LIB-VER=string)",
        (2, false),
    );
    check(
        "key [EX seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        "key oneof?(EX=integer PXAT=unix-time KEEPTTL=pure-token)",
        (1, true),
    );
}

#[test]
fn a_repetition_of_all_alternatives_repeats_the_group() {
    check(
        "key [GET encoding offset | [OVERFLOW <WRAP | SAT>] SET value [GET encoding offset | \
         [OVERFLOW <WRAP | SAT>] SET value ...]]",
        "key oneof?+(GET=block(string integer) block(OVERFLOW=oneof?(WRAP=pure-token \
         SAT=pure-token) SET=pure-token string))",
        (1, true),
    );
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for syntax in [
        "[a",
        "a]",
        "<a>]",
        "a | b",
        "[]",
        "[a |]",
        "[a ... b]",
        "<a",
    ] {
        assert!(parse(syntax).is_err(), "{syntax}");
    }
}
