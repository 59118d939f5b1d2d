//! CONFIG GET and CONFIG SET.

use crate::config::choice::{Fsync, Origin};
use crate::config::error::ConfigSetError;
use crate::config::settings::Config;

fn get(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
    let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let replies = config.get(&patterns).into_iter();
    replies
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

fn value(config: &Config, name: &str) -> String {
    get(config, &[name]).pop().unwrap().1
}

fn set(config: &Config, pairs: &[(&str, &str)]) -> Result<Vec<&'static str>, String> {
    let pairs: Vec<(&[u8], &[u8])> = pairs
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let changes = config
        .set(&pairs, Origin::Remote)
        .map_err(|error| error.to_string())?;
    Ok(changes
        .directives()
        .map(|directive| directive.name)
        .collect())
}

#[test]
fn get_shows_names_and_aliases_once() {
    let config = Config::new();
    let replies = get(&config, &["maxmemory", "maxmemory*", "bind", "*of"]);
    let mut names: Vec<&str> = replies.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "maxmemory",
        "maxmemory-samples",
        "maxmemory-clients",
        "bind",
        "slaveof",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn get_shows_a_plain_name_as_it_was_written() {
    let config = Config::new();
    assert_eq!(
        get(&config, &["MAXMEMORY", "maxmemory"]),
        [("MAXMEMORY".into(), "0".into())]
    );
    assert_eq!(get(&config, &["nonesuch"]), []);
}

#[test]
fn get_shows_hidden_directives_only_by_name() {
    let config = Config::new();
    assert_eq!(value(&config, "key-load-delay"), "0");
    assert!(
        get(&config, &["*"])
            .iter()
            .all(|(name, _)| name != "key-load-delay")
    );
    assert!(get(&config, &["key-load-dela?"]).is_empty());
}

#[test]
fn set_changes_several_or_none() {
    let config = Config::new();
    let changed = set(
        &config,
        &[
            ("maxmemory", "1mb"),
            ("APPENDFSYNC", "always"),
            ("hz", "10"),
        ],
    );
    assert_eq!(changed, Ok(vec!["maxmemory", "appendfsync"]));
    assert_eq!(config.maxmemory.get(), 1 << 20);
    assert_eq!(config.appendfsync.get(), Fsync::Always);
    let refused = set(
        &config,
        &[("maxmemory", "2mb"), ("maxmemory-clients", "200%")],
    );
    assert_eq!(
        refused.unwrap_err(),
        "CONFIG SET failed (possibly related to argument 'maxmemory-clients') - \
         percentage argument must be less or equal to 100"
    );
    assert_eq!(config.maxmemory.get(), 1 << 20);
}

#[test]
fn set_refuses_what_redis_refuses() {
    let config = Config::new();
    let failed = |name: &str, reason: &str| {
        format!("CONFIG SET failed (possibly related to argument '{name}') - {reason}")
    };
    assert_eq!(
        set(&config, &[("port", "x"), ("nonesuch", "1")]).unwrap_err(),
        "Unknown option or number of arguments for CONFIG SET - 'nonesuch'"
    );
    assert_eq!(
        set(&config, &[("Daemonize", "yes"), ("nonesuch", "1")]).unwrap_err(),
        failed("Daemonize", "can't set immutable config")
    );
    assert_eq!(
        set(&config, &[("port", "1"), ("PORT", "2")]).unwrap_err(),
        failed("PORT", "duplicate parameter")
    );
    assert_eq!(
        set(&config, &[("dbfilename", "x")]).unwrap_err(),
        failed("dbfilename", "can't set protected config")
    );
    assert_eq!(
        set(&config, &[("PORT", "abc")]).unwrap_err(),
        failed("port", "argument couldn't be parsed into an integer")
    );
    assert_eq!(
        set(&config, &[("partitions", "2")]).unwrap_err(),
        failed("partitions", "can't set immutable config")
    );
    assert_eq!(value(&config, "port"), "6379");
}

#[test]
fn dir_is_protected_before_it_is_immutable() {
    let config = Config::new();
    let refusal = |config: &Config| set(config, &[("dir", "/")]).unwrap_err();
    assert!(refusal(&config).ends_with("can't set protected config"));
    let (_, enable) = crate::config::table::find(b"enable-protected-configs").unwrap();
    config.store(enable, crate::config::value::Value::Choice(1));
    assert!(refusal(&config).ends_with("can't set immutable config"));
}

#[test]
fn protected_directives_follow_the_origin() {
    let config = Config::new();
    let (_, enable) = crate::config::table::find(b"enable-protected-configs").unwrap();
    config.store(enable, crate::config::value::Value::Choice(2));
    let pair: [(&[u8], &[u8]); 1] = [(b"dbfilename", b"x.rdb")];
    assert!(matches!(
        config.set(&pair, Origin::Remote),
        Err(ConfigSetError::Refused { .. })
    ));
    assert!(
        config
            .set(&pair, Origin::Local)
            .unwrap()
            .contains("dbfilename")
    );
    assert_eq!(value(&config, "dbfilename"), "x.rdb");
}

#[test]
fn a_name_and_its_alias_are_set_in_order() {
    let config = Config::new();
    let pairs = [
        ("hash-max-listpack-entries", "20"),
        ("hash-max-ziplist-entries", "21"),
    ];
    assert!(set(&config, &pairs).is_ok());
    assert_eq!(value(&config, "hash-max-listpack-entries"), "21");
    assert_eq!(value(&config, "hash-max-ziplist-entries"), "21");
}

#[test]
fn set_replaces_save_points_and_keeps_other_classes() {
    let config = Config::new();
    set(
        &config,
        &[
            ("save", "3000 5"),
            ("client-output-buffer-limit", "slave 1 2 3"),
        ],
    )
    .unwrap();
    assert_eq!(value(&config, "save"), "3000 5");
    assert_eq!(
        value(&config, "client-output-buffer-limit"),
        "normal 0 0 0 slave 1 2 3 pubsub 33554432 8388608 60"
    );
    set(&config, &[("save", "")]).unwrap();
    assert_eq!(value(&config, "save"), "");
}

#[test]
fn hz_is_moved_into_its_range() {
    let config = Config::new();
    set(&config, &[("hz", "1000")]).unwrap();
    assert_eq!(value(&config, "hz"), "500");
    set(&config, &[("hz", "0")]).unwrap();
    assert_eq!(config.hz.get(), 1);
}

#[test]
fn a_failed_application_restores_everything() {
    let config = Config::new();
    let pairs: [(&[u8], &[u8]); 2] = [(b"maxmemory", b"5"), (b"port", b"7000")];
    let refused = config.set_and_apply(&pairs, Origin::Local, |changes| {
        assert!(changes.contains("port") && !changes.contains("bind"));
        assert_eq!(config.port.get(), 7000);
        Err((
            "port",
            "Unable to listen on this port. Check server logs.".into(),
        ))
    });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "CONFIG SET failed (possibly related to argument 'port') - \
         Unable to listen on this port. Check server logs."
    );
    assert_eq!((config.port.get(), config.maxmemory.get()), (6379, 0));
}

