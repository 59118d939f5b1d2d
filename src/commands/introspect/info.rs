//! Owns how COMMAND and COMMAND INFO show a row.
//! Invariants: ten fields, Redis 7's. Must not know: handlers. Tests: below,
//! `tests/compat/command_info.rs`.

use super::{categories, hints};
use crate::command::key_spec::{Begin, Find};
use crate::command::{CommandSpec, KeySpec};
use crate::resp::Reply;

/// The row of a command or subcommand.
pub fn row(spec: &'static CommandSpec, full_name: &str) -> Reply {
    let (first, last, step) = legacy_range(spec.keys);
    let mut flags = spec.flags().names();
    if spec
        .keys
        .iter()
        .any(|key_spec| range_of(key_spec).is_none())
    {
        flags.push("movablekeys");
    }
    let categories = categories::of(spec).into_iter();
    let tips = hints::tips(full_name).iter().copied();
    let note = hints::note(full_name);
    let specs = spec.keys.iter().enumerate();
    let specs = specs.map(|(n, spec)| key_spec(spec, note.filter(|_| n == 0)));
    let subcommands = spec.subcommands.iter();
    let subcommands = subcommands.map(|sub| row(sub, &format!("{full_name}|{}", sub.name)));
    Reply::array([
        Reply::bulk_str(full_name),
        Reply::Int(spec.arity.number()),
        Reply::Set(flags.into_iter().map(Reply::Simple).collect()),
        Reply::Int(first),
        Reply::Int(last),
        Reply::Int(step),
        Reply::Set(categories.map(|c| Reply::Simple(c.name())).collect()),
        Reply::Set(tips.map(Reply::bulk).collect()),
        Reply::Set(specs.collect()),
        // An empty set, since Redis says so.
        match spec.subcommands {
            [] => Reply::Set(Vec::new()),
            _ => Reply::array(subcommands),
        },
    ])
}

/// The older way to tell positions: first key, last key (negative from the end), step.
fn legacy_range(specs: &[KeySpec]) -> (i64, i64, i64) {
    let ranges: Vec<_> = specs.iter().filter_map(range_of).collect();
    match ranges[..] {
        [] => (0, 0, 0),
        [range] => range,
        _ => {
            let first = ranges.iter().map(|range| range.0).min().unwrap_or(0);
            let ends_open = ranges.iter().map(|range| range.1).find(|last| *last < 0);
            let last = ranges.iter().map(|range| range.1).max().unwrap_or(0);
            (first, ends_open.unwrap_or(last), 1)
        }
    }
}

/// First, last and step of a specification that has them.
fn range_of(spec: &KeySpec) -> Option<(i64, i64, i64)> {
    match (spec.begin, spec.find) {
        (Begin::Index(index), Find::Range { last, step, .. }) => {
            let (first, last) = (i64::from(index), i64::from(last));
            let last = if last >= 0 { first + last } else { last };
            Some((first, last, i64::from(step)))
        }
        _ => None,
    }
}

fn key_spec(spec: &KeySpec, note: Option<&'static str>) -> Reply {
    let flags = spec.flags.names().into_iter().map(Reply::Simple);
    let begin = match spec.begin {
        Begin::Index(index) => typed("index", vec![("index", Reply::Int(i64::from(index)))]),
        Begin::Keyword(word, from) => typed(
            "keyword",
            vec![
                ("keyword", Reply::bulk(word)),
                ("startfrom", Reply::Int(i64::from(from))),
            ],
        ),
        Begin::Unknown(_) => typed("unknown", Vec::new()),
    };
    let find = match spec.find {
        _ if matches!(spec.begin, Begin::Unknown(_)) => typed("unknown", Vec::new()),
        Find::Range { last, step, limit } => typed(
            "range",
            vec![
                ("lastkey", Reply::Int(i64::from(last))),
                ("keystep", Reply::Int(i64::from(step))),
                ("limit", Reply::Int(i64::from(limit))),
            ],
        ),
        Find::KeyNum { index, first, step } => typed(
            "keynum",
            vec![
                ("keynumidx", Reply::Int(i64::from(index))),
                ("firstkey", Reply::Int(i64::from(first))),
                ("keystep", Reply::Int(i64::from(step))),
            ],
        ),
    };
    let note = match spec.begin {
        Begin::Unknown(unknown) => Some(unknown.note()),
        _ => note,
    };
    let note = note.map(|note| ("notes", Reply::bulk(note)));
    let fields = [
        ("flags", Reply::Set(flags.collect())),
        ("begin_search", begin),
        ("find_keys", find),
    ];
    Reply::map(note.into_iter().chain(fields))
}

fn typed(kind: &'static str, spec: Vec<(&'static str, Reply)>) -> Reply {
    Reply::map([("type", Reply::bulk(kind)), ("spec", Reply::map(spec))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::KeyFlags;

    #[test]
    fn legacy_positions_follow_from_the_specifications() {
        let ro = KeyFlags::RO;
        assert_eq!(legacy_range(&[]), (0, 0, 0));
        assert_eq!(legacy_range(&[KeySpec::index(1, ro)]), (1, 1, 1));
        assert_eq!(legacy_range(&[KeySpec::range(1, -1, 2, ro)]), (1, -1, 2));
        let rename = [KeySpec::index(1, ro), KeySpec::index(2, ro)];
        assert_eq!(legacy_range(&rename), (1, 2, 1));
        let bitop = [KeySpec::index(2, ro), KeySpec::range(3, -1, 1, ro)];
        assert_eq!(legacy_range(&bitop), (2, -1, 1));
        assert_eq!(legacy_range(&[KeySpec::key_num(1, 1, ro)]), (0, 0, 0));
    }
}
