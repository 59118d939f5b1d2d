//! The walls of the house and its style, as tests over the text of the sources.
//! Invariants: reads files only, links nothing of the server; every refusal names file and line and
//! says what to do instead. Must not know: what the code does. Tests: this file tests others; that
//! its eyes are open is tested at its end.

mod tidy {
    pub mod source;
}

use std::collections::BTreeSet;
use std::path::Path;
use tidy::source::{self, Source};

/// Modules of `src/`, lowest first: a module may use those before it, never those behind it.
const LAYERS: &[&str] = &[
    "glob", "sha1", "resp", "rdb", "error", "config", "log", "metrics", "wait", "watch", "session",
    "command", "commands", "exec", "net", "server",
];

/// Words that the storage crate must not know, since it serves no protocol.
const UNKNOWN_TO_STORAGE: &[&str] = &["resp", "socket", "client"];

/// A call that is not to be made: its text, what to do instead, and who may make it (prefixes).
struct Ban {
    text: &'static str,
    instead: &'static str,
    except: &'static [&'static str],
}

const BANS: &[Ban] = &[
    Ban {
        text: "SystemTime::now",
        instead: "ask Store::now_ms, which never goes back",
        except: &[
            "storage/src/clock.rs",
            "storage/src/open.rs",
            "src/log",
            "src/commands/server/lifecycle.rs",
        ],
    },
    Ban {
        text: "Instant::now",
        instead: "ask Store::now_ms, or take the time as an argument",
        except: &[
            "storage/src/",
            "src/exec/run.rs",
            "src/net/connection.rs",
            "src/server/threads.rs",
            "src/session/pause.rs",
            "src/log",
        ],
    },
    Ban {
        text: "thread::spawn",
        instead: "use thread::Builder with a name, and handle that it cannot start",
        except: &[],
    },
    Ban {
        text: ".unwrap()",
        instead: "handle the case, or write unwrap_or_default and say why it cannot be",
        except: &[],
    },
    Ban {
        text: "#[allow(",
        instead: "use #[expect(lint, reason = \"..\")]",
        except: &[],
    },
];

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// What stands beside the dot-files at the top of the repository.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "benches",
    "conf",
    "src",
    "storage",
    "tests",
];

fn refuse(what: &str, refusals: &[String]) {
    assert!(refusals.is_empty(), "{what}:\n{}", refusals.join("\n"));
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    // Tracked files only: a build or a server that runs here may leave others.
    let listing = std::process::Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files"])
        .output()
        .expect("git lists the files");
    let paths = String::from_utf8(listing.stdout).expect("names are text");
    let tops = paths.lines().filter_map(|path| path.split('/').next());
    let tops: BTreeSet<&str> = tops.filter(|top| !top.starts_with('.')).collect();
    assert_eq!(tops, TOP_LEVEL.iter().copied().collect());
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let mut refusals = Vec::new();
    let rank = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    for source in source::of("src") {
        let Some(own) = rank(source.module()) else {
            continue;
        };
        for (number, line) in source.code() {
            for used in source::used_modules(line) {
                match rank(used) {
                    Some(other) if other > own => {
                        refusals.push(format!("{}:{number}: uses `{used}`", source.path));
                    }
                    _ => {}
                }
            }
        }
    }
    refuse(
        "upward use; give a value, a handle or an observer instead",
        &refusals,
    );
}

#[test]
fn every_module_has_a_layer() {
    let lib = source::read("src/lib.rs");
    let modules = source::declared_modules(&lib);
    let known: BTreeSet<String> = LAYERS.iter().map(|layer| (*layer).to_owned()).collect();
    let modules: BTreeSet<String> = modules.into_iter().collect();
    assert_eq!(modules, known, "src/lib.rs and LAYERS differ");
}