#[test]
fn every_mutable_value_can_be_set_to_what_it_is() {
    let config = Config::new();
    for (name, value) in get(&config, &["*"]) {
        let (_, directive) = crate::config::table::find(name.as_bytes()).unwrap();
        if directive.is_mutable() && directive.mutability != crate::config::Mutability::Protected {
            assert_eq!(
                set(&config, &[(&name, &value)]),
                Ok(vec![]),
                "{name} {value}"
            );
        }
    }
}

/// What a redis-server of version 7.0 answers to the same.
#[test]
fn a_zero_byte_ends_texts_and_sizes_but_not_passwords_and_integers() {
    let config = Config::new();
    let set = |name: &[u8], value: &[u8]| {
        let set = config.set(&[(name, value)], Origin::Remote);
        set.map(|_| ()).map_err(|error| error.text())
    };
    set(b"maxmemory", b"100m\0x").unwrap();
    assert_eq!(config.maxmemory.get(), 100_000_000);
    set(b"appendfsync", b"no\0x").unwrap();
    assert_eq!(config.appendfsync.get(), Fsync::No);
    set(b"masteruser", b"a\0b").unwrap();
    assert_eq!(value(&config, "masteruser"), "a");
    set(b"requirepass", b"a\0b").unwrap();
    assert_eq!(*config.requirepass.get(), *b"a\0b");
    set(b"maxmemory-clients", b"5\0%").unwrap();
    assert_eq!(value(&config, "maxmemory-clients"), "5");
    let integer = set(b"hz", b"10\0x").unwrap_err();
    assert!(integer.ends_with(b"argument couldn't be parsed into an integer"));
    let unknown = b"Unknown option or number of arguments for CONFIG SET - 'no\xff'";
    assert_eq!(set(b"no\xff\0x", b"1").unwrap_err(), unknown);
    let unknown = b"Unknown option or number of arguments for CONFIG SET - 'maxmemory'";
    assert_eq!(set(b"maxmemory\0x", b"1").unwrap_err(), unknown);
}
