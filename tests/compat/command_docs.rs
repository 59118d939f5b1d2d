//! COMMAND DOCS of each command that both servers know, field by field.
//! Invariants: group, since, successors and the tree of arguments are Redis's, except where
//! listed; summaries and complexities are our own words, and so are the names of groups of
//! arguments. Must not know: the command table. Tests: this file.

use crate::harness::{Server, wire};
use std::collections::{BTreeMap, BTreeSet};

/// Commands whose arguments differ from those of Redis 7.0, by reason.
const INTENDED: &[(&str, &[&str])] = &[
    (
        "options of later versions",
        &[
            "bgsave",
            "bitop",
            "client|kill",
            "hscan",
            "set",
            "xadd",
            "xtrim",
            "zrank",
            "zrevrank",
            "zscan",
        ],
    ),
    (
        "a name has one type in the notation of the table, whatever the command",
        &[
            "bitfield",
            "client|pause",
            "geoadd",
            "georadius",
            "georadius_ro",
            "georadiusbymember",
            "georadiusbymember_ro",
            "geosearch",
            "geosearchstore",
            "setbit",
            "hincrbyfloat",
            "incrbyfloat",
            "lolwut",
            "migrate",
            "wait",
            "xautoclaim",
            "xpending",
            "xrange",
            "xrevrange",
            "zcount",
            "zrange",
            "zrangebyscore",
            "zremrangebyscore",
            "zrevrangebyscore",
        ],
    ),
    (
        "tokens that repeat, patterns as keys and lists behind a token are not told apart",
        &[
            "bitfield_ro",
            "client|list",
            "config|get",
            "sort",
            "sort_ro",
            "xread",
            "xreadgroup",
        ],
    ),
    (
        "names and arguments that later versions changed",
        &[
            "command|getkeys",
            "command|getkeysandflags",
            "geohash",
            "geopos",
            "lcs",
            "pfmerge",
            "xclaim",
            "xgroup|create",
            "xgroup|createconsumer",
            "xgroup|delconsumer",
            "xgroup|destroy",
            "xgroup|setid",
            "xinfo|consumers",
            "xsetid",
        ],
    ),
];

/// Libraries of functions are not there; what is left of FUNCTION serves the operator.
const OTHER_GROUP: &[&str] = &["function"];

#[test]
fn command_docs_agree_with_redis() {
    let ours = Server::start();
    let theirs = Server::redis().start();
    let (mut our_side, mut their_side) = (ours.raw(), theirs.raw());
    let intended: BTreeSet<&str> = INTENDED
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let (mut differences, mut agreeing) = (Vec::new(), Vec::new());
    for name in &super::commands_of_both(&ours, &theirs) {
        let line = format!("COMMAND DOCS {name}");
        let (our_reply, their_reply) = (our_side.line(&line), their_side.line(&line));
        let (our_docs, their_docs) = (only_entry(&our_reply), only_entry(&their_reply));
        let container = name.split('|').next().unwrap_or_default();
        for field in ["group", "since", "deprecated_since"] {
            let same = our_docs.get(field) == their_docs.get(field);
            let excused = match field {
                "group" => OTHER_GROUP.contains(&container),
                // Later versions say so.
                "deprecated_since" => ["psetex", "quit", "setex", "setnx"].contains(&container),
                _ => false,
            };
            if !same && !excused {
                differences.push(format!("{name}, {field}"));
            }
        }
        let (a, b) = (arguments(&our_docs), arguments(&their_docs));
        match (a == b, intended.contains(&**name)) {
            (false, false) => differences.push(format!("{name}:\n   ours: {a}\n  redis: {b}")),
            (true, true) => agreeing.push(name.clone()),
            _ => {}
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(agreeing.is_empty(), "no longer different: {agreeing:?}");
}

/// The fields of the one command that a COMMAND DOCS reply describes.
fn only_entry(reply: &[u8]) -> BTreeMap<String, &[u8]> {
    wire::elements(reply)
        .get(1)
        .map_or(BTreeMap::new(), |entry| fields(entry))
}

fn fields(map: &[u8]) -> BTreeMap<String, &[u8]> {
    let elements = wire::elements(map);
    let pairs = elements.chunks_exact(2);
    pairs.map(|pair| (text(pair[0]), pair[1])).collect()
}

fn text(reply: &[u8]) -> String {
    let bytes = match reply.first() {
        Some(b'$') => wire::payload(reply).unwrap_or_default(),
        _ => reply.trim_ascii(),
    };
    String::from_utf8_lossy(bytes).into_owned()
}

fn arguments(docs: &BTreeMap<String, &[u8]>) -> String {
    let Some(arguments) = docs.get("arguments") else {
        return String::new();
    };
    let arguments = wire::elements(arguments).into_iter();
    arguments.map(argument).collect::<Vec<String>>().join(" ")
}

/// One argument in a line; groups and words that are their own token need no name.
fn argument(reply: &[u8]) -> String {
    let argument = fields(reply);
    let field = |name: &str| {
        argument
            .get(name)
            .map_or(String::new(), |value| text(value))
    };
    let kind = field("type");
    let mut shown = match &*kind {
        "oneof" | "block" | "pure-token" => kind.clone(),
        _ => format!("{}:{kind}", field("name").replace('_', "-")),
    };
    for (mark, name) in [("#", "key_spec_index"), ("=", "token")] {
        if argument.contains_key(name) {
            shown.push_str(&format!("{mark}{}", field(name).trim_start_matches(':')));
        }
    }
    if let Some(flags) = argument.get("flags") {
        let flags: BTreeSet<String> = wire::elements(flags).into_iter().map(text).collect();
        let flags: Vec<String> = flags.into_iter().collect();
        shown.push_str(&format!("!{}", flags.join(",").replace('+', "")));
    }
    match arguments(&argument) {
        children if children.is_empty() => shown,
        children => format!("{shown}({children})"),
    }
}
