//! The configuration for machines: `ferrock-server --dump-config-json`.
//!
//! Owns: the shape of that JSON. Invariant: it never holds a secret.
//! Must not know: who reads it. Tests: below.

use serde::Serialize;

use super::directive::{Directive, Status};
use super::settings::Config;
use super::table;
use super::value::{SavePoint, Value};

const REDACTED: &str = "(redacted)";

/// One directive: an element of the array.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    aliases: &'static [&'static str],
    value: Typed<'a>,
    is_default: bool,
    mutability: super::directive::Mutability,
    status: Status,
}

/// A value in JSON's own types where it has one; sizes are bytes.
#[derive(Serialize)]
#[serde(untagged)]
enum Typed<'a> {
    Bool(bool),
    Int(i64),
    Memory(u64),
    Save(&'a [SavePoint]),
    Addresses(&'a [String]),
    Percentiles(&'a [f64]),
    Text(String),
}

impl Config {
    /// Every directive with its value, as a JSON array. Passwords are redacted.
    pub fn dump_json(&self) -> String {
        let values: Vec<(&Directive, Value)> = table::all()
            .map(|directive| (directive, self.value(directive)))
            .collect();
        let entries: Vec<Entry<'_>> = values
            .iter()
            .map(|(directive, value)| Entry {
                name: directive.name,
                aliases: directive.aliases,
                value: typed(directive, value),
                is_default: *value == directive.default_value(&self.cwd),
                mutability: directive.mutability,
                status: directive.status,
            })
            .collect();
        // Strings, numbers and lists of them always serialize.
        serde_json::to_string_pretty(&entries).unwrap_or_default()
    }
}

fn typed<'a>(directive: &Directive, value: &'a Value) -> Typed<'a> {
    match value {
        Value::Text(text) if directive.secret && !text.is_empty() => Typed::Text(REDACTED.into()),
        Value::Bool(on) => Typed::Bool(*on),
        Value::Memory(bytes) => Typed::Memory(*bytes),
        Value::Int(number) if !matches!(directive.kind, super::kind::Kind::Octal { .. }) => {
            Typed::Int(*number)
        }
        Value::Save(points) => Typed::Save(points),
        Value::Addresses(addresses) => Typed::Addresses(addresses),
        Value::Percentiles(percentiles) => Typed::Percentiles(percentiles),
        other => Typed::Text(String::from_utf8_lossy(&other.reply(&directive.kind)).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::choice::Origin;

    fn entry(config: &Config, name: &str) -> serde_json::Value {
        let dump: serde_json::Value = serde_json::from_str(&config.dump_json()).unwrap();
        let entries = dump.as_array().unwrap();
        assert_eq!(entries.len(), table::all().count());
        entries
            .iter()
            .find(|entry| entry["name"] == name)
            .unwrap()
            .clone()
    }

    #[test]
    fn dump_has_typed_values() {
        let config = Config::new();
        config
            .set(&[(b"maxmemory", b"1gb")], Origin::Local)
            .unwrap();
        let maxmemory = entry(&config, "maxmemory");
        assert_eq!(maxmemory["value"], 1u64 << 30);
        assert_eq!(maxmemory["is_default"], false);
        assert_eq!(entry(&config, "protected-mode")["value"], true);
        assert_eq!(entry(&config, "appendfsync")["value"], "everysec");
        assert_eq!(entry(&config, "save")["value"][0]["seconds"], 3600);
        assert_eq!(entry(&config, "unixsocketperm")["value"], "0");
        assert!(entry(&config, "rdbcompression")["status"]["ignored"].is_string());
        assert_eq!(entry(&config, "port")["status"], "effective");
    }

    #[test]
    fn dump_redacts_passwords() {
        let config = Config::new();
        assert_eq!(entry(&config, "requirepass")["value"], "");
        config
            .set(&[(b"requirepass", b"hush")], Origin::Local)
            .unwrap();
        assert_eq!(entry(&config, "requirepass")["value"], REDACTED);
        assert!(!config.dump_json().contains("hush"));
    }
}
