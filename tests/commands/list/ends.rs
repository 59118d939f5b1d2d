//! LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LMPOP, LMOVE, RPOPLPUSH, LLEN.
//! Invariants: a list without elements does not exist. Must not know: how lists are kept.
//! Tests: this file.

use super::{WRONG, all, fill, samples};
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use std::collections::VecDeque;

#[test]
fn lpush_and_rpush_put_elements_in_and_llen_counts_them() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<u64>(&mut c, "RPUSH k a b c"), 3);
    assert_eq!(ask::<u64>(&mut c, "LPUSH k x y"), 5);
    assert_eq!(all(&mut c, "k"), ["y", "x", "a", "b", "c"]);
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 5);
    assert_eq!(ask::<String>(&mut c, "TYPE k"), "list");
    assert_eq!(ask::<u64>(&mut c, "LLEN none"), 0);
}

#[test]
fn lpushx_and_rpushx_push_only_to_lists_that_exist() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<u64>(&mut c, "LPUSHX k a"), 0);
    assert_eq!(ask::<u64>(&mut c, "RPUSHX k a"), 0);
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    let () = ask(&mut c, "RPUSH k m");
    assert_eq!(ask::<u64>(&mut c, "LPUSHX k a b"), 3);
    assert_eq!(ask::<u64>(&mut c, "RPUSHX k y z"), 5);
    assert_eq!(all(&mut c, "k"), ["b", "a", "m", "y", "z"]);
}

#[test]
fn lpop_and_rpop_take_one_or_as_many_as_asked() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("RPUSH k a b c d e f", ":6");
    raw.expect("LPOP k", "$1\r\na");
    raw.expect("RPOP k", "$1\r\nf");
    raw.expect("LPOP k 2", "*2\r\n$1\r\nb\r\n$1\r\nc");
    raw.expect("RPOP k 0", "*0");
    raw.expect("RPOP k 9", "*2\r\n$1\r\ne\r\n$1\r\nd");
    raw.expect("EXISTS k", ":0");
    raw.expect("LPOP k", "$-1");
    raw.expect("LPOP k 0", "*-1");
    raw.expect("RPOP k 3", "*-1");
    raw.line("HELLO 3");
    raw.expect("RPOP k", "_");
    raw.expect("RPOP k 3", "_");
    raw.expect("RPUSH k a", ":1");
    raw.expect("LPOP k 1", "*1\r\n$1\r\na");
}

#[test]
fn lists_of_every_size_are_emptied_from_both_ends() {
    let server = Server::start();
    let mut c = server.client();
    for elements in samples() {
        fill(&mut c, "k", &elements);
        let mut model: VecDeque<String> = elements.into();
        let mut at = 0;
        while !model.is_empty() {
            at += 1;
            let (line, count) = (["LPOP", "RPOP"][at % 2], at % 40 + 1);
            let popped: Vec<String> = ask(&mut c, &format!("{line} k {count}"));
            let expected = (0..count.min(model.len())).filter_map(|_| match line {
                "LPOP" => model.pop_front(),
                _ => model.pop_back(),
            });
            assert_eq!(popped, expected.collect::<Vec<_>>());
            assert_eq!(ask::<usize>(&mut c, "LLEN k"), model.len());
        }
        assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    }
}

#[test]
fn lmpop_takes_from_the_first_list_that_has_any() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("RPUSH b 1 2 3", ":3");
    raw.expect("LMPOP 2 a b LEFT", "*2\r\n$1\r\nb\r\n*1\r\n$1\r\n1");
    raw.expect(
        "LMPOP 2 a b right count 5",
        "*2\r\n$1\r\nb\r\n*2\r\n$1\r\n3\r\n$1\r\n2",
    );
    raw.expect("LMPOP 2 a b LEFT", "*-1");
    raw.line("HELLO 3");
    raw.expect("LMPOP 1 a LEFT COUNT 2", "_");
    let mut c = server.client();
    let numkeys = "ERR numkeys should be greater than 0";
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("LMPOP 0 a LEFT", numkeys),
            ("LMPOP -1 a LEFT", numkeys),
            ("LMPOP x a LEFT", numkeys),
            ("LMPOP 9 a LEFT", "ERR syntax error"),
            ("LMPOP 1 a UP", "ERR syntax error"),
            (
                "LMPOP 1 a LEFT COUNT 0",
                "ERR count should be greater than 0",
            ),
            (
                "LMPOP 1 a LEFT COUNT x",
                "ERR count should be greater than 0",
            ),
            ("LMPOP 1 a LEFT LIMIT 1", "ERR syntax error"),
            ("LMPOP 2 none text LEFT", WRONG),
        ],
    );
}

