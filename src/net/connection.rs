//! Owns the life of one connection: read, parse, run, wait for commits, send.
//! Invariants: requests run in order; replies leave in order; a connection never runs ahead of its
//! own commits by more than one read. Must not know: commands. Tests: `tests/protocol`.
//!
//! On the request path: one read and one write per pipeline, no allocation.

use super::company::{self, Company};
use super::mix::Mix;
use super::output::{Output, SEND_BYTES};
use crate::command::Outcome;
use crate::config::ClientClass;
use crate::exec::{Answer, CommandClock, Executor, Step};
use crate::resp::{Parsed, ProtocolError, ProtocolLimits, Reply, RequestParser, RespVersion};
use crate::session::{Feed, ReplyMode, Session};
use bytes::BytesMut;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes that one read asks for.
const READ_BYTES: usize = 16 * 1024;
/// An empty input buffer larger than this is given back.
const KEEP_BYTES_MAX: usize = 64 * 1024;

/// Bytes of replies that the hard output buffer limit does not count: every client of Redis has a
/// buffer of this size beside it, so that a small limit still lets it answer.
const FREE_REPLY_BYTES: usize = 16 * 1024;

/// Why the connection ends.
enum End {
    /// The client closed, or asked to.
    Quiet,
    /// After sending what is buffered.
    AfterSending,
}

struct Connection<S> {
    stream: S,
    executor: Arc<Executor>,
    session: Session,
    input: BytesMut,
    parser: RequestParser,
    output: Output,
    company: Company,
}

/// Serves a client until it or the server ends the connection.
pub async fn serve<S>(stream: S, session: Session, executor: Arc<Executor>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let client = Arc::clone(&session.client);
    let mut connection = Connection {
        stream,
        executor,
        session,
        input: BytesMut::with_capacity(READ_BYTES),
        parser: RequestParser::new(),
        output: Output::default(),
        company: Company::default(),
    };
    tokio::select! {
        biased;
        () = connection.run() => {}
        () = client.killed() => {}
    }
    // A client that is being answered with its end gets what is ready.
    connection.executor.services().clients.remove(client.id);
}