#[test]
fn only_the_engine_names_rocksdb() {
    let mut refusals = Vec::new();
    for source in source::of("storage/src")
        .into_iter()
        .chain(source::of("src"))
    {
        if source.path.starts_with("storage/src/engine") {
            continue;
        }
        for (number, line) in source.code() {
            if line.contains("rocksdb::") && !line.contains("::rocksdb") {
                refusals.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    refuse(
        "rocksdb outside storage/src/engine; add a method to Engine",
        &refusals,
    );
}

#[test]
fn storage_knows_no_protocol() {
    let mut refusals = Vec::new();
    for source in source::of("storage/src") {
        for (number, line) in source.code() {
            for word in source::words(line) {
                if UNKNOWN_TO_STORAGE.contains(&&*word) {
                    refusals.push(format!("{}:{number}: `{word}`", source.path));
                }
            }
        }
    }
    refuse(
        "storage serves no protocol; name what it is to storage",
        &refusals,
    );
}

#[test]
fn banned_calls_are_made_only_where_listed() {
    let mut refusals = Vec::new();
    for source in source::of("src")
        .into_iter()
        .chain(source::of("storage/src"))
    {
        for ban in BANS {
            if ban.except.iter().any(|path| source.path.starts_with(path)) {
                continue;
            }
            for (number, line) in source.code() {
                if line.contains(ban.text) {
                    refusals.push(format!(
                        "{}:{number}: {}; {}",
                        source.path, ban.text, ban.instead
                    ));
                }
            }
        }
    }
    refuse("banned", &refusals);
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut refusals = Vec::new();
    for source in source::everything() {
        let path = &source.path;
        if source.lines.len() > FILE_LINES_MAX {
            refusals.push(format!("{path}: {} lines", source.lines.len()));
        }
        for (number, line) in source.lines.iter().enumerate() {
            if line.chars().count() > LINE_COLUMNS_MAX {
                refusals.push(format!("{path}:{}: {LINE_COLUMNS_MAX} columns", number + 1));
            }
        }
        for (number, length) in source.functions() {
            if length > FUNCTION_LINES_MAX {
                refusals.push(format!("{path}:{number}: a function of {length} lines"));
            }
        }
    }
    refuse("too long; split by concept", &refusals);
}

#[test]
fn every_file_is_compiled() {
    let mut refusals = Vec::new();
    for (folder, roots) in [
        ("src", &["src/lib.rs"][..]),
        ("storage/src", &["storage/src/lib.rs"]),
        ("tests", &["tests/main.rs", "tests/tidy.rs"]),
    ] {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        for root in roots {
            source::reach(root, &mut reached);
        }
        for source in source::of(folder) {
            let apart = source.path.starts_with("src/bin/")
                || source.path.starts_with("tests/fuzz/")
                || source.path == "src/main.rs";
            if !apart && !reached.contains(&source.path) {
                refusals.push(source.path);
            }
        }
    }
    refuse("no `mod` leads here", &refusals);
}

#[test]
fn nothing_is_put_off_or_tests_nothing() {
    // Spelled in parts, so that this file does not find itself.
    let put_off = [
        concat!("FIX", "ME"),
        concat!("#[ig", "nore"),
        concat!("to", "do!("),
    ];
    let mut refusals = Vec::new();
    for source in source::everything() {
        for (number, line) in source.lines.iter().enumerate() {
            let at = || format!("{}:{}: {}", source.path, number + 1, line.trim());
            if put_off.iter().any(|mark| line.contains(mark)) {
                refusals.push(at());
            }
            let statement = line.trim();
            if statement.starts_with("matches!(") && statement.ends_with(");") {
                refusals.push(format!("{}: assert it", at()));
            }
        }
    }
    refuse(
        "do it, or state the wrong behaviour in an assertion",
        &refusals,
    );
}

#[test]
fn every_module_opens_with_a_header() {
    let mut refusals = Vec::new();
    for source in source::everything() {
        let first = source.lines.first().map_or("", |line| line.as_str());
        let is_entry = source.path.starts_with("src/bin/");
        if !first.starts_with("//!") && !is_entry {
            refusals.push(source.path);
        }
    }
    refuse("say what it owns, in `//!`", &refusals);
}

#[test]
fn files_named_in_comments_and_documents_exist() {
    let documents = [
        "README.md",
        "src/README.md",
        "storage/README.md",
        "benches/RESULTS.md",
        "tests/compat/deviations.md",
    ];
    let documents = documents.map(|path| Source::new(path, &source::read(path)));
    let mut refusals = Vec::new();
    for source in source::everything().iter().chain(&documents) {
        let is_document = source.path.ends_with(".md");
        for (number, line) in source.lines.iter().enumerate() {
            if !is_document && !line.trim_start().starts_with("//") {
                continue;
            }
            for path in source::named_paths(line) {
                if !source::exists(path) {
                    refusals.push(format!("{}:{}: {path}", source.path, number + 1));
                }
            }
        }
    }
    refuse("there is no such file or folder", &refusals);
}

#[test]
fn the_maps_name_every_module() {
    let mut refusals = Vec::new();
    for map in ["README.md", "src/README.md"] {
        let text = source::read(map);
        let words: BTreeSet<&str> = text
            .split(|letter: char| letter.is_whitespace() || "`*,".contains(letter))
            .collect();
        for folder in ["src", "storage/src"] {
            for module in source::modules_in(folder) {
                if !words.contains(&*format!("{module}.rs"))
                    && !words.contains(&*format!("{module}/"))
                {
                    refusals.push(format!("{map}: {folder}/{module}"));
                }
            }
        }
    }
    refuse("say in the map what it is for", &refusals);
}

#[test]
fn the_eyes_are_open() {
    let text = "//! Head.\nuse crate::exec::Step;\n\nfn long() {\n    x.unwrap();\n}\n\n\
                #[cfg(test)]\nmod tests {\n    fn t() { y.unwrap() }\n}\n";
    let source = Source::new("src/resp/x.rs", text);
    assert_eq!(source.module(), "resp");
    assert_eq!(source.functions(), [(4, 3), (10, 1)]);
    let named: Vec<&str> =
        source::named_paths("of `tests/x.rs`, `hot/rows`, `a/b`, tests/y").collect();
    assert_eq!(named, ["tests/x.rs", "hot/rows"]);
    assert!(source::exists("hot/rows") && source::exists("tests/tidy") && !source::exists("hot/x"));
    let code: Vec<_> = source.code().collect();
    assert!(
        code.iter()
            .any(|(number, line)| *number == 5 && line.contains(".unwrap()"))
    );
    assert!(code.iter().all(|(number, _)| *number < 8));
    assert_eq!(source::used_modules("use crate::exec::Step;"), ["exec"]);
    assert_eq!(
        source::used_modules("let x = crate::net::serve();"),
        ["net"]
    );
    assert_eq!(
        source::words("let respTo = a.clientOf;"),
        ["let", "respto", "a", "clientof"]
    );
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/lib.rs")
            .exists()
    );
    assert!(source::of("src").len() > 50);
}
