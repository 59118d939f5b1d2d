//! Two servers with the same clients, some of whom wait.
//! Invariants: who waits is asked of the servers (`CLIENT LIST`), not guessed from silence.
//! Must not know: what commands do. Tests: every run.

use super::script::{Action, OPENING, WAITING_CLIENTS};
use crate::compat::oracle::look::key;
use crate::compat::oracle::tree::{self, Tree};
use crate::harness::{Raw, Server, pack, wait, wire};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long to listen for a reply before asking whether the client waits.
const LISTEN: Duration = Duration::from_millis(2);
/// How long ours may take to wake those whom Redis has woken.
const WAKE_PATIENCE: Duration = Duration::from_secs(5);

struct Client {
    raw: Raw,
    id: i64,
}

/// One server with its clients and a connection that asks and is never blocked.
struct Side<'a> {
    server: &'a Server,
    clients: Vec<Client>,
    control: Raw,
    protocol: u8,
}

impl<'a> Side<'a> {
    fn new(server: &'a Server, protocol: u8) -> Side<'a> {
        let mut control = server.raw();
        control.expect("FLUSHALL", "+OK");
        let mut side = Side {
            server,
            clients: Vec::new(),
            control,
            protocol,
        };
        side.clients = (0..=WAITING_CLIENTS).map(|_| side.connect()).collect();
        side
    }

    fn connect(&self) -> Client {
        let mut raw = self.server.raw();
        raw.line(&format!("HELLO {}", self.protocol));
        let id = wire::integer(&raw.line("CLIENT ID")).expect("CLIENT ID gives a number");
        Client { raw, id }
    }

    /// The clients that wait, by number.
    fn waiting(&mut self) -> BTreeSet<usize> {
        let reply = self.control.line("CLIENT LIST");
        let list = String::from_utf8_lossy(wire::payload(&reply).expect("a list")).into_owned();
        let is_waiting = |line: &&str| {
            let mut fields = line.split(' ').filter_map(|field| field.split_once('='));
            fields.any(|(name, value)| name == "flags" && value.contains('b'))
        };
        let ids: BTreeSet<String> = list
            .lines()
            .filter(is_waiting)
            .filter_map(|line| line.split(' ').next()?.strip_prefix("id="))
            .map(str::to_string)
            .collect();
        let waits = |number: &usize| ids.contains(&self.clients[*number].id.to_string());
        (0..self.clients.len()).filter(waits).collect()
    }

    /// The replies to what a client has just sent: fewer than `count` if it waits.
    fn replies(&mut self, client: usize, count: usize) -> Vec<Vec<u8>> {
        let mut replies = Vec::new();
        let done = wait::within(wait::PATIENCE, || {
            while replies.len() < count {
                match self.clients[client].raw.reply_within(LISTEN) {
                    Some(reply) => replies.push(reply),
                    None => return self.waiting().contains(&client),
                }
            }
            true
        });
        assert!(done, "client {client} neither got its reply nor waits");
        replies
    }
}

pub struct Stage<'a> {
    ours: Side<'a>,
    theirs: Side<'a>,
    waiting: BTreeSet<usize>,
    woken: u64,
}

