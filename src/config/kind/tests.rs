//! Parsing of values, and Redis's texts for wrong ones.

use std::path::Path;

use proptest::prelude::*;

use crate::config::kind::{BIND_ADDRESSES_MAX, Context, Kind};
use crate::config::table;
use crate::config::value::{ClientClass, OutputLimit, SavePoint, Value};

fn parse(kind: Kind, words: &[&str]) -> Result<Value, String> {
    let base = Value::text("");
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let context = Context {
        base: &base,
        cwd: Path::new("/"),
    };
    kind.parse(&words, &context).map_err(String::from)
}

fn reason(kind: Kind, words: &[&str]) -> String {
    parse(kind, words).unwrap_err()
}

#[test]
fn bool_is_yes_or_no_in_any_case() {
    assert_eq!(parse(Kind::Bool, &["YES"]), Ok(Value::Bool(true)));
    assert_eq!(parse(Kind::Bool, &["no"]), Ok(Value::Bool(false)));
    assert_eq!(reason(Kind::Bool, &["1"]), "argument must be 'yes' or 'no'");
    assert_eq!(
        reason(Kind::Bool, &["yes", "no"]),
        "wrong number of arguments"
    );
    assert_eq!(reason(Kind::Bool, &[]), "wrong number of arguments");
}

#[test]
fn int_stays_in_its_range() {
    assert_eq!(parse(Kind::PORT, &["65535"]), Ok(Value::Int(65535)));
    assert_eq!(
        reason(Kind::PORT, &["65536"]),
        "argument must be between 0 and 65535 inclusive"
    );
    assert_eq!(
        reason(Kind::PORT, &["-1"]),
        "argument must be between 0 and 65535 inclusive"
    );
    assert_eq!(
        reason(Kind::PORT, &["01"]),
        "argument couldn't be parsed into an integer"
    );
}

#[test]
fn octal_stays_in_its_range() {
    let kind = Kind::Octal { max: 0o777 };
    assert_eq!(parse(kind, &["700"]), Ok(Value::Int(0o700)));
    assert_eq!(
        reason(kind, &["1000"]),
        "argument must be between 0 and 777 inclusive"
    );
    assert_eq!(
        reason(kind, &["9"]),
        "argument couldn't be parsed as an octal number"
    );
    assert_eq!(Value::Int(0o700).reply(&kind), b"700");
}

#[test]
fn memory_stays_in_its_range() {
    let kind = Kind::Memory { min: 10, max: 2048 };
    assert_eq!(parse(kind, &["2kb"]), Ok(Value::Memory(2048)));
    assert_eq!(
        reason(kind, &["3kb"]),
        "argument must be between 10 and 2048 inclusive"
    );
    assert_eq!(reason(kind, &["-1"]), "argument must be a memory value");
}

#[test]
fn memory_or_percent_takes_both() {
    let kind = Kind::MemoryOrPercent;
    assert_eq!(parse(kind, &["5%"]), Ok(Value::Percent(5)));
    assert_eq!(parse(kind, &["1kb"]), Ok(Value::Memory(1024)));
    let too_much = "percentage argument must be less or equal to 100";
    assert_eq!(reason(kind, &["101%"]), too_much);
    assert_eq!(reason(kind, &["9999%"]), too_much);
    for text in ["-5%", "%", "x", "5%%"] {
        assert_eq!(
            reason(kind, &[text]),
            "argument must be a memory or percent value"
        );
    }
}

#[test]
fn choice_shows_the_first_spelling() {
    let kind = Kind::Choice(&[("no", 0), ("yes", 1), ("relative", 1)]);
    assert_eq!(parse(kind, &["RELATIVE"]).unwrap().reply(&kind), b"yes");
    assert_eq!(
        reason(kind, &["x"]),
        "argument(s) must be one of the following: no, yes, relative"
    );
}

#[test]
fn flags_combine() {
    let kind = Kind::Flags(&[("default", 0), ("now", 4), ("force", 8)]);
    assert_eq!(
        parse(kind, &["force", "now"]).unwrap().reply(&kind),
        b"now force"
    );
    assert_eq!(parse(kind, &["default"]).unwrap().reply(&kind), b"default");
    let names = "argument(s) must be one of the following: default, now, force";
    assert_eq!(reason(kind, &[]), names);
    assert_eq!(reason(kind, &["now", "x"]), names);
}

#[test]
fn save_adds_to_its_base() {
    let save = |words: &[&[u8]], base: &Value| {
        Kind::Save.parse(
            words,
            &Context {
                base,
                cwd: Path::new("/"),
            },
        )
    };
    let one = save(&[b"900", b"1"], &Value::text("")).unwrap();
    assert_eq!(
        one,
        Value::Save(
            [SavePoint {
                seconds: 900,
                changes: 1
            }]
            .into()
        )
    );
    let two = save(&[b"60", b"0"], &one).unwrap();
    assert_eq!(two.reply(&Kind::Save), b"900 1 60 0");
    assert_eq!(two.lines("save", &Kind::Save), ["save 900 1", "save 60 0"]);
    let none = save(&[b""], &two).unwrap();
    assert_eq!(none.lines("save", &Kind::Save), ["save \"\""]);
    for words in [
        &["0", "1"][..],
        &["1", "-1"],
        &["1"],
        &["1", "x"],
        &["", "1"],
    ] {
        assert_eq!(
            reason(Kind::Save, words),
            "Invalid save parameters",
            "{words:?}"
        );
    }
}

