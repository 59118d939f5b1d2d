//! Configurations that must not start a server.
//! Invariants: exit code 1, and a message that names file, line and what is wrong there.
//! Must not know: the parser. Tests: this file.

use crate::harness::Server;
use crate::harness::server::stand_in;

/// Text, and words the message must contain beside the line.
const WRONG: &[(&str, &[&str])] = &[
    ("maxclients 10\ntimeuot 5\n", &["line 2", "timeuot 5"]),
    ("timeout\n", &["line 1", "timeout"]),
    ("\n\ntimeout x\n", &["line 3", "timeout x"]),
    ("timeout -5\n", &["line 1", "timeout -5"]),
    (
        "appendfsync sometimes\n",
        &["line 1", "appendfsync sometimes"],
    ),
    (
        "maxmemory 10 bananas\n",
        &["line 1", "maxmemory 10 bananas"],
    ),
    ("timeout \"5\n", &["line 1", "timeout \"5"]),
    ("port 70000\n", &["line 1", "port 70000"]),
    ("databases 0\n", &["line 1", "databases 0"]),
];

#[test]
fn wrong_directives_in_a_file_are_named_with_their_line() {
    for (text, words) in WRONG {
        let (code, output) = Server::builder().config_file(text).refuses();
        assert_eq!(code, Some(1), "{text:?}: {output}");
        for word in *words {
            assert!(output.contains(word), "{text:?}: no {word:?} in\n{output}");
        }
        if !stand_in() {
            assert!(
                output.contains("server.conf"),
                "{text:?}: no file in\n{output}"
            );
        }
    }
}

#[test]
fn unknown_directives_are_met_with_the_nearest_name() {
    if stand_in() {
        println!("skipped: the stand-in guesses no names");
        return;
    }
    for (wrong, nearest) in [("timeuot", "timeout"), ("maxmemmory", "maxmemory")] {
        let (code, output) = Server::builder()
            .config_file(&format!("{wrong} 5\n"))
            .refuses();
        assert_eq!(code, Some(1), "{output}");
        assert!(
            output.contains(&format!("{nearest}'")),
            "no {nearest} in\n{output}"
        );
        let (code, output) = Server::builder().set(wrong, "5").refuses();
        assert_eq!(code, Some(1), "{output}");
        assert!(
            output.contains(&format!("{nearest}'")),
            "no {nearest} in\n{output}"
        );
    }
}

#[test]
fn missing_files_are_named() {
    let text = "include /nonexistent/part.conf\n";
    let (code, output) = Server::builder().config_file(text).refuses();
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("/nonexistent/part.conf"), "{output}");
}

#[test]
fn unknown_arguments_are_refused() {
    let (code, output) = Server::builder().set("nosuchdirective", "1").refuses();
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("nosuchdirective"), "{output}");
}
