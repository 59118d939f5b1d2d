//! Directives of TLS.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NO_TLS: &str = "connections are not encrypted";
const AUTH: Kind = Kind::Choice(&[("no", 0), ("yes", 1), ("optional", 2)]);
const AUTH_USER: Kind = Kind::Choice(&[("off", 0), ("cn", 1), ("uri", 2)]);

const fn text(name: &'static str) -> Directive {
    Directive::new(name, Kind::Text, "\"\"").ignored(NO_TLS)
}

const fn other(name: &'static str, kind: Kind, default: &'static str) -> Directive {
    Directive::new(name, kind, default).ignored(NO_TLS)
}

pub(super) static ROWS: &[Directive] = &[
    other("tls-port", Kind::PORT, "0"),
    other("tls-cluster", Kind::Bool, "no"),
    other("tls-replication", Kind::Bool, "no"),
    other("tls-auth-clients", AUTH, "yes"),
    other("tls-auth-clients-user", AUTH_USER, "off"),
    other("tls-prefer-server-ciphers", Kind::Bool, "no"),
    other("tls-session-caching", Kind::Bool, "yes"),
    other("tls-session-cache-size", Kind::INT, "20480"),
    other("tls-session-cache-timeout", Kind::INT, "300"),
    other("tls-auto-reload-interval", Kind::INT, "0"),
    text("tls-cert-file"),
    text("tls-key-file"),
    text("tls-key-file-pass").secret(),
    text("tls-client-cert-file"),
    text("tls-client-key-file"),
    text("tls-client-key-file-pass").secret(),
    text("tls-dh-params-file"),
    text("tls-ca-cert-file"),
    text("tls-ca-cert-dir"),
    text("tls-protocols"),
    text("tls-ciphers"),
    text("tls-ciphersuites"),
];
