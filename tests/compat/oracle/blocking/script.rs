//! What the clients of a script do: wait, push, end each other's waiting.
//! Invariants: a waiting command is the last of its packet; waits are without end or end within
//! the action. Must not know: servers. Tests: every run.

use crate::compat::oracle::compare::Compare;
use crate::compat::oracle::draw::{Step, expand};
use crate::compat::oracle::grammar::{self, Node};
use crate::compat::oracle::kinds::Scene;
use crate::compat::oracle::known::Known;
use crate::compat::oracle::pair::show_command;
use crate::compat::oracle::pools::collection;
use crate::harness::Random;
use rand::RngExt;
use std::fmt;

/// Clients that may wait; one more only pushes.
pub const WAITING_CLIENTS: usize = 5;

/// Commands that wait.
pub const WAITERS: &[&str] = &[
    "BLPOP ( $lkey ) + $wait",
    "BRPOP ( $lkey ) + $wait",
    "BLPOP $lkey $wait",
    "BLMOVE $lkey $lkey ( LEFT | RIGHT ) ( LEFT | RIGHT ) $wait",
    "BRPOPLPUSH $lkey $lkey $wait",
    "BLMPOP $wait $lkeys ( LEFT | RIGHT ) [ COUNT $smallrank ]",
    "BZPOPMIN ( $zkey ) + $wait",
    "BZPOPMAX ( $zkey ) + $wait",
    "BZMPOP $wait $zkeys ( MIN | MAX ) [ COUNT $smallrank ]",
    "XREAD [ COUNT $count ] BLOCK 0 STREAMS $xkey ( $ | $xid )",
    "XREAD BLOCK 0 STREAMS x1 x2 $ $",
    "XREAD BLOCK 30 STREAMS $xkey $",
    "XREADGROUP GROUP g1 $consumer [ COUNT $count ] BLOCK 0 [ NOACK ] STREAMS xg >",
    "XREADGROUP GROUP g1 $consumer BLOCK 30 STREAMS xg ( > | 0 )",
];

/// Commands that wake, and those that only change what waiters look at.
const PUSHERS: &[&str] = &[
    "RPUSH $lkey $member",
    "LPUSH $lkey $member",
    "RPUSH $lkey $member $member $member",
    "LPUSH $lkey $member $member",
    "RPUSHX $lkey $member",
    "LMOVE $lkey $lkey LEFT RIGHT",
    "RPOPLPUSH $lkey $lkey",
    "LPOP $lkey",
    "LLEN $lkey",
    "DEL $lkey",
    "SET $lkey v",
    "RENAME $lkey $lkey",
    "COPY $lkey $lkey REPLACE",
    "RESTORE $lkey 0 $payload REPLACE",
    "ZADD $zkey $smallscore $member",
    "ZADD $zkey $smallscore $member $smallscore $member",
    "ZINCRBY $zkey $smallscore $member",
    "ZUNIONSTORE $zkey $zsetkeys",
    "ZRANGESTORE $zkey $zkey 0 -1",
    "GEOADD $zkey 13 38 $member",
    // Not under a name of sorted sets: Redis does not announce what a STORE puts over a set.
    "SADD $skey $member",
    "DEL $zkey",
    "RENAME $zkey $zkey",
    "XADD $xkey $xaddid f v",
    "XADD xg $xaddid f v",
    "XADD xg $xaddid f v",
    "XLEN $xkey",
    "FLUSHALL",
    // Not SWAPDB: in which order it wakes those who wait for several keys follows from the order
    // of a hash table of Redis.
    "SELECT 0",
    // What one transaction leaves is what waiters see.
    "MULTI ; RPUSH $lkey a b ; RPUSH $lkey c ; EXEC",
    "MULTI ; RPUSH $lkey a b ; DEL $lkey ; EXEC",
    "MULTI ; LPUSH l1 a ; LPUSH l2 b ; EXEC",
    "MULTI ; BLPOP $lkey 0 ; BZPOPMIN $zkey 0 ; EXEC",
    "MULTI ; BLMOVE $lkey $lkey LEFT LEFT 0 ; EXEC",
    "MULTI ; ZADD z1 1 a ; LPUSH l1 a ; EXEC",
    "MULTI ; XREAD BLOCK 0 STREAMS x1 $ ; EXEC",
];

/// What starts a script: waiters of a group need their group.
pub const OPENING: &str = "XGROUP CREATE xg g1 $ MKSTREAM";

#[derive(Clone, Debug)]
pub enum Action {
    /// A client sends commands in one packet; nothing if it waits.
    Send {
        client: usize,
        commands: Vec<Vec<Vec<u8>>>,
    },
    /// The pushing client ends a client's waiting, by the word given or by default.
    Unblock {
        client: usize,
        word: Option<&'static str>,
    },
    /// A client's connection is killed, waiting or not; it comes back.
    Kill { client: usize },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Send { client, commands } => {
                let shown: Vec<String> = commands.iter().map(|one| show_command(one)).collect();
                write!(f, "client {client}: {}", shown.join(" ; "))
            }
            Action::Unblock { client, word } => {
                write!(
                    f,
                    "CLIENT UNBLOCK of client {client} {}",
                    word.unwrap_or("")
                )
            }
            Action::Kill { client } => write!(f, "CLIENT KILL of client {client}"),
        }
    }
}

/// Draws actions.
pub struct Writer {
    waiters: Vec<Vec<Node>>,
    pushers: Vec<Vec<Vec<Node>>>,
    draws: u64,
}

impl Writer {
    /// A writer of what both servers know; nothing if they know no command that waits.
    pub fn new(known: &Known) -> Option<Writer> {
        let parse = |line: &'static str| -> Vec<Vec<Node>> {
            line.split(" ; ").map(grammar::parse).collect()
        };
        let waiters = WAITERS.iter().filter(|line| known.knows(line));
        let waiters: Vec<Vec<Node>> = waiters.map(|line| grammar::parse(line)).collect();
        let all_known = |line: &&&'static str| line.split(" ; ").all(|one| known.knows(one));
        let pushers = PUSHERS.iter().filter(all_known).map(|line| parse(line));
        (!waiters.is_empty()).then(|| Writer {
            waiters,
            pushers: pushers.collect(),
            draws: 0,
        })
    }

    pub fn action(&mut self, random: &mut Random) -> Action {
        let client = random.random_range(0..WAITING_CLIENTS);
        match random.random_range(0..100) {
            0..45 => {
                let at = random.random_range(0..self.waiters.len());
                let waiter = self.expand(|writer| &writer.waiters[at], random);
                Action::Send {
                    client,
                    commands: vec![waiter],
                }
            }
            45..92 => {
                let at = random.random_range(0..self.pushers.len());
                let count = self.pushers[at].len();
                let one = |part| self.expand(|writer| &writer.pushers[at][part], random);
                Action::Send {
                    client: WAITING_CLIENTS,
                    commands: (0..count).map(one).collect(),
                }
            }
            92..99 => Action::Unblock {
                client,
                word: [None, Some("TIMEOUT"), Some("ERROR")][random.random_range(0..3)],
            },
            _ => Action::Kill { client },
        }
    }

    fn expand(
        &mut self,
        nodes: impl Fn(&Writer) -> &Vec<Node>,
        random: &mut Random,
    ) -> Vec<Vec<u8>> {
        self.draws += 1;
        let scene = Scene {
            focus: &[collection::LIST_KEYS],
            draws: self.draws * 10,
        };
        let mut step = Step::new(Vec::new(), Compare::Exact);
        expand(nodes(self), random, &scene, &mut step);
        step.arguments
    }
}