/// Completes when the client is gone. Requests that it sends meanwhile are kept for later, up to a
/// limit beyond which they wait in the socket, and its end is not noticed.
async fn closed<S: AsyncRead + Unpin>(stream: &mut S, input: &mut BytesMut) {
    while input.len() < KEEP_BYTES_MAX {
        input.reserve(READ_BYTES);
        match stream.read_buf(input).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    std::future::pending().await
}

/// Buffers what a monitor is told, as far as it fits in one sending.
fn hear(first: Arc<str>, feed: &mut Feed, output: &mut Output, resp: RespVersion) {
    let mut next = Some(first);
    while let Some(line) = next {
        output.push(&Reply::Status(line.to_string()), resp, 0);
        next = match output.len() < SEND_BYTES {
            true => feed.try_recv().ok(),
            false => None,
        };
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    async fn run(&mut self) {
        loop {
            let end = self.process().await;
            if matches!(end, Some(End::Quiet)) {
                break;
            }
            if self.send().await.is_err() || end.is_some() {
                break;
            }
            if !self.receive().await {
                break;
            }
        }
    }

    /// Reads once. False when the connection is over.
    async fn receive(&mut self) -> bool {
        let wanted = self.parser.bytes_hint().max(READ_BYTES);
        if self.input.is_empty() && self.input.capacity() > KEEP_BYTES_MAX {
            self.input = BytesMut::new();
        }
        if self.input.capacity() - self.input.len() < wanted.min(READ_BYTES) {
            self.input.reserve(wanted);
        }
        let services = self.executor.services();
        let read = match &mut self.session.monitor {
            None => self.stream.read_buf(&mut self.input).await,
            Some(feed) => tokio::select! {
                read = self.stream.read_buf(&mut self.input) => read,
                Some(line) = feed.recv() => {
                    hear(line, feed, &mut self.output, self.session.resp);
                    return true;
                }
            },
        };
        match read {
            Ok(0) | Err(_) => return false,
            Ok(count) => {
                services.metrics.bytes_in.add(count as u64);
                let client = &self.session.client;
                client.bytes_in.fetch_add(count as u64, Ordering::Relaxed);
                client
                    .query_bytes
                    .store(self.input.len(), Ordering::Relaxed);
                let buffers = self.input.capacity() + self.output.capacity();
                client.buffer_bytes.store(buffers, Ordering::Relaxed);
                client
                    .active_ms
                    .store(services.store.now_ms(), Ordering::Relaxed);
            }
        }
        let limit = services.config.client_query_buffer_limit.as_usize();
        if self.input.len() > limit {
            tracing::warn!(
                "Closing client that reached max query buffer length: id={} addr={}",
                self.session.client.id,
                self.session.client.addr
            );
            services.metrics.query_limit_closed.add(1);
            return false;
        }
        true
    }

    /// Runs all complete requests of the buffer.
    async fn process(&mut self) -> Option<End> {
        company::begin();
        let mut clock = CommandClock::start(&self.executor.services().store);
        let mut commands = 0;
        let mut prefetched = 0;
        let end = loop {
            if self.output.len() > SEND_BYTES {
                if self.send().await.is_err() {
                    break Some(End::Quiet);
                }
                // However long the client took to read: it was no command.
                clock = CommandClock::start(&self.executor.services().store);
            }
            let limits = self.limits();
            match self.parser.parse(&self.input, &limits) {
                Ok(Parsed::Incomplete) => break None,
                Ok(Parsed::Empty { consumed }) => self.consume(consumed),
                Ok(Parsed::Request { consumed }) => {
                    commands += 1;
                    // A request that stands alone has nothing to overlap its waits with.
                    if prefetched == 0 && consumed < self.input.len() {
                        prefetched = self.executor.look_ahead(&self.session, &self.input);
                    }
                    prefetched = prefetched.saturating_sub(1);
                    if let Some(end) = self.run_one(consumed, &mut clock).await {
                        break Some(end);
                    }
                }
                Err(error) => break Some(self.protocol_error(&error)),
            }
            if self.session.client.is_killed() {
                break Some(End::AfterSending);
            }
        };
        let client = &self.session.client;
        client.commands.fetch_add(commands, Ordering::Relaxed);
        client
            .query_bytes
            .store(self.input.len(), Ordering::Relaxed);
        self.session.settle();
        end
    }

    async fn run_one(&mut self, consumed: usize, clock: &mut CommandClock) -> Option<End> {
        let request = self.parser.request(&self.input);
        let answer = match self.executor.try_run(&mut self.session, &request, clock) {
            Step::Done(answer) => {
                self.consume(consumed);
                answer
            }
            Step::Later(later) => {
                let frame = self.input.split_to(consumed).freeze();
                let owned = self.parser.owned_request(frame);
                // What is answered does not wait for what another client may do.
                if later.may_wait() && self.send().await.is_err() {
                    return Some(End::Quiet);
                }
                let executor = Arc::clone(&self.executor);
                let client = Arc::clone(&self.session.client);
                client.busy.store(true, Ordering::Relaxed);
                let run = executor.run_later(&mut self.session, owned, later);
                let answer = if later.may_wait() {
                    tokio::select! {
                        biased;
                        answer = run => answer,
                        () = closed(&mut self.stream, &mut self.input) => return Some(End::Quiet),
                    }
                } else {
                    run.await
                };
                let store = &self.executor.services().store;
                *clock = CommandClock::start(store);
                client.active_ms.store(store.now_ms(), Ordering::Relaxed);
                client.busy.store(false, Ordering::Relaxed);
                answer
            }
        };
        self.take_answer(answer)
    }

    fn take_answer(&mut self, answer: Answer) -> Option<End> {
        let (reply, end) = match answer.outcome {
            Outcome::Reply(reply) => (reply, None),
            Outcome::ReplyAndClose(reply) => (reply, Some(End::AfterSending)),
            Outcome::Close => return Some(End::Quiet),
        };
        let resp = self.session.resp;
        let limit = self
            .executor
            .services()
            .config
            .client_output_buffer_limit
            .get(ClientClass::Normal);
        let over = |bytes: usize| limit.hard_bytes > 0 && counted_bytes(bytes) > limit.hard_bytes;
        // Strings are shared until they are encoded: what is over the limit takes no memory then.
        if limit.hard_bytes > 0
            && self.session.reply_mode == ReplyMode::On
            && over(self.output.len() + reply.string_bytes())
        {
            self.note_output_limit();
            return Some(End::Quiet);
        }
        match self.session.reply_mode {
            ReplyMode::On => self.output.push(&reply, resp, answer.position),
            ReplyMode::Off => {}
            ReplyMode::SkipNext => self.session.reply_mode = ReplyMode::Skip,
            ReplyMode::Skip => self.session.reply_mode = ReplyMode::On,
        }
        if over(self.output.len()) {
            self.note_output_limit();
            return Some(End::Quiet);
        }
        end
    }

    fn protocol_error(&mut self, error: &ProtocolError) -> End {
        let mut text = b"ERR Protocol error: ".to_vec();
        text.extend_from_slice(&error.text());
        self.output.push(&Reply::error(text), self.session.resp, 0);
        End::AfterSending
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        if count == self.input.len() {
            self.input.clear();
        } else {
            bytes::Buf::advance(&mut self.input, count);
        }
    }

    #[inline]
    fn limits(&self) -> ProtocolLimits {
        ProtocolLimits {
            bulk_len_max: self
                .executor
                .services()
                .config
                .proto_max_bulk_len
                .as_usize(),
            authenticated: self.session.authenticated,
            ..ProtocolLimits::standard(self.session.authenticated)
        }
    }

    /// Waits until everything buffered is committed, then sends it.
    async fn send(&mut self) -> std::io::Result<()> {
        self.session.settle();
        if self.output.is_empty() && self.output.position() == 0 {
            return Ok(());
        }
        let position = self.output.position();
        let services = Arc::clone(self.executor.services());
        let queue = services.store.queue();
        let mix = Mix::note(position > 0);
        if position > queue.committed() {
            // Other connections with requests at hand stage theirs first: one commit for all.
            tokio::task::yield_now().await;
            if position > queue.committed() {
                let leader = services.store.leader();
                // Whether it failed is asked for every reply by itself.
                match mix.mostly_writes() {
                    true => leader.wait_fsyncing(position).await.ok(),
                    false => leader.wait(position).await.ok(),
                };
            }
        } else {
            self.company.give_way().await;
        }
        if queue.any_failed() {
            self.output.fail(|position| queue.failure(position));
        }
        self.output.settle();
        let count = self.output.len();
        self.session
            .client
            .output_bytes
            .store(count, Ordering::Relaxed);
        self.write_out(count).await?;
        self.session.client.output_bytes.store(0, Ordering::Relaxed);
        let client = &self.session.client;
        client
            .active_ms
            .store(services.store.clock().recent_ms(), Ordering::Relaxed);
        client.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
        services.metrics.bytes_out.add(count as u64);
        self.output.sent();
        Ok(())
    }

    /// Sends the buffer. A client that leaves more than the soft limit unread for its seconds is
    /// given up.
    async fn write_out(&mut self, count: usize) -> std::io::Result<()> {
        let limits = &self.executor.services().config.client_output_buffer_limit;
        let limit = limits.get(ClientClass::Normal);
        let write = self.stream.write_all(self.output.ready());
        if limit.soft_bytes == 0 || (count as u64) < limit.soft_bytes {
            return write.await;
        }
        let patience = Duration::from_secs(limit.soft_seconds);
        match tokio::time::timeout(patience, write).await {
            Ok(written) => written,
            Err(_) => {
                self.note_output_limit();
                Err(std::io::ErrorKind::TimedOut.into())
            }
        }
    }

    fn note_output_limit(&self) {
        let metrics = &self.executor.services().metrics;
        metrics.output_limit_closed.add(1);
        tracing::warn!(
            "Client id={} addr={} closed for overcoming of output buffer limits.",
            self.session.client.id,
            self.session.client.addr
        );
    }
}

/// How much of so many bytes of replies the hard output buffer limit is about.
#[inline]
fn counted_bytes(count: usize) -> u64 {
    count.saturating_sub(FREE_REPLY_BYTES) as u64
}
