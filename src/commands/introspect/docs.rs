//! Owns how COMMAND DOCS shows a row.
//! Invariants: the argument tree is the row's syntax, parsed. Must not know: handlers.
//! Tests: `commands/tests.rs`, `tests/commands/server.rs`.

use super::hints;
use super::syntax::{self, Argument};
use crate::command::CommandSpec;
use crate::resp::Reply;

/// The documentation of a command or subcommand.
pub fn entry(spec: &'static CommandSpec, full_name: &str) -> Reply {
    let mut fields = vec![
        ("summary", Reply::bulk(spec.summary)),
        ("since", Reply::bulk(spec.since)),
        ("group", Reply::bulk(spec.group.name())),
        ("complexity", Reply::bulk(spec.complexity)),
    ];
    if let Some((since, successor)) = hints::successor(full_name) {
        let flags = vec![Reply::Simple("deprecated")];
        fields.push(("doc_flags", Reply::Set(flags)));
        fields.push(("deprecated_since", Reply::bulk(since)));
        fields.push(("replaced_by", Reply::bulk(successor)));
    }
    // A test parses every row, so an error is not met here.
    let arguments = syntax::parse(spec.syntax).unwrap_or_default();
    if !arguments.is_empty() {
        let mut keys = KeyCount {
            seen: 0,
            specs: spec.keys.len(),
        };
        fields.push(("arguments", all(&arguments, &mut keys)));
    }
    if !spec.subcommands.is_empty() {
        let subcommands = spec.subcommands.iter().map(|sub| {
            let full_name = format!("{full_name}|{}", sub.name);
            let entry = entry(sub, &full_name);
            (full_name.into_bytes(), entry)
        });
        fields.push(("subcommands", Reply::map(subcommands)));
    }
    Reply::map(fields)
}

/// Numbers key arguments by the key specification that covers them.
struct KeyCount {
    seen: usize,
    specs: usize,
}

impl KeyCount {
    fn next(&mut self) -> Option<i64> {
        let last = self.specs.checked_sub(1)?;
        let index = self.seen.min(last);
        self.seen += 1;
        Some(index as i64)
    }
}

fn all(arguments: &[Argument], keys: &mut KeyCount) -> Reply {
    Reply::array(arguments.iter().map(|argument| one(argument, keys)))
}

fn one(argument: &Argument, keys: &mut KeyCount) -> Reply {
    let mut fields = vec![
        ("name", Reply::bulk_str(&argument.name)),
        ("type", Reply::bulk(argument.kind.name())),
    ];
    if argument.kind == syntax::Kind::Key
        && let Some(index) = keys.next()
    {
        fields.push(("key_spec_index", Reply::Int(index)));
    }
    if let Some(token) = &argument.token {
        fields.push(("token", Reply::bulk_str(token)));
    }
    let flags = [
        (argument.optional, "optional"),
        (argument.multiple, "multiple"),
    ];
    let flags = flags.iter().filter(|(is, _)| *is);
    let flags: Vec<Reply> = flags.map(|(_, name)| Reply::Simple(name)).collect();
    if !flags.is_empty() {
        fields.push(("flags", Reply::Set(flags)));
    }
    if !argument.children.is_empty() {
        fields.push(("arguments", all(&argument.children, keys)));
    }
    Reply::map(fields)
}