#[test]
fn lmove_and_rpoplpush_move_between_all_ends() {
    let server = Server::start();
    let mut c = server.client();
    let cases = [
        ("LMOVE a b LEFT LEFT", "1", ["2", "3"], ["1", "x", "y"]),
        ("LMOVE a b LEFT RIGHT", "1", ["2", "3"], ["x", "y", "1"]),
        ("LMOVE a b RIGHT LEFT", "3", ["1", "2"], ["3", "x", "y"]),
        ("LMOVE a b RIGHT RIGHT", "3", ["1", "2"], ["x", "y", "3"]),
        ("RPOPLPUSH a b", "3", ["1", "2"], ["3", "x", "y"]),
    ];
    for (line, moved, left, got) in cases {
        let () = ask(&mut c, "DEL a b");
        let () = ask(&mut c, "RPUSH a 1 2 3");
        let () = ask(&mut c, "RPUSH b x y");
        assert_eq!(ask::<String>(&mut c, line), moved, "{line}");
        assert_eq!(all(&mut c, "a"), left, "{line}");
        assert_eq!(all(&mut c, "b"), got, "{line}");
    }
    assert_eq!(ask::<Option<String>>(&mut c, "RPOPLPUSH none b"), None);
    assert_eq!(
        ask::<Option<String>>(&mut c, "LMOVE none b LEFT LEFT"),
        None
    );
}

#[test]
fn lmove_of_the_last_element_deletes_the_source_and_turns_a_list_onto_itself() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH a 1");
    let () = ask(&mut c, "LMOVE a b LEFT LEFT");
    assert_eq!(ask::<u64>(&mut c, "EXISTS a"), 0);
    let () = ask(&mut c, "LMOVE b b LEFT RIGHT");
    assert_eq!(all(&mut c, "b"), ["1"]);
    for elements in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &elements);
        let mut model: VecDeque<String> = elements.into();
        for _ in 0..60 {
            let moved: String = ask(&mut c, "LMOVE k k LEFT RIGHT");
            assert_eq!(Some(&moved), model.front());
            model.rotate_left(1);
        }
        assert!(all(&mut c, "k").iter().eq(model.iter()));
    }
}

#[test]
fn pushes_pops_and_moves_refuse_other_types_and_bad_arguments() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET text x");
    let () = ask(&mut c, "RPUSH list a");
    let range = "ERR value is out of range, must be positive";
    all_fail(
        &mut c,
        &[
            ("LPUSH text a", WRONG),
            ("RPUSH text a", WRONG),
            ("LPUSHX text a", WRONG),
            ("RPUSHX text a", WRONG),
            ("LPOP text", WRONG),
            ("RPOP text 1", WRONG),
            ("LLEN text", WRONG),
            ("LMOVE text list LEFT LEFT", WRONG),
            ("LMOVE list text LEFT LEFT", WRONG),
            ("RPOPLPUSH list text", WRONG),
            ("LPOP list -1", range),
            ("RPOP list x", range),
            ("LPOP text -1", range),
            ("LMOVE list b LEFT UP", "ERR syntax error"),
            (
                "LPOP list 1 2",
                "ERR wrong number of arguments for 'lpop' command",
            ),
            (
                "LPUSH list",
                "ERR wrong number of arguments for 'lpush' command",
            ),
        ],
    );
    assert_eq!(all(&mut c, "list"), ["a"]);
}

#[test]
fn lists_survive_a_restart_in_every_size() {
    let mut server = Server::start();
    let samples = samples();
    let mut c = server.client();
    for (at, elements) in samples.iter().enumerate() {
        fill(&mut c, &format!("k{at}"), elements);
    }
    server.restart();
    let mut c = server.client();
    for (at, elements) in samples.iter().enumerate() {
        assert!(all(&mut c, &format!("k{at}")) == *elements);
    }
}

#[test]
fn an_element_above_the_limit_is_refused_and_changes_nothing() {
    const LIMIT: usize = 8 << 20;
    let server = Server::start();
    let mut c = server.client();
    let push = |c: &mut redis::Connection, len: usize| {
        let element = vec![b'x'; len];
        redis::cmd("RPUSH")
            .arg("k")
            .arg("a")
            .arg(element)
            .query::<u64>(c)
    };
    assert_eq!(push(&mut c, LIMIT).expect("the longest"), 2);
    let error = push(&mut c, LIMIT + 1).expect_err("one byte more");
    assert!(error.to_string().contains("8388608"), "{error}");
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 2);
    let longest: Vec<u8> = redis::cmd("LINDEX")
        .arg("k")
        .arg(1)
        .query(&mut c)
        .expect("it");
    assert_eq!(longest.len(), LIMIT);
}
