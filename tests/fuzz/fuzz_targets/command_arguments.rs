//! Every data command of the table against any arguments.
//!
//! The input is a sequence of commands: which row, then its arguments, each a word of the row's own
//! syntax, a common word (keys of every type, numbers at the edges), or raw bytes. A whole server
//! runs in this process, so that a panic anywhere ends the run; what is checked besides is that
//! every command is answered with one reply, which is well-formed. Commands that may wait for
//! others run in a transaction, where they do not.
#![no_main]

use ferrock::command::{Flags, Handler};
use ferrock::commands;
use ferrock::config::{CommandLine, Config};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Commands of an input; what follows is not read.
const COMMANDS_MAX: usize = 16;
/// Arguments of a command; what follows is the next command.
const ARGUMENTS_MAX: usize = 24;
/// The server needs less, also on a machine that does other work.
const START_S: u64 = 30;

/// Keys of every type, a missing one, values, and numbers where something ends.
const WORDS: &[&str] = &[
    "string",
    "number",
    "list",
    "hash",
    "set",
    "zset",
    "stream",
    "geo",
    "sketch",
    "missing",
    "a",
    "b",
    "c",
    "d",
    "group",
    "consumer",
    "f",
    "*",
    "$",
    ">",
    "-",
    "+",
    "(a",
    "[b",
    "(1",
    "~",
    "=",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "10",
    "63",
    "64",
    "100",
    "0-0",
    "1-1",
    "1-2",
    "5-0",
    "inf",
    "-inf",
    "nan",
    "1.5",
    "-0",
    "1e300",
    "13.361389",
    "38.115556",
    "u8",
    "i64",
    "u63",
    "#1",
    "4095",
    "2147483647",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615-18446744073709551615",
    "",
    "FIELDS",
    "IDS",
    "KEYS",
];

/// What is there before each input.
const BEFORE: &[&str] = &[
    "FLUSHALL",
    "SET string some-text-that-is-longer-than-a-word",
    "SET number 41",
    "RPUSH list a b c 1 2 3",
    "HSET hash a 1 b 2 c 3 f 4",
    "HEXPIRE hash 1000 FIELDS 1 c",
    "SADD set a b c d 1",
    "ZADD zset 1 a 1.5 b 2 c 2 d",
    "XADD stream 1-1 f a",
    "XADD stream 1-2 f b",
    "XGROUP CREATE stream group 0",
    "XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >",
    "GEOADD geo 13.361389 38.115556 a 15.087269 37.502669 b",
    "PFADD sketch a b c",
];

/// A row that is tried, and the words of its syntax.
struct Tried {
    name: Vec<&'static str>,
    words: Vec<&'static str>,
    waits: bool,
}

static TRIED: LazyLock<Vec<Tried>> = LazyLock::new(|| {
    let data = |handler: &Handler| {
        matches!(
            handler,
            Handler::Read(_) | Handler::Write(_) | Handler::Memo { .. }
        )
    };
    let rows = commands::numbered().iter();
    let rows = rows.filter(|row| data(&row.spec.handler));
    let tried = rows.map(|row| Tried {
        name: row.full_name.split('|').collect(),
        words: row
            .spec
            .syntax
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()))
            .collect(),
        waits: row.spec.flags().has(Flags::BLOCKING),
    });
    tried.collect()
});

thread_local! {
    static CLIENT: RefCell<Client> = RefCell::new(Client::start());
}

struct Client {
    stream: BufReader<UnixStream>,
    /// The server's; removed when the run ends.
    _directory: TempDir,
}

