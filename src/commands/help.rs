//! Owns the HELP subcommand of every container.
//! Invariants: the lines are derived from the container's rows, so none can be missing or stale.
//! Must not know: any particular command. Tests: below.

use crate::command::CommandSpec;
use crate::resp::Reply;

/// The lines of `<container> HELP`, in the shape that Redis gives them.
pub fn lines(container: &CommandSpec) -> Reply {
    let name = container.name.to_ascii_uppercase();
    let first = format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    let mut lines = vec![Reply::Status(first)];
    for subcommand in container.subcommands {
        let name = subcommand.name.to_ascii_uppercase();
        let usage = format!("{name} {}", subcommand.syntax);
        lines.push(Reply::Status(usage.trim_end().to_owned()));
        lines.push(Reply::Status(format!("    {}", subcommand.summary)));
    }
    Reply::Array(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::connection::CLIENT;

    #[test]
    fn every_subcommand_has_two_lines() {
        let Reply::Array(lines) = lines(&CLIENT) else {
            panic!("not an array");
        };
        assert_eq!(lines.len(), 1 + 2 * CLIENT.subcommands.len());
        let text = |n: usize| match &lines[n] {
            Reply::Status(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert!(text(0).starts_with("CLIENT <subcommand> "));
        assert!(text(1).starts_with("ID"));
        assert!(text(2).starts_with("    "));
    }
}
