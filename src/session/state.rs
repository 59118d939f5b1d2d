//! Owns the state of one connection that commands see, and the services they may call.
//! Invariants: only the connection's own task touches a `Session`; what others may see of it is in
//! its `ClientInfo`. Must not know: sockets. Tests: black box.

use super::forecast::Forecast;
use super::monitors::{Feed, Monitors};
use super::pause::Pause;
use super::registry::{ClientInfo, ClientRegistry};
use super::tally::Tally;
use crate::config::Config;
use crate::log::Log;
use crate::metrics::{Counter, Metrics};
use crate::resp::{OwnedRequest, RespVersion};
use crate::wait::{Served, Waiting};
use crate::watch::{WatchList, Watches};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::Store;
use storage::memory::MemoryController;
use tokio::sync::Notify;

/// Everything of the server that a command may use.
pub struct Services {
    /// The live configuration.
    pub config: Arc<Config>,
    /// The log, whose level CONFIG SET changes.
    pub log: Log,
    /// The data.
    pub store: Arc<Store>,
    /// Who holds the process to `maxmemory`.
    pub memory: Arc<MemoryController>,
    /// Connected clients.
    pub clients: ClientRegistry,
    /// Clients that wait for keys.
    pub waiting: Waiting<Served>,
    /// Whether commands are held back.
    pub pause: Pause,
    /// Who is told of every command.
    pub monitors: Monitors,
    /// Keys under WATCH.
    pub watches: Arc<Watches>,
    /// Counters behind INFO.
    pub metrics: Metrics,
    /// What commits brought about.
    pub changes: Arc<ChangeCounts>,
    /// 40 hex digits, new at every start, as Redis's `run_id`.
    pub run_id: String,
    /// The port in use (differs from the directive when that is 0).
    pub port: u16,
    /// Start of the process, ms since the epoch.
    pub started_ms: u64,
    /// Whether systemd watches over the process.
    pub supervised: bool,
    /// Told when a client asks for SHUTDOWN.
    pub shutdown: Notify,
    /// Whether periodic work is left out (DEBUG PAUSE-CRON).
    pub cron_paused: AtomicBool,
}

/// What the commit observer counts.
#[derive(Debug, Default)]
pub struct ChangeCounts {
    /// Changes of keys since the last SAVE.
    pub since_save: Counter,
    /// Keys whose time had come and that were deleted.
    pub expired_keys: Counter,
}

/// Whether replies go out (CLIENT REPLY).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyMode {
    On,
    Off,
    /// The next command's reply is not sent.
    SkipNext,
    /// The running command's reply is not sent.
    Skip,
}

/// One connection's state.
pub struct Session {
    /// What others see.
    pub client: Arc<ClientInfo>,
    /// What it may use.
    pub services: Arc<Services>,
    /// Selected database.
    pub db: u32,
    /// Protocol version.
    pub resp: RespVersion,
    /// Passed AUTH, or no password is set.
    pub authenticated: bool,
    /// CLIENT REPLY.
    pub reply_mode: ReplyMode,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
    /// Between MULTI and EXEC: what was queued.
    pub multi: Option<Box<Multi>>,
    /// WATCH.
    pub watched: WatchList,
    /// Whether its next read will need the disk.
    pub forecast: Forecast,
    /// What its commands have counted.
    pub tally: Tally,
    /// MONITOR: what others send.
    pub monitor: Option<Feed>,
}

/// Commands queued by MULTI.
#[derive(Debug, Default)]
pub struct Multi {
    /// Number in the command table, and request.
    pub queue: Vec<(usize, OwnedRequest)>,
    /// Bytes of the requests.
    pub bytes: usize,
    /// A command was refused, so EXEC will be as well.
    pub aborted: bool,
}

impl Session {
    /// A fresh connection.
    pub fn new(client: Arc<ClientInfo>, services: Arc<Services>) -> Session {
        let authenticated = services.config.requirepass.is_empty();
        let watched = WatchList::new(&services.watches);
        Session {
            client,
            services,
            db: 0,
            resp: RespVersion::Resp2,
            authenticated,
            reply_mode: ReplyMode::On,
            no_touch: false,
            multi: None,
            watched,
            forecast: Forecast::default(),
            tally: Tally::default(),
            monitor: None,
        }
    }

    /// Lets the server's counters know what this connection's commands have counted.
    #[inline]
    pub fn settle(&mut self) {
        self.tally.settle(&self.services.metrics);
    }

    /// Whether it may run commands: it passed AUTH, or no password is set any more.
    #[inline]
    pub fn is_authenticated(&self) -> bool {
        self.authenticated || self.services.config.requirepass.is_empty()
    }

    /// Selects a database.
    pub fn select(&mut self, db: u32) {
        self.db = db;
        self.client.db.store(db, Ordering::Relaxed);
    }

    /// Switches the protocol version.
    pub fn set_resp(&mut self, resp: RespVersion) {
        self.resp = resp;
        self.client
            .resp
            .store(resp.number() as u32, Ordering::Relaxed);
    }

    /// Ends a transaction: nothing is queued or watched any more.
    pub fn end_transaction(&mut self) {
        self.multi = None;
        self.watched.clear();
        self.show_transaction();
    }

    /// Lets others see how much is queued and watched.
    pub fn show_transaction(&self) {
        let queued = self.multi.as_ref().map(|multi| multi.queue.len());
        let queued = queued.map_or(-1, |queued| queued as i64);
        self.client.queued.store(queued, Ordering::Relaxed);
        let watched = self.watched.keys().len();
        self.client.watched.store(watched, Ordering::Relaxed);
    }

    /// Back to the state of a fresh connection (RESET).
    pub fn reset(&mut self) {
        self.select(0);
        self.set_resp(RespVersion::Resp2);
        self.authenticated = self.services.config.requirepass.is_empty();
        self.end_transaction();
        self.monitor = None;
        self.client.monitors.store(false, Ordering::Relaxed);
        self.reply_mode = ReplyMode::On;
        self.no_touch = false;
        self.client.no_touch.store(false, Ordering::Relaxed);
        self.client.no_evict.store(false, Ordering::Relaxed);
        self.client.takes_redirects.store(false, Ordering::Relaxed);
        self.client.names.lock().name.clear();
    }
}
