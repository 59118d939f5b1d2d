//! Owns the notation of rows' `syntax`: `key [NX | XX] [EX seconds] [key value ...]`.
//!
//! Words in upper case are tokens, others arguments; `[..]` is optional, `<..>` groups, `|` parts
//! alternatives, `...` repeats. `x [x ...]` is one argument that may be given several times.
//! Invariants: parsing is total; a tree holds no empty group. Must not know: rows.
//! Tests: `syntax/tests.rs`; `commands/tests.rs` parses all rows.

/// What an argument is, in the words of COMMAND DOCS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
}

impl Kind {
    /// As COMMAND DOCS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }

    fn of_argument(name: &str) -> Kind {
        const INTEGERS: &[&str] = &[
            "bit",
            "client-id",
            "count",
            "cursor",
            "db",
            "decrement",
            "destination-db",
            "end",
            "entries-added",
            "entries-read",
            "frequency",
            "increment",
            "index",
            "index1",
            "index2",
            "len",
            "limit",
            "maxage",
            "milliseconds",
            "min-match-len",
            "ms",
            "num-matches",
            "numfields",
            "numkeys",
            "offset",
            "partition",
            "protover",
            "rank",
            "seconds",
            "start",
            "stop",
            "ttl",
            "weight",
        ];
        const KEYS: &[&str] = &["source", "destination", "src", "dst"];
        const DOUBLES: &[&str] = &["float-increment", "timeout", "score"];
        if name.starts_with("unix-time") {
            Kind::UnixTime
        } else if name == "pattern" {
            Kind::Pattern
        } else if name.starts_with("key") || name.ends_with("key") || KEYS.contains(&name) {
            Kind::Key
        } else if DOUBLES.contains(&name) {
            Kind::Double
        } else if INTEGERS.contains(&name) {
            Kind::Integer
        } else {
            Kind::String
        }
    }
}

/// A node of the argument tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    pub name: String,
    pub kind: Kind,
    /// The word that stands before it, or that it is.
    pub token: Option<String>,
    pub optional: bool,
    pub multiple: bool,
    /// Alternatives, or members of a block.
    pub children: Vec<Argument>,
}

/// The syntax is not well-formed; says where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError(pub String);

/// The argument tree of a syntax.
pub fn parse(syntax: &str) -> Result<Vec<Argument>, SyntaxError> {
    let spaced: String = syntax.chars().fold(String::new(), |mut spaced, c| {
        match matches!(c, '[' | ']' | '<' | '>' | '|') {
            true => spaced.extend([' ', c, ' ']),
            false => spaced.push(c),
        }
        spaced
    });
    let mut parser = Parser {
        words: spaced.split_whitespace().collect(),
        at: 0,
    };
    let mut alternatives = parser.alternatives("")?;
    match alternatives.len() {
        1 => Ok(alternatives.remove(0).arguments),
        _ => Err(SyntaxError("alternatives without brackets".to_owned())),
    }
}

/// Fewest words that the arguments take, and whether they may take more.
pub fn shortest(arguments: &[Argument]) -> (usize, bool) {
    let mut words = 0;
    let mut open = false;
    for argument in arguments {
        let (needed, more) = words_of(argument);
        open |= more || argument.optional || argument.multiple;
        words += if argument.optional { 0 } else { needed };
    }
    (words, open)
}

fn words_of(argument: &Argument) -> (usize, bool) {
    let token = usize::from(argument.token.is_some());
    match argument.kind {
        Kind::PureToken => (token, false),
        Kind::Block => {
            let (words, open) = shortest(&argument.children);
            (words + token, open)
        }
        Kind::OneOf => {
            let sizes: Vec<_> = argument.children.iter().map(words_of).collect();
            let least = sizes.iter().map(|size| size.0).min().unwrap_or(0);
            let open = sizes.iter().any(|(words, open)| *open || *words != least);
            (least + token, open)
        }
        _ => (1 + token, false),
    }
}

