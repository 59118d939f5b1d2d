//! Debian's package records through `redis-cli --pipe`: one key per package and field.
//! Invariants: every byte is read back, before and after kill -9. Must not know: the server.
//! Tests: this file. `FERROCK_ARCHIVE_RECORDS` sets how many records are taken.

use crate::harness::{Server, pack, seed, tool, wire};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const RECORDS: u64 = 3000;
const READ_BATCH: usize = 500;

/// Where apt keeps archive indices, and where dpkg keeps its own records.
const APT_LISTS: &str = "/var/lib/apt/lists";
const DPKG_STATUS: &str = "/var/lib/dpkg/status";

/// The text of the largest package index at hand.
fn index_text() -> Option<Vec<u8>> {
    let lists = fs::read_dir(APT_LISTS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let is_index = |path: &PathBuf| path.to_string_lossy().contains("_Packages");
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
    let largest = lists.filter(is_index).max_by_key(size);
    largest
        .and_then(|path| decompressed(&path))
        .or_else(|| fs::read(DPKG_STATUS).ok())
}

/// apt's own tool reads an index however it is compressed.
fn decompressed(path: &Path) -> Option<Vec<u8>> {
    let mut command = Command::new("/usr/lib/apt/apt-helper");
    command.arg("cat-file").arg(path);
    let output = command.output().ok()?;
    (output.status.success() && !output.stdout.is_empty()).then_some(output.stdout)
}

/// One key per package and field; a field's value keeps its continuation lines.
fn fields(text: &[u8], records_max: usize) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let mut keys = BTreeMap::new();
    for (number, record) in text.split("\n\n").take(records_max).enumerate() {
        let mut package = String::new();
        let mut current: Option<Vec<u8>> = None;
        for line in record.lines() {
            if let (Some(key), true) = (&current, line.starts_with([' ', '\t'])) {
                let value: &mut Vec<u8> = keys.entry(key.clone()).or_default();
                value.push(b'\n');
                value.extend_from_slice(line.as_bytes());
            } else if let Some((name, value)) = line.split_once(':') {
                let value = value.trim_start();
                if name == "Package" {
                    package = value.to_string();
                }
                let key = format!("deb:{{{package}}}:{number}:{name}").into_bytes();
                keys.insert(key.clone(), value.as_bytes().to_vec());
                current = Some(key);
            }
        }
    }
    keys
}

fn assert_reads_back(server: &Server, fields: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut c = server.raw();
    c.expect("DBSIZE", &format!(":{}", fields.len()));
    let keys: Vec<&Vec<u8>> = fields.keys().collect();
    for batch in keys.chunks(READ_BATCH) {
        let mut command: Vec<&[u8]> = vec![b"MGET"];
        command.extend(batch.iter().map(|key| key.as_slice()));
        let reply = c.command(&command);
        for (key, value) in batch.iter().zip(wire::elements(&reply)) {
            let (value, expected) = (wire::payload(value), fields[*key].as_slice());
            assert!(
                value == Some(expected),
                "{} came back changed",
                wire::show(key)
            );
        }
    }
}

#[test]
fn archive_records_survive_pipe_and_kill() {
    let Some(text) = index_text() else {
        println!("skipped: no package records on this machine");
        return;
    };
    let records = seed::number_from("FERROCK_ARCHIVE_RECORDS", RECORDS) as usize;
    let fields = fields(&text, records);
    assert!(
        fields.len() > 1000,
        "only {} fields in the package records",
        fields.len()
    );
    let input: Vec<u8> = fields
        .iter()
        .flat_map(|(key, value)| pack(&[b"SET", &key[..], value]))
        .collect();
    println!(
        "archive: {} keys, {} bytes of commands",
        fields.len(),
        input.len()
    );

    let mut server = Server::start();
    let summary = tool::redis_cli_with(server.port(), &["--pipe"], &input);
    assert!(
        summary.contains(&format!("errors: 0, replies: {}", fields.len())),
        "{summary}"
    );
    assert_reads_back(&server, &fields);
    server.kill();
    tool::assert_clean(&server.directory());
    server.restart();
    assert_reads_back(&server, &fields);
    let keys = server.cli(&["--scan", "--pattern", "deb:*:Package"]);
    let packages = fields
        .keys()
        .filter(|key| key.ends_with(b":Package"))
        .count();
    assert_eq!(keys.lines().count(), packages);
}
