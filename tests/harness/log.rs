//! Reading a server's log: which lines are warnings, and which warnings a test may live with.
//! Invariants: a warning that no allow-list names fails the test; every allowance has a reason.
//! Must not know: how the log came into being. Tests: below.

/// A warning that may appear: part of its text, and why it is no defect.
#[derive(Clone, Copy)]
pub struct Allowed {
    pub text: &'static str,
    pub reason: &'static str,
}

/// Warnings that any server may write whatever the test does.
const ALWAYS: &[Allowed] = &[
    Allowed {
        text: "is starting",
        reason: "Redis announces its start at this level",
    },
    Allowed {
        text: "Redis version=",
        reason: "Redis announces its version at this level",
    },
    Allowed {
        text: "Configuration loaded",
        reason: "Redis reports progress at this level",
    },
    Allowed {
        text: "Reading config from stdin",
        reason: "Redis reports progress at this level",
    },
    Allowed {
        text: "Server initialized",
        reason: "tools wait for this line at this level",
    },
    Allowed {
        text: "User requested shutdown",
        reason: "the harness stops its servers",
    },
    Allowed {
        text: "Redis is now ready to exit",
        reason: "the harness stops its servers",
    },
    Allowed {
        text: "Received SIGTERM scheduling shutdown",
        reason: "the harness stops its servers",
    },
    Allowed {
        text: "Ferrock is now ready to exit",
        reason: "the harness stops its servers",
    },
    Allowed {
        text: "no config file specified, using the default config",
        reason: "most tests need no file",
    },
    Allowed {
        text: "Removing the unix socket file",
        reason: "part of a clean shutdown",
    },
    Allowed {
        text: "memory overcommit",
        reason: "a property of the machine",
    },
    Allowed {
        text: "Memory overcommit",
        reason: "a property of the machine",
    },
    Allowed {
        text: "TCP backlog setting",
        reason: "a property of the machine",
    },
    Allowed {
        text: "Transparent Huge Pages",
        reason: "a property of the machine",
    },
    Allowed {
        text: "maximum open files",
        reason: "a property of the machine",
    },
];

/// The lines of `log` that are warnings or worse and that neither list allows.
pub fn unexpected(log: &str, allowed: &[Allowed]) -> Vec<String> {
    let permitted = |line: &str| ALWAYS.iter().chain(allowed).any(|a| line.contains(a.text));
    log.lines()
        .filter(|line| is_warning(line) && !permitted(line))
        .map(str::to_string)
        .collect()
}

/// The test's own allowances, for the message of a failure.
pub fn describe(allowed: &[Allowed]) -> String {
    let lines = allowed
        .iter()
        .map(|a| format!("allowed here: {:?}, since {}", a.text, a.reason));
    lines.collect::<Vec<_>>().join("\n")
}

/// Redis's shape is `pid:role day month year time level text`, where `#` is the warning level.
/// Lines of any other shape come from a panic, an abort or a library, and are judged by words.
fn is_warning(line: &str) -> bool {
    let fields: Vec<&str> = line.splitn(7, ' ').collect();
    let pid_and_role = fields[0].split_once(':');
    let shaped = fields.len() >= 6
        && pid_and_role.is_some_and(|(pid, role)| pid.parse::<u32>().is_ok() && role.len() == 1);
    if shaped {
        return fields[5] == "#";
    }
    [
        "panicked",
        "abort",
        "WARN",
        "ERROR",
        "error:",
        "Assertion",
        "terminate called",
        "Sanitizer",
    ]
    .iter()
    .any(|word| line.contains(word))
}

#[test]
fn warnings_are_told_from_notices() {
    let log = "\
7:M 22 Nov 2026 20:29:05.564 * Ready to accept connections
7:M 22 Nov 2026 20:29:05.564 # Server initialized
7:M 22 Nov 2026 20:29:05.564 # Something is wrong
thread 'main' panicked at src/net/listener.rs:1:1:
terminate called after throwing an instance of 'std::bad_alloc'
7:M 22 Nov 2026 20:29:05.564 * An ERROR word in a notice is text";
    let found = unexpected(log, &[]);
    assert_eq!(found.len(), 3, "{found:?}");
    let allowed = [Allowed {
        text: "is wrong",
        reason: "the test provokes it",
    }];
    assert_eq!(unexpected(log, &allowed).len(), 2);
}
