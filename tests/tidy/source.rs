//! Source files as text: their code without comments and tests, functions, modules.
//! Invariants: counts on rustfmt's layout. Must not know: the rules. Tests: `the_eyes_are_open`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// From the root of the repository.
    pub path: String,
    pub lines: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    /// The module of `src/` that it belongs to.
    pub fn module(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        let name = inside.split('/').next().unwrap_or_default();
        name.trim_end_matches(".rs")
    }

    /// Numbered lines of the program itself: no tests, no comments.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let tests = self.lines.windows(2).position(|pair| {
            pair[0].starts_with("#[cfg(test)]") && pair[1].starts_with("mod tests {")
        });
        let end = if is_test {
            0
        } else {
            tests.unwrap_or(self.lines.len())
        };
        let lines = self.lines.iter().take(end).enumerate();
        lines
            .map(|(number, line)| (number + 1, line.as_str()))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(number, line)| (number, line.split(" // ").next().unwrap_or_default()))
    }

    /// First line and length of every function with a body.
    pub fn functions(&self) -> Vec<(usize, usize)> {
        let mut functions = Vec::new();
        for (start, line) in self.lines.iter().enumerate() {
            if !starts_function(line) {
                continue;
            }
            if line.ends_with('}') {
                functions.push((start + 1, 1));
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let end = self.lines.iter().skip(start).position(|line| {
                let is_own = line.len() - line.trim_start().len() == indent;
                is_own && (line.trim() == "}" || line.ends_with(';'))
            });
            functions.push((start + 1, end.map_or(1, |end| end + 1)));
        }
        functions
    }
}

fn starts_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.find(|word| {
        !matches!(
            *word,
            "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\""
        ) && !word.starts_with("pub(")
    }) == Some("fn")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The modules that stand right in a folder of sources, whether files or folders.
pub fn modules_in(folder: &str) -> BTreeSet<String> {
    let inside = format!("{folder}/");
    let sources = of(folder);
    let names = sources.iter().filter_map(|source| {
        let path = source.path.strip_prefix(&inside)?;
        let name = path.split('/').next().unwrap_or(path);
        Some(name.trim_end_matches(".rs").to_owned())
    });
    names.filter(|name| name != "lib").collect()
}

/// Where paths in comments and documents begin.
const PATH_ROOTS: &[&str] = &["", "src", "storage", "storage/src"];

/// Paths in backticks whose first folder is one of the repository's.
pub fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|text| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let first = text.split_once('/').map(|(first, _)| first);
        let is_folder = |first: &str| {
            let mut paths = PATH_ROOTS
                .iter()
                .map(|above| root().join(above).join(first));
            !first.is_empty() && paths.any(|path| path.is_dir())
        };
        text.bytes().all(plain) && first.is_some_and(is_folder)
    })
}

/// Whether a path names a file or folder; a module's may lack its ending.
pub fn exists(path: &str) -> bool {
    let mut paths = PATH_ROOTS.iter().map(|above| root().join(above).join(path));
    paths.any(|path| path.exists() || path.with_extension("rs").exists())
}

/// All files of a folder, deep.
pub fn of(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.sort();
    let relative = |path: &PathBuf| {
        let path = path.strip_prefix(root()).expect("inside the repository");
        path.to_string_lossy().into_owned()
    };
    let paths = paths.iter().map(relative);
    paths.map(|path| Source::new(&path, &read(&path))).collect()
}

/// All files of the repository.
pub fn everything() -> Vec<Source> {
    let folders = ["src", "storage/src", "storage/tests", "tests", "benches"];
    folders.into_iter().flat_map(of).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Modules of the crate that a line names.
pub fn used_modules(line: &str) -> Vec<&str> {
    let parts = line.split("crate::").skip(1);
    let name = |part: &'_ str| part.find(|c: char| !c.is_alphanumeric() && c != '_');
    let names = parts.map(|part| part.get(..name(part).unwrap_or(part.len())).unwrap_or(part));
    names.filter(|name| !name.is_empty()).collect()
}

/// Identifiers and other words of a line, in lower case.
pub fn words(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Modules that a file declares in other files.
pub fn declared_modules(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter_map(|line| {
        let line = line.strip_suffix(';')?;
        let mut words = line.split_whitespace();
        let word = words.find(|word| *word != "pub" && !word.starts_with("pub("));
        (word == Some("mod")).then(|| words.next().unwrap_or_default().to_owned())
    });
    lines.collect()
}

/// Adds a file and all that its `mod` lines lead to.
pub fn reach(path: &str, reached: &mut BTreeSet<String>) {
    if !reached.insert(path.to_owned()) {
        return;
    }
    let text = read(path);
    let folder = Path::new(path).parent().expect("a folder").to_path_buf();
    let stem = Path::new(path).file_stem().expect("a name");
    let is_root = matches!(stem.to_str(), Some("lib" | "main" | "mod"));
    let inner = if is_root { folder } else { folder.join(stem) };
    for module in declared_modules(&text) {
        let candidates = [
            inner.join(format!("{module}.rs")),
            inner.join(&module).join("mod.rs"),
        ];
        for candidate in candidates {
            if root().join(&candidate).exists() {
                reach(&candidate.to_string_lossy(), reached);
            }
        }
    }
}