#[test]
fn bind_takes_sixteen_addresses() {
    let most = vec!["::1"; BIND_ADDRESSES_MAX];
    assert!(parse(Kind::Bind, &most).is_ok());
    let too_many = vec!["::1"; BIND_ADDRESSES_MAX + 1];
    assert_eq!(
        reason(Kind::Bind, &too_many),
        "Too many bind addresses specified."
    );
    assert_eq!(parse(Kind::Bind, &[""]), Ok(Value::Addresses([].into())));
    assert_eq!(reason(Kind::Bind, &["a\"b"]), "Invalid bind address.");
}

#[test]
fn output_limits_change_only_the_classes_named() {
    let base = parse(Kind::OutputLimits, &["slave", "1", "2", "3"]).unwrap();
    let words: [&[u8]; 4] = [b"PubSub", b"1kb", b"0", b"0"];
    let context = Context {
        base: &base,
        cwd: Path::new("/"),
    };
    let both = Kind::OutputLimits.parse(&words, &context).unwrap();
    assert_eq!(
        both.reply(&Kind::OutputLimits),
        b"normal 0 0 0 slave 1 2 3 pubsub 1024 0 0"
    );
    let Value::OutputLimits(limits) = both else {
        panic!("{both:?}")
    };
    assert_eq!(ClientClass::ALL.len(), limits.len());
    assert_eq!(
        limits[2],
        OutputLimit {
            hard_bytes: 1024,
            soft_bytes: 0,
            soft_seconds: 0
        }
    );
    for (words, text) in [
        (
            ["normal", "1", "2"].as_slice(),
            "Wrong number of arguments in buffer",
        ),
        (
            &["master", "1", "2", "3"],
            "Invalid client class specified in buffer",
        ),
        (
            &["normal", "x", "2", "3"],
            "Error in hard, soft or soft_seconds setting in buffer",
        ),
        (
            &["normal", "1", "2", "-3"],
            "Error in hard, soft or soft_seconds setting in buffer",
        ),
    ] {
        assert_eq!(
            reason(Kind::OutputLimits, words),
            format!("{text} limit configuration.")
        );
    }
}

#[test]
fn oom_scores_are_three() {
    let scores = parse(Kind::OomScores, &["0", "+200", "-2000"]).unwrap();
    assert_eq!(scores.reply(&Kind::OomScores), b"0 200 -2000");
    assert_eq!(
        reason(Kind::OomScores, &["1", "2"]),
        "wrong number of arguments"
    );
    assert_eq!(
        reason(Kind::OomScores, &["1", "2", "2001"]),
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
    );
}

#[test]
fn percentiles_lie_in_the_hundred() {
    let kind = Kind::Percentiles;
    assert_eq!(
        parse(kind, &["50", "99.90", "1e1"]).unwrap().reply(&kind),
        b"50 99.9 10"
    );
    assert_eq!(parse(kind, &[""]).unwrap().lines("p", &kind), ["p \"\""]);
    assert_eq!(
        reason(kind, &["x"]),
        "Invalid latency-tracking-info-percentiles parameters"
    );
    assert_eq!(
        reason(kind, &["100.1"]),
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
    );
}

#[test]
fn replica_of_is_host_and_port() {
    let kind = Kind::ReplicaOf;
    assert_eq!(parse(kind, &["NO", "ONE"]), Ok(Value::text("")));
    assert_eq!(
        parse(kind, &["10.0.0.1", "6379"]),
        Ok(Value::text("10.0.0.1 6379"))
    );
    assert_eq!(reason(kind, &["10.0.0.1", "abc"]), "Invalid master port");
    assert_eq!(reason(kind, &["10.0.0.1"]), "wrong number of arguments");
}

#[test]
fn directory_must_exist() {
    let base = Value::text("");
    let parse = |word: &[u8], cwd: &Path| {
        Kind::Directory
            .parse(&[word], &Context { base: &base, cwd })
            .map_err(String::from)
    };
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    std::fs::create_dir(home.join("data")).unwrap();
    std::fs::write(home.join("file"), "").unwrap();
    let data = home.join("data");
    assert_eq!(
        parse(b"data", &home),
        Ok(Value::text(data.as_os_str().as_encoded_bytes()))
    );
    assert_eq!(
        parse(b"none", &home),
        Err("No such file or directory".into())
    );
    assert_eq!(parse(b"file", &home), Err("Not a directory".into()));
}

proptest! {
    #[test]
    fn parsing_is_total_and_lines_read_back(
        words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 0..5),
        row in 0usize..1000,
    ) {
        let directives: Vec<_> = table::all().collect();
        let directive = directives[row % directives.len()];
        let base = directive.empty_base();
        let context = Context { base: &base, cwd: Path::new("/") };
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let Ok(value) = directive.parse(&words, &context) else { return Ok(()) };
        let mut again = base.clone();
        for line in value.lines("x", &directive.kind) {
            let words = crate::config::words::split(line.as_bytes()).unwrap();
            let words: Vec<&[u8]> = words.iter().skip(1).map(Vec::as_slice).collect();
            let context = Context { base: &again, cwd: Path::new("/") };
            again = directive.parse(&words, &context).unwrap();
        }
        prop_assert_eq!(again, value);
    }
}
