//! Directives of who may do what.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::choice::{Allow, Choice};
use crate::config::directive::Directive;
use crate::config::kind::Kind;

/// Ignoring user rules would open the server to everybody they keep out.
pub(super) const NO_ACL: &str = "ACL users are not supported: the default user has `requirepass`";

const ALLOW: Kind = Kind::Choice(Allow::NAMES);

pub(super) static ROWS: &[Directive] = &[
    Directive::new("requirepass", Kind::Bytes, "\"\"")
        .secret()
        .slot(|c| Cell::Text(&c.requirepass))
        .doc(
            "Password of the default user; empty lets every client in. It can be tried very \
             often in a second, so it must be long.",
        ),
    Directive::new("enable-protected-configs", ALLOW, "no")
        .immutable()
        .slot(|c| Cell::from(&c.enable_protected_configs))
        .doc(
            "Who may CONFIG SET the directives that name files: no (nobody), yes (everybody) or \
             local (clients on the loopback addresses and the Unix socket).",
        ),
    Directive::new("enable-debug-command", ALLOW, "no")
        .immutable()
        .slot(|c| Cell::from(&c.enable_debug_command))
        .doc("Who may run DEBUG, which can stop or crash the server; values as above."),
    Directive::new("enable-module-command", ALLOW, "no")
        .immutable()
        .ignored("Ferrock loads no modules"),
    Directive::new("aclfile", Kind::Text, "\"\"")
        .immutable()
        .refused(NO_ACL),
    Directive::new(
        "acl-pubsub-default",
        Kind::Choice(&[("allchannels", 1), ("resetchannels", 0)]),
        "resetchannels",
    )
    .ignored("there are no ACL users"),
    Directive::new("acllog-max-len", Kind::LONG, "128").ignored("there are no ACL users"),
    Directive::new(
        "sanitize-dump-payload",
        Kind::Choice(&[("no", 0), ("yes", 1), ("clients", 2)]),
        "no",
    )
    .ignored("every payload is checked in full"),
];
