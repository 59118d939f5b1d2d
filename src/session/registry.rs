//! Owns the list of connected clients, for CLIENT LIST and KILL, `maxclients` and idle timeouts.
//! Invariants: a client is listed from accept to the end of its task; what the connection's thread
//! writes per request are relaxed stores. Must not know: commands. Tests: black box.

use crate::config::Origin;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// What others may see of a connection, and how they end it.
#[derive(Debug)]
pub struct ClientInfo {
    /// Unique in the life of the server, growing.
    pub id: u64,
    /// Peer address as CLIENT LIST shows it (`ip:port`, or the socket's path and `:0`).
    pub addr: String,
    /// Local address.
    pub laddr: String,
    /// The connection's descriptor.
    pub fd: i32,
    /// Came through the unix socket.
    pub unix: bool,
    /// Milliseconds since the epoch at accept.
    pub connected_ms: u64,
    /// When it last sent or was sent something, ms since the epoch.
    pub active_ms: AtomicU64,
    /// A command of it is under way that waits, or runs on another thread.
    pub busy: AtomicBool,
    pub db: AtomicU32,
    pub resp: AtomicU32,
    /// Bytes read and not yet executed.
    pub query_bytes: AtomicUsize,
    /// Bytes of replies not yet sent.
    pub output_bytes: AtomicUsize,
    /// Memory of both buffers.
    pub buffer_bytes: AtomicUsize,
    /// Commands run.
    pub commands: AtomicU64,
    /// Bytes received and sent.
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    /// Index of the last command in the command table; -1 for none.
    pub last_command: AtomicI64,
    pub no_evict: AtomicBool,
    pub no_touch: AtomicBool,
    /// MONITOR.
    pub monitors: AtomicBool,
    /// CLIENT CAPA: it understands redirects.
    pub takes_redirects: AtomicBool,
    /// Waits for keys, or for the end of a pause.
    pub blocked: AtomicBool,
    /// Commands queued since MULTI; -1 outside a transaction.
    pub queued: AtomicI64,
    /// Keys under WATCH.
    pub watched: AtomicUsize,
    /// CLIENT SETNAME, SETINFO: rarely written, read by CLIENT LIST.
    pub names: Mutex<ClientNames>,
    killed: AtomicBool,
    wake: Notify,
}

/// Names a client gives itself.
#[derive(Debug, Default, Clone)]
pub struct ClientNames {
    pub name: Vec<u8>,
    pub lib_name: Vec<u8>,
    pub lib_version: Vec<u8>,
}

impl ClientInfo {
    /// A client that has just connected.
    pub fn new(id: u64, addr: String, laddr: String, fd: i32, unix: bool, now_ms: u64) -> Self {
        ClientInfo {
            id,
            addr,
            laddr,
            fd,
            unix,
            connected_ms: now_ms,
            active_ms: AtomicU64::new(now_ms),
            busy: AtomicBool::new(false),
            db: AtomicU32::new(0),
            resp: AtomicU32::new(2),
            query_bytes: AtomicUsize::new(0),
            output_bytes: AtomicUsize::new(0),
            buffer_bytes: AtomicUsize::new(0),
            commands: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            last_command: AtomicI64::new(-1),
            no_evict: AtomicBool::new(false),
            no_touch: AtomicBool::new(false),
            monitors: AtomicBool::new(false),
            takes_redirects: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            queued: AtomicI64::new(-1),
            watched: AtomicUsize::new(0),
            names: Mutex::default(),
            killed: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Where the client sits, for directives that trust local clients more.
    pub fn origin(&self) -> Origin {
        let loopback = self.addr.starts_with("127.") || self.addr.starts_with("[::1]");
        match self.unix || loopback {
            true => Origin::Local,
            false => Origin::Remote,
        }
    }

    /// Whether it has nothing to do but to send something, since it last did so many ms ago.
    pub fn is_idle(&self, now_ms: u64, since_ms: u64) -> bool {
        let waits = self.busy.load(Ordering::Relaxed) || self.monitors.load(Ordering::Relaxed);
        !waits && now_ms.saturating_sub(self.active_ms.load(Ordering::Relaxed)) > since_ms
    }

    /// Ends the connection as soon as its task looks.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Whether [`ClientInfo::kill`] was called.
    #[inline]
    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Completes when the client is killed.
    pub async fn killed(&self) {
        while !self.is_killed() {
            self.wake.notified().await;
        }
    }
}

/// All connected clients.
#[derive(Debug, Default)]
pub struct ClientRegistry {
    clients: Mutex<BTreeMap<u64, Arc<ClientInfo>>>,
    next_id: AtomicU64,
    /// Connections accepted since start.
    pub accepted: AtomicU64,
    /// Connections refused because of `maxclients`.
    pub rejected: AtomicU64,
}

impl ClientRegistry {
    /// The id of the next client.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Lists a client.
    pub fn add(&self, client: Arc<ClientInfo>) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.clients.lock().insert(client.id, client);
    }

    /// Removes a client that is gone.
    pub fn remove(&self, id: u64) {
        self.clients.lock().remove(&id);
    }

    /// Connected clients.
    pub fn len(&self) -> usize {
        self.clients.lock().len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One client.
    pub fn get(&self, id: u64) -> Option<Arc<ClientInfo>> {
        self.clients.lock().get(&id).cloned()
    }

    /// All clients, oldest first.
    pub fn all(&self) -> Vec<Arc<ClientInfo>> {
        self.clients.lock().values().cloned().collect()
    }
}
