//! Directives that belong to nothing Ferrock has: scripts, and the insides of other servers.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NO_SCRIPTS: &str = "there are no scripts";
const FOR_TESTS: &str = "it serves the tests of another server";

pub(super) static ROWS: &[Directive] = &[
    Directive::new("busy-reply-threshold", Kind::LONG, "5000")
        .aliases(&["lua-time-limit"])
        .ignored(NO_SCRIPTS),
    Directive::new("lua-enable-deprecated-api", Kind::Bool, "no")
        .immutable()
        .hidden()
        .ignored(NO_SCRIPTS),
    Directive::new("lua-enable-insecure-api", Kind::Bool, "no")
        .hidden()
        .ignored(NO_SCRIPTS),
    Directive::new("extended-redis-compatibility", Kind::Bool, "no")
        .ignored("the server answers as Redis does"),
    Directive::new("enable-debug-assert", Kind::Bool, "no")
        .aliases(&["debug-assert-enabled"])
        .immutable()
        .hidden()
        .ignored(FOR_TESTS),
    Directive::new("debug-context", Kind::Text, "\"\"")
        .hidden()
        .ignored(FOR_TESTS),
    Directive::new("hash-seed", Kind::Text, "\"\"")
        .immutable()
        .hidden()
        .ignored("the hash seed is made with the data directory"),
    Directive::new("req-res-logfile", Kind::Text, "\"\"")
        .immutable()
        .hidden()
        .ignored(FOR_TESTS),
    Directive::new("client-default-resp", Kind::Int { min: 2, max: 3 }, "2")
        .immutable()
        .hidden()
        .ignored(FOR_TESTS),
];