impl Client {
    /// Starts a server of its own in this process, once, and connects.
    fn start() -> Client {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("socket");
        let text = |path: &std::path::Path| path.to_str().expect("a readable path").to_owned();
        let line = [
            "ferrock-server",
            "--port",
            "0",
            "--unixsocket",
            &text(&socket),
            "--dir",
            &text(directory.path()),
            "--maxmemory",
            "256mb",
            "--loglevel",
            "warning",
            "--appendfsync",
            "no",
        ];
        let line = line.into_iter().map(std::ffi::OsString::from);
        let Ok(CommandLine::Run(startup)) = Config::from_command_line(line) else {
            panic!("the command line is sound")
        };
        let serve = move || ferrock::server::run(*startup, "ferrock-server".as_ref());
        std::thread::spawn(serve);
        let until = Instant::now() + Duration::from_secs(START_S);
        loop {
            if let Ok(stream) = UnixStream::connect(&socket) {
                return Client {
                    stream: BufReader::new(stream),
                    _directory: directory,
                };
            }
            assert!(Instant::now() < until, "the server has not started");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends all commands at once, then reads a reply of each.
    fn run(&mut self, commands: &[Vec<Vec<u8>>]) {
        let mut bytes = Vec::new();
        for command in commands {
            bytes.extend_from_slice(format!("*{}\r\n", command.len()).as_bytes());
            for argument in command {
                bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
                bytes.extend_from_slice(argument);
                bytes.extend_from_slice(b"\r\n");
            }
        }
        let stream = self.stream.get_mut();
        stream.write_all(&bytes).expect("the server reads");
        for _ in commands {
            self.reply();
        }
        assert!(
            self.stream.buffer().is_empty(),
            "more replies than commands"
        );
    }

    /// Reads one reply of RESP2, whatever it says.
    fn reply(&mut self) {
        let mut open = 1u64;
        while open > 0 {
            open -= 1;
            let mut line = Vec::new();
            self.stream.read_until(b'\n', &mut line).expect("a line");
            // Errors quote what they were sent.
            let line = String::from_utf8_lossy(&line);
            let line = line.strip_suffix("\r\n").expect("the end of a line");
            let (kind, rest) = line.split_at_checked(1).expect("the kind of a reply");
            let number = || rest.parse::<i64>().expect("a number");
            match kind {
                "+" | "-" => {}
                ":" => drop(number()),
                "*" => open += number().max(0) as u64,
                "$" if number() < 0 => assert_eq!(number(), -1),
                "$" => {
                    let mut text = vec![0; number() as usize + 2];
                    self.stream.read_exact(&mut text).expect("a bulk string");
                    assert!(text.ends_with(b"\r\n"));
                }
                _ => panic!("what is `{line}`?"),
            }
        }
    }
}

fn words(command: &str) -> Vec<Vec<u8>> {
    command.split(' ').map(|word| word.into()).collect()
}

/// The commands that the bytes mean.
fn commands_of(mut data: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut commands: Vec<_> = BEFORE.iter().map(|command| words(command)).collect();
    for _ in 0..COMMANDS_MAX {
        let Some((&row, rest)) = data.split_first() else {
            break;
        };
        data = rest;
        let row = &TRIED[usize::from(row) % TRIED.len()];
        let mut command: Vec<Vec<u8>> = row.name.iter().map(|&word| word.into()).collect();
        for _ in 0..ARGUMENTS_MAX {
            let Some((&kind, rest)) = data.split_first() else {
                break;
            };
            data = rest;
            let at = usize::from(kind);
            match kind {
                0..=0x7f => command.push(WORDS[at % WORDS.len()].into()),
                0x80..=0xdf if row.words.is_empty() => {}
                0x80..=0xdf => command.push(row.words[at % row.words.len()].into()),
                0xe0..=0xf7 => {
                    let (raw, rest) = data.split_at(data.len().min(at & 0x1f));
                    command.push(raw.into());
                    data = rest;
                }
                _ => break,
            }
        }
        if row.waits {
            commands.push(words("MULTI"));
            commands.push(command);
            commands.push(words("EXEC"));
        } else {
            commands.push(command);
        }
    }
    commands
}

fuzz_target!(|data: &[u8]| {
    let commands = commands_of(data);
    CLIENT.with_borrow_mut(|client| client.run(&commands));
});