impl<'a> Stage<'a> {
    pub fn new(ours: &'a Server, theirs: &'a Server, protocol: u8) -> Stage<'a> {
        let mut stage = Stage {
            ours: Side::new(ours, protocol),
            theirs: Side::new(theirs, protocol),
            waiting: BTreeSet::new(),
            woken: 0,
        };
        for side in [&mut stage.ours, &mut stage.theirs] {
            side.control.line(OPENING);
        }
        stage
    }

    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Send { client, commands } => match self.waiting.contains(client) {
                true => Ok(()),
                false => self.send(*client, commands),
            },
            Action::Unblock { client, word } => {
                let line = |side: &Side| {
                    let id = side.clients[*client].id;
                    format!("CLIENT UNBLOCK {id} {}", word.unwrap_or(""))
                };
                let (ours, theirs) = (line(&self.ours), line(&self.theirs));
                let ours = self.ours.control.line(&ours);
                let theirs = self.theirs.control.line(&theirs);
                agree("CLIENT UNBLOCK", &ours, &theirs)?;
                self.settle()
            }
            Action::Kill { client } => self.kill(*client),
        }
    }

    fn send(&mut self, client: usize, commands: &[Vec<Vec<u8>>]) -> Result<(), String> {
        let bytes: Vec<u8> = commands.iter().flat_map(|command| pack(command)).collect();
        let mut replies = Vec::new();
        for side in [&mut self.ours, &mut self.theirs] {
            side.clients[client].raw.send(&bytes);
            replies.push(side.replies(client, commands.len()));
            if ends_by_itself(commands) && replies.last().is_some_and(Vec::is_empty) {
                let reply = side.clients[client].raw.reply();
                replies.last_mut().expect("just pushed").push(reply);
            }
        }
        let (theirs, ours) = (
            replies.pop().unwrap_or_default(),
            replies.pop().unwrap_or_default(),
        );
        if ours.len() != theirs.len() {
            return Err(format!(
                "   ours: {} replies\n  redis: {} replies",
                ours.len(),
                theirs.len()
            ));
        }
        for (ours, theirs) in ours.iter().zip(&theirs) {
            agree("reply", ours, theirs)?;
        }
        if ours.len() < commands.len() {
            self.waiting.insert(client);
        }
        self.settle()
    }

    /// Everyone whom Redis has woken is woken by ours too, with the same reply.
    fn settle(&mut self) -> Result<(), String> {
        let still = self.theirs.waiting();
        let ours = &mut self.ours;
        if !wait::within(WAKE_PATIENCE, || ours.waiting() == still) {
            let ours = self.ours.waiting();
            return Err(format!("   ours: {ours:?} wait\n  redis: {still:?} wait"));
        }
        let woken: Vec<usize> = self.waiting.difference(&still).copied().collect();
        self.waiting = still;
        for client in woken {
            self.woken += 1;
            let ours = self.ours.clients[client].raw.reply();
            let theirs = self.theirs.clients[client].raw.reply();
            if !lost_its_group(&ours, &theirs) {
                agree(&format!("client {client} was woken"), &ours, &theirs)?;
            }
        }
        Ok(())
    }

    fn kill(&mut self, client: usize) -> Result<(), String> {
        for side in [&mut self.ours, &mut self.theirs] {
            let line = format!("CLIENT KILL ID {}", side.clients[client].id);
            side.control.expect(&line, ":1");
            side.clients[client].raw.expect_closed();
            side.clients[client] = side.connect();
        }
        self.waiting.remove(&client);
        self.settle()
    }

    /// Ends all waiting, compares what is left in both servers, and tells how many were woken.
    pub fn finish(&mut self) -> Result<u64, String> {
        for client in self.waiting.clone() {
            self.act(&Action::Unblock { client, word: None })?;
        }
        for database in 0..2 {
            let select = format!("SELECT {database}");
            let ours = &mut self.ours.control;
            let theirs = &mut self.theirs.control;
            agree(&select, &ours.line(&select), &theirs.line(&select))?;
            let (our_keys, their_keys) = (ours.line("KEYS *"), theirs.line("KEYS *"));
            let set = |reply: &[u8]| -> BTreeSet<Vec<u8>> {
                wire::elements(reply)
                    .into_iter()
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            if set(&our_keys) != set(&their_keys) {
                agree("KEYS *", &our_keys, &their_keys)?;
            }
            for name in wire::elements(&their_keys) {
                let name = wire::payload(name).expect("a key");
                let kind = theirs.command(&[b"TYPE", name]);
                for step in contents(name, &kind) {
                    let (ours, theirs) = (ours.command(&step), theirs.command(&step));
                    let same = tree::same_but_clocks(&Tree::parse(&ours), &Tree::parse(&theirs));
                    if !same {
                        agree(&wire::show(name), &ours, &theirs)?;
                    }
                }
            }
        }
        Ok(self.woken)
    }
}

/// Commands that read a value whose order is promised.
fn contents(name: &[u8], kind: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let kind = &kind[1..kind.len() - 2];
    if !matches!(kind, b"list" | b"zset" | b"stream") {
        return Vec::new();
    }
    let steps = key::whole(name, kind)
        .into_iter()
        .map(|step| step.arguments);
    // How a value is stored, and XINFO's names for that, are the subject of other runs.
    steps
        .filter(|step| !matches!(step[0].as_slice(), b"OBJECT" | b"XINFO"))
        .collect()
}

/// Whether a command's own time ends its waiting.
fn ends_by_itself(commands: &[Vec<Vec<u8>>]) -> bool {
    let ends = |word: &Vec<u8>| word == b"30" || word == b"0.03";
    commands.iter().flatten().any(ends)
}

/// Whether a reader of a group is told that its key has gone: by Redis 7.0 in words of its own,
/// by later ones as if it asked only now.
fn lost_its_group(ours: &[u8], theirs: &[u8]) -> bool {
    ours.starts_with(b"-NOGROUP ") && theirs == b"-UNBLOCKED the stream key no longer exists\r\n"
}

fn agree(what: &str, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    match tree::same_values(&Tree::parse(ours), &Tree::parse(theirs)) {
        true => Ok(()),
        false => Err(format!(
            "{what}\n   ours: {}\n  redis: {}",
            wire::show(ours),
            wire::show(theirs)
        )),
    }
}
