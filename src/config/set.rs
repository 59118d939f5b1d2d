//! CONFIG GET and CONFIG SET.
//!
//! Owns: reading directives by pattern; changing several of them, all or none.
//! Invariants: a refused CONFIG SET changes nothing, also when applying it fails outside; one
//! change runs at a time. Must not know: RESP, sockets, what a change means to the server.
//! Tests: `set/tests.rs`.

use std::collections::HashSet;

use super::choice::Origin;
use super::directive::{Directive, Mutability};
use super::error::ConfigSetError;
use super::kind::{Context, Kind, Reason};
use super::settings::Config;
use super::table;
use super::value::Value;
use crate::glob::matches_ignore_case;

/// What one CONFIG SET changed.
#[derive(Debug, Default)]
pub struct Changes(Vec<Change>);

#[derive(Debug)]
struct Change {
    directive: &'static Directive,
    /// The name or alias that the client used.
    name: &'static str,
    before: Value,
    after: Value,
}

impl Changes {
    /// The directives whose value is another one now, in the order of the request.
    pub fn directives(&self) -> impl Iterator<Item = &'static Directive> {
        self.0.iter().map(|change| change.directive)
    }

    /// Whether the directive of this name changed.
    pub fn contains(&self, name: &str) -> bool {
        self.directives().any(|directive| directive.name == name)
    }
}

impl Config {
    /// The directives that any of the patterns matches, each once, with the values as CONFIG GET
    /// replies them. Aliases count as directives of their own. A name without wildcards is shown
    /// as the client wrote it, and may be hidden.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut seen = HashSet::new();
        let mut replies = Vec::new();
        for pattern in patterns {
            let has_wildcard = pattern
                .iter()
                .any(|byte| matches!(byte, b'*' | b'?' | b'['));
            if !has_wildcard {
                if let Some((name, directive)) = table::find(pattern)
                    && seen.insert(name)
                {
                    replies.push((pattern.to_vec(), self.reply(directive)));
                }
                continue;
            }
            for directive in table::all().filter(|directive| !directive.hidden) {
                for name in directive.names() {
                    if matches_ignore_case(pattern, name.as_bytes()) && seen.insert(name) {
                        replies.push((name.as_bytes().to_vec(), self.reply(directive)));
                    }
                }
            }
        }
        replies
    }

    fn reply(&self, directive: &Directive) -> Vec<u8> {
        self.value(directive).reply(&directive.kind)
    }

    /// Sets all pairs of name and value, or none.
    pub fn set(&self, pairs: &[(&[u8], &[u8])], from: Origin) -> Result<Changes, ConfigSetError> {
        self.set_and_apply(pairs, from, |_| Ok(()))
    }

    /// Sets all pairs, then lets `apply` act on what changed (listen on another port, say). If
    /// it fails, everything is as before; it names the directive and the reason. It runs while
    /// no other CONFIG SET does, so it must not set or rewrite the configuration itself.
    pub fn set_and_apply(
        &self,
        pairs: &[(&[u8], &[u8])],
        from: Origin,
        apply: impl FnOnce(&Changes) -> Result<(), (&'static str, Reason)>,
    ) -> Result<Changes, ConfigSetError> {
        let _changing = self.changing.lock();
        let targets = self.targets(pairs, from)?;
        let changes = self.stage(&targets, pairs)?;
        for change in &changes.0 {
            self.store(change.directive, change.after.clone());
        }
        if let Err((name, reason)) = apply(&changes) {
            for change in changes.0.iter().rev() {
                self.store(change.directive, change.before.clone());
            }
            let changed = changes
                .0
                .iter()
                .find(|change| change.directive.name == name);
            let name = changed.map_or(name, |change| change.name);
            return Err(refused(name, reason));
        }
        Ok(changes)
    }

    /// Looks up every name; the first that is unknown or may not be set is the error.
    fn targets(
        &self,
        pairs: &[(&[u8], &[u8])],
        from: Origin,
    ) -> Result<Vec<(&'static str, &'static Directive)>, ConfigSetError> {
        let protected = !self.enable_protected_configs.get().permits(from);
        let mut targets: Vec<(&'static str, &'static Directive)> = Vec::with_capacity(pairs.len());
        let mut seen = HashSet::new();
        for (as_written, _) in pairs {
            let Some((name, directive)) = table::find(as_written) else {
                return Err(ConfigSetError::Unknown(as_written.to_vec()));
            };
            let reason = match directive.mutability {
                Mutability::Protected | Mutability::ProtectedImmutable if protected => {
                    "can't set protected config"
                }
                Mutability::Immutable | Mutability::ProtectedImmutable => {
                    "can't set immutable config"
                }
                _ if !seen.insert(name) => "duplicate parameter",
                _ => {
                    targets.push((name, directive));
                    continue;
                }
            };
            return Err(refused(as_written, reason.into()));
        }
        Ok(targets)
    }

    /// Parses every value. A directive that is named twice, by its name and by an alias, starts
    /// its second change from its first.
    fn stage(
        &self,
        targets: &[(&'static str, &'static Directive)],
        pairs: &[(&[u8], &[u8])],
    ) -> Result<Changes, ConfigSetError> {
        let mut changes: Vec<Change> = Vec::with_capacity(targets.len());
        for ((name, directive), (_, value)) in targets.iter().zip(pairs) {
            let staged = changes
                .iter()
                .rev()
                .find(|change| change.directive == *directive);
            let before = staged.map_or_else(|| self.value(directive), |c| c.after.clone());
            let base = match directive.kind {
                Kind::Save => directive.empty_base(),
                _ => before.clone(),
            };
            let words: Vec<&[u8]> = match directive.kind.is_multi() {
                true if value.is_empty() => Vec::new(),
                true => value.split(|byte| *byte == b' ').collect(),
                false => vec![value],
            };
            let after = directive
                .parse(
                    &words,
                    &Context {
                        base: &base,
                        cwd: &self.cwd,
                    },
                )
                .map_err(|reason| refused(name, reason))?;
            changes.push(Change {
                directive,
                name,
                before,
                after,
            });
        }
        changes.retain(|change| change.before != change.after);
        Ok(Changes(changes))
    }
}

fn refused(argument: impl AsRef<[u8]>, reason: Reason) -> ConfigSetError {
    ConfigSetError::Refused {
        argument: argument.as_ref().to_vec(),
        reason,
    }
}

#[cfg(test)]
mod tests;
