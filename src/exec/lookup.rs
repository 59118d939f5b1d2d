//! Owns the way from a request's first words to a row of the table, `rename-command` included.
//! Invariants: no allocation per lookup; names compare without case.
//! Must not know: who asks. Tests: below.

use crate::commands::{self, NumberedCommand};
use crate::config::RenamedCommand;
use crate::error::{CommandError, quoted};
use crate::resp::Request;
use std::collections::HashMap;

/// Longest name that can be in the table.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a request that an `unknown command` error quotes.
const QUOTED_BYTES_MAX: usize = 128;

/// Names to commands.
pub struct Lookup {
    by_name: HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>,
}

impl Lookup {
    /// The whole table under its own names, then the renamings in order. Gives the renaming that
    /// names no command, if there is one.
    pub fn new(renamed: &[RenamedCommand]) -> Result<Lookup, &RenamedCommand> {
        let mut by_name = HashMap::default();
        for (index, command) in commands::numbered().iter().enumerate() {
            if command.words == 1 {
                by_name.insert(Box::from(command.spec.name.as_bytes()), index as u32);
            }
        }
        for renaming in renamed {
            let from = renaming.from.to_ascii_lowercase();
            let index = by_name.remove(from.as_slice()).ok_or(renaming)?;
            if !renaming.to.is_empty() {
                let to = renaming.to.to_ascii_lowercase();
                if by_name.insert(to.into_boxed_slice(), index).is_some() {
                    return Err(renaming);
                }
            }
        }
        Ok(Lookup { by_name })
    }

    /// The command of a request: its number and row. A container's subcommand is found too.
    #[inline]
    pub fn find(
        &self,
        request: &Request<'_>,
    ) -> Result<(usize, &'static NumberedCommand), CommandError> {
        let name = request.get(0).unwrap_or_default();
        let Some(index) = self.index(name) else {
            return Err(unknown(request));
        };
        let numbered = commands::numbered();
        let Some(command) = numbered.get(index) else {
            return Err(unknown(request));
        };
        if command.spec.subcommands.is_empty() {
            return Ok((index, command));
        }
        let Some(sub_name) = request.get(1) else {
            return Ok((index, command));
        };
        let subcommands = command.spec.subcommands.iter();
        let mut found = subcommands
            .enumerate()
            .filter(|(_, sub)| sub.name.as_bytes().eq_ignore_ascii_case(sub_name));
        match found.next() {
            Some((at, _)) => {
                let index = index + 1 + at;
                numbered
                    .get(index)
                    .map(|sub| (index, sub))
                    .ok_or_else(|| unknown(request))
            }
            None => Err(unknown_subcommand(command.spec.name, sub_name)),
        }
    }

    #[inline]
    fn index(&self, name: &[u8]) -> Option<usize> {
        let mut lower = [0u8; NAME_BYTES_MAX];
        let lower = lower.get_mut(..name.len())?;
        for (to, from) in lower.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        self.by_name.get(&*lower).map(|&index| index as usize)
    }
}

fn unknown(request: &Request<'_>) -> CommandError {
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(quoted(request.get(0).unwrap_or_default(), QUOTED_BYTES_MAX));
    text.extend_from_slice(b"', with args beginning with: ");
    let start = text.len();
    for arg in request.iter().skip(1) {
        let used = text.len() - start;
        if used >= QUOTED_BYTES_MAX {
            break;
        }
        text.push(b'\'');
        text.extend_from_slice(quoted(arg, QUOTED_BYTES_MAX - used));
        text.extend_from_slice(b"' ");
    }
    CommandError::Bytes(text)
}

fn unknown_subcommand(container: &str, name: &[u8]) -> CommandError {
    // Redis has no table of DEBUG's subcommands, and tells less of what is wrong.
    let mut text = match container {
        "debug" => b"ERR unknown subcommand or wrong number of arguments for '".to_vec(),
        _ => b"ERR unknown subcommand '".to_vec(),
    };
    text.extend_from_slice(quoted(name, QUOTED_BYTES_MAX));
    let upper = container.to_ascii_uppercase();
    text.extend_from_slice(format!("'. Try {upper} HELP.").as_bytes());
    CommandError::Bytes(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn find(lookup: &Lookup, words: &[&str]) -> Result<&'static str, String> {
        let request = OwnedRequest::from_args(words);
        let found = lookup.find(&request.as_request());
        found
            .map(|(_, command)| command.full_name)
            .map_err(|error| error.text().to_string())
    }

    #[test]
    fn names_are_found_without_case_and_unknown_ones_quoted() {
        let lookup = Lookup::new(&[]).ok().unwrap();
        assert_eq!(find(&lookup, &["gEt", "k"]).unwrap(), "get");
        assert_eq!(
            find(&lookup, &["foo", "a", "b"]).unwrap_err(),
            "ERR unknown command 'foo', with args beginning with: 'a' 'b' "
        );
        assert_eq!(
            find(&lookup, &["a\0b", "c\0d", ""]).unwrap_err(),
            "ERR unknown command 'a', with args beginning with: 'c' '' "
        );
        assert_eq!(
            find(&lookup, &["config", "foo"]).unwrap_err(),
            "ERR unknown subcommand 'foo'. Try CONFIG HELP."
        );
        assert_eq!(
            find(&lookup, &["debug", "foo"]).unwrap_err(),
            "ERR unknown subcommand or wrong number of arguments for 'foo'. Try DEBUG HELP."
        );
        let long = "x".repeat(300);
        assert!(find(&lookup, &[&long]).unwrap_err().len() < 250);
    }
}