/// Arguments in a row, as they stand between brackets and bars.
struct Sequence {
    arguments: Vec<Argument>,
    /// It ends in `...`.
    repeats: bool,
    /// A repetition of the whole group stands in it.
    group_repeats: bool,
}

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += usize::from(word.is_some());
        word
    }

    /// Sequences up to a closing bracket (or to the end, for an empty one).
    fn alternatives(&mut self, close: &str) -> Result<Vec<Sequence>, SyntaxError> {
        let mut alternatives = Vec::new();
        let mut sequence = Sequence {
            arguments: Vec::new(),
            repeats: false,
            group_repeats: false,
        };
        loop {
            let word = self.next();
            if sequence.repeats && !matches!(word, None | Some("|" | "]" | ">")) {
                return Err(SyntaxError("`...` before the end".to_owned()));
            }
            match word {
                Some("[") => {
                    let inner = self.alternatives("]")?;
                    add_optional(inner, &mut sequence);
                }
                Some("<") => {
                    let inner = self.alternatives(">")?;
                    sequence.arguments.push(group(inner));
                }
                Some("...") => sequence.repeats = true,
                Some("|") => {
                    let next = Sequence {
                        arguments: Vec::new(),
                        repeats: false,
                        group_repeats: false,
                    };
                    alternatives.push(std::mem::replace(&mut sequence, next));
                }
                word if word.unwrap_or_default() == close => break,
                Some(word @ ("]" | ">")) => return Err(SyntaxError(format!("stray `{word}`"))),
                None => return Err(SyntaxError(format!("no `{close}`"))),
                Some(word) => sequence.arguments.push(plain(word)),
            }
        }
        alternatives.push(sequence);
        let empty = |sequence: &Sequence| sequence.arguments.is_empty();
        if !close.is_empty() && alternatives.iter().any(empty) {
            return Err(SyntaxError("empty group".to_owned()));
        }
        Ok(alternatives)
    }
}

/// A token or an argument.
fn plain(word: &str) -> Argument {
    let is_token = !word.contains(|c: char| c.is_ascii_lowercase());
    Argument {
        name: word.to_ascii_lowercase(),
        kind: match is_token {
            true => Kind::PureToken,
            false => Kind::of_argument(word),
        },
        token: is_token.then(|| word.to_owned()),
        optional: false,
        multiple: false,
        children: Vec::new(),
    }
}

/// Takes in what stood between `[` and `]`: an option, or a repetition of what stands before it.
fn add_optional(inner: Vec<Sequence>, sequence: &mut Sequence) {
    let repeats = inner.last().is_some_and(|last| last.repeats);
    if repeats && inner.len() > 1 {
        sequence.group_repeats = true;
        return;
    }
    if repeats && let [body] = &inner[..] {
        let before = &sequence.arguments;
        let from = before.len().checked_sub(body.arguments.len());
        let same = from.filter(|from| before.get(*from..) == Some(&body.arguments[..]));
        if let Some(from) = same {
            let repeated = sequence.arguments.split_off(from);
            let mut argument = block(repeated);
            argument.multiple = true;
            sequence.arguments.push(argument);
            return;
        }
    }
    let mut argument = group(inner);
    argument.optional = true;
    sequence.arguments.push(argument);
}

/// One argument of alternatives.
fn group(mut alternatives: Vec<Sequence>) -> Argument {
    let group_repeats = alternatives.iter().any(|one| one.group_repeats);
    let one = |sequence: Sequence| {
        let mut argument = block(sequence.arguments);
        argument.multiple |= sequence.repeats;
        argument
    };
    let mut argument = match alternatives.len() {
        1 => one(alternatives.remove(0)),
        _ => {
            let children: Vec<Argument> = alternatives.into_iter().map(one).collect();
            Argument {
                name: joined_name(&children),
                kind: Kind::OneOf,
                token: None,
                optional: false,
                multiple: false,
                children,
            }
        }
    };
    argument.multiple |= group_repeats;
    argument
}

/// One argument of several: itself if it is one; a token in front belongs to what follows it.
fn block(mut arguments: Vec<Argument>) -> Argument {
    if arguments.len() == 1 {
        return arguments.remove(0);
    }
    let leads = |first: &Argument| first.kind == Kind::PureToken && !first.optional;
    let token = match arguments.first().is_some_and(leads) {
        true => arguments.remove(0).token,
        false => None,
    };
    let alone = |only: &Argument| token.is_some() && only.token.is_none() && !only.optional;
    if arguments.len() == 1 && arguments.first().is_some_and(alone) {
        let mut only = arguments.remove(0);
        only.token = token;
        return only;
    }
    let name = match &token {
        Some(token) => token.to_ascii_lowercase(),
        None => joined_name(&arguments),
    };
    Argument {
        name,
        kind: Kind::Block,
        token,
        optional: false,
        multiple: false,
        children: arguments,
    }
}

fn joined_name(arguments: &[Argument]) -> String {
    let names: Vec<&str> = arguments.iter().map(|argument| &*argument.name).collect();
    names.join("_")
}

#[cfg(test)]
mod tests;
