//! Directives of listening, connections and the limits on them.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NOT_OURS: &str = "the listener has no such option";

const MIB: u64 = 1 << 20;

pub(super) static ROWS: &[Directive] = &[
    Directive::new("bind", Kind::Bind, "* -::*")
        .slot(|c| Cell::Addresses(&c.bind))
        .shipped("127.0.0.1 -::1")
        .doc(
            "Addresses to listen on, at most 16. `*` is every IPv4 address and `::*` every IPv6 \
             address. An address with a `-` in front may be missing on this machine; without it, \
             the server does not start when the address cannot be bound.",
        ),
    Directive::new("port", Kind::PORT, "6379")
        .slot(|c| Cell::Number(&c.port))
        .doc("TCP port to listen on; 0 turns TCP off."),
    Directive::new("protected-mode", Kind::Bool, "yes")
        .slot(|c| Cell::Switch(&c.protected_mode))
        .doc(
            "While the default user has no password, only clients on the loopback addresses and \
             the Unix socket are served. Turn this off only if every host that reaches the port \
             may read and delete all data.",
        ),
    Directive::new("tcp-backlog", Kind::INT, "511")
        .immutable()
        .slot(|c| Cell::Number(&c.tcp_backlog))
        .doc(
            "Connections that may wait to be accepted. The kernel cuts it to \
             /proc/sys/net/core/somaxconn.",
        ),
    Directive::new("unixsocket", Kind::Text, "\"\"")
        .immutable()
        .slot(|c| Cell::Text(&c.unixsocket))
        .doc("Path of a Unix socket to listen on; none by default."),
    Directive::new("unixsocketperm", Kind::Octal { max: 0o777 }, "0")
        .immutable()
        .slot(|c| Cell::Number(&c.unixsocketperm))
        .doc("File mode of the Unix socket, in octal; 0 leaves it to the umask."),
    Directive::new("timeout", Kind::INT, "0")
        .slot(|c| Cell::Number(&c.timeout))
        .doc("Seconds without a request after which a client is disconnected; 0 is never."),
    Directive::new("tcp-keepalive", Kind::INT, "300")
        .slot(|c| Cell::Number(&c.tcp_keepalive))
        .doc(
            "Seconds of silence after which the kernel probes whether a client is still there; \
             0 turns probing off. Dead peers are noticed, and middleboxes keep the connection.",
        ),
    Directive::new("io-threads", Kind::Int { min: 1, max: 128 }, "1")
        .immutable()
        .slot(|c| Cell::Number(&c.io_threads))
        .doc(
            "Threads that read requests, run commands and write replies. Unlike in Redis, \
             commands of different connections run in parallel.",
        ),
    Directive::new(
        "maxclients",
        Kind::Int {
            min: 1,
            max: u32::MAX as i64,
        },
        "10000",
    )
    .slot(|c| Cell::Number(&c.maxclients))
    .doc("Clients that may be connected at once; further ones are told so and closed."),
    Directive::new(
        "proto-max-bulk-len",
        Kind::Memory {
            min: MIB,
            max: i64::MAX as u64,
        },
        "512mb",
    )
    .slot(|c| Cell::Bytes(&c.proto_max_bulk_len))
    .doc("Longest argument of a request, and so the longest string value."),
    Directive::new(
        "client-query-buffer-limit",
        Kind::Memory {
            min: MIB,
            max: i64::MAX as u64,
        },
        "1gb",
    )
    .slot(|c| Cell::Bytes(&c.client_query_buffer_limit))
    .doc("Bytes of unfinished requests that one client may pile up before it is closed."),
    Directive::new(
        "client-output-buffer-limit",
        Kind::OutputLimits,
        "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
    )
    .slot(|c| Cell::OutputLimits(&c.client_output_buffer_limit))
    .doc(
        "For each class of clients (normal, replica, pubsub): bytes of unread replies at which \
         the client is closed at once, bytes that it may exceed for a while, and the seconds \
         of that while. 0 turns a limit off.",
    ),
    Directive::new("bind-source-addr", Kind::Text, "\"\"").ignored(NOT_OURS),
    Directive::new(
        "socket-mark-id",
        Kind::Int {
            min: 0,
            max: u32::MAX as i64,
        },
        "0",
    )
    .immutable()
    .ignored(NOT_OURS),
    Directive::new(
        "max-new-connections-per-cycle",
        Kind::Int { min: 1, max: 1000 },
        "10",
    )
    .ignored(NOT_OURS),
    Directive::new(
        "max-new-tls-connections-per-cycle",
        Kind::Int { min: 1, max: 1000 },
        "1",
    )
    .ignored(NOT_OURS),
    Directive::new("io-threads-do-reads", Kind::Bool, "no")
        .immutable()
        .ignored(NOT_OURS),
    Directive::new("io-threads-always-active", Kind::Bool, "no")
        .hidden()
        .ignored(NOT_OURS),
    Directive::new("events-per-io-thread", Kind::INT, "2")
        .hidden()
        .ignored(NOT_OURS),
    Directive::new(
        "prefetch-batch-max-size",
        Kind::Int { min: 0, max: 128 },
        "16",
    )
    .ignored(NOT_OURS),
    Directive::new(
        "lookahead",
        Kind::Int {
            min: 1,
            max: i32::MAX as i64,
        },
        "16",
    )
    .ignored(NOT_OURS),
    Directive::new("min-io-threads-avoid-copy-reply", Kind::INT, "7")
        .hidden()
        .ignored(NOT_OURS),
    Directive::new("min-string-size-avoid-copy-reply", Kind::BYTES, "16kb")
        .hidden()
        .ignored(NOT_OURS),
    Directive::new(
        "min-string-size-avoid-copy-reply-threaded",
        Kind::BYTES,
        "64kb",
    )
    .hidden()
    .ignored(NOT_OURS),
    Directive::new("mptcp", Kind::Bool, "no")
        .immutable()
        .ignored(NOT_OURS),
    Directive::new("unixsocketgroup", Kind::Text, "\"\"")
        .immutable()
        .ignored(NOT_OURS),
    Directive::new("rdma-bind", Kind::Text, "\"\"").ignored(NOT_OURS),
    Directive::new("rdma-port", Kind::PORT, "0").ignored(NOT_OURS),
    Directive::new("rdma-rx-size", Kind::BYTES, "1mb")
        .immutable()
        .ignored(NOT_OURS),
    Directive::new(
        "rdma-completion-vector",
        Kind::Int { min: -1, max: 1024 },
        "-1",
    )
    .immutable()
    .ignored(NOT_OURS),
    Directive::new("maxmemory-clients", Kind::MemoryOrPercent, "0")
        .ignored("the buffers of each client have their own limits"),
];
