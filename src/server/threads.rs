//! Owns the threads that serve sockets, and the hand-over of fresh connections to them.
//! Invariants: a connection lives on one thread; each thread has a runtime of its own, so requests
//! of a pipeline never cross threads unless the disk is needed.
//! Must not know: commands. Tests: black box.

use super::cron;
use super::supervisor::Supervisor;
use crate::config::Config;
use crate::exec::Executor;
use crate::log;
use crate::net::{Bound, NewClient, serve};
use crate::session::{ClientInfo, Session};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

type Handover = mpsc::UnboundedSender<(NewClient, Arc<ClientInfo>)>;

/// Running I/O threads.
pub struct IoThreads {
    senders: Vec<Handover>,
    next: AtomicUsize,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl IoThreads {
    /// Starts as many threads as the directive says.
    #[expect(
        clippy::disallowed_methods,
        reason = "`maxclients` bounds what is in the channel"
    )]
    pub fn start(config: &Config, executor: &Arc<Executor>) -> anyhow::Result<IoThreads> {
        let (stop, _) = watch::channel(false);
        let mut io = IoThreads {
            senders: Vec::new(),
            next: AtomicUsize::new(0),
            stop,
            threads: Vec::new(),
        };
        for n in 0..config.io_threads.as_usize() {
            let (sender, receiver) = mpsc::unbounded_channel();
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (executor, stop) = (Arc::clone(executor), io.stop.subscribe());
            let body = move || runtime.block_on(serve_all(receiver, executor, stop));
            let thread = std::thread::Builder::new()
                .name(format!("io-{n}"))
                .spawn(body)?;
            io.senders.push(sender);
            io.threads.push(thread);
        }
        Ok(io)
    }

    /// Accepts until a signal or SHUTDOWN.
    pub async fn accept_until_stopped(
        &self,
        bound: Vec<Bound>,
        executor: &Arc<Executor>,
        supervisor: &Supervisor,
    ) -> anyhow::Result<()> {
        // Before anybody is told that the server is ready, and may ask it to stop.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let (sender, mut fresh) = mpsc::channel::<NewClient>(64);
        let tcp = bound.iter().any(|bound| matches!(bound, Bound::Tcp(_)));
        let unix = bound.iter().any(|bound| matches!(bound, Bound::Unix(..)));
        for listener in bound {
            spawn_acceptor(listener, sender.clone())?;
        }
        // Once for all addresses, as Redis does.
        if tcp {
            log::startup::log_ready_tcp();
        }
        if unix {
            log::startup::log_ready_unix();
        }
        supervisor.tell_ready();
        drop(sender);
        let services = executor.services();
        let mut round = tokio::time::Instant::now();
        loop {
            tokio::select! {
                Some(client) = fresh.recv() => self.admit(client, executor),
                () = tokio::time::sleep_until(round) => {
                    cron::run(services);
                    round = tokio::time::Instant::now() + cron::interval(&services.config);
                }
                () = services.shutdown.notified() => break,
                _ = hangup.recv() => {
                    // It ends no server of Redis's. Who rotates logs sends it.
                    if let Err(error) = services.log.reopen() {
                        tracing::warn!("The log file cannot be opened anew: {error}");
                    }
                }
                _ = terminate.recv() => {
                    tracing::info!("Received SIGTERM scheduling shutdown...");
                    break;
                }
                _ = interrupt.recv() => {
                    tracing::info!("Received SIGINT scheduling shutdown...");
                    break;
                }
            }
        }
        Ok(())
    }

    fn admit(&self, client: NewClient, executor: &Arc<Executor>) {
        let services = executor.services();
        let config = &services.config;
        if client.is_stranger(config) {
            services.clients.rejected.fetch_add(1, Ordering::Relaxed);
            return client.refuse(
                "-DENIED Ferrock is running in protected mode because protected mode is enabled \
                 and no password is set for the default user. Connect from this machine, set a \
                 password, or set 'protected-mode no'.\r\n",
            );
        }
        if services.clients.len() >= config.maxclients.as_usize() {
            services.clients.rejected.fetch_add(1, Ordering::Relaxed);
            return client.refuse("-ERR max number of clients reached\r\n");
        }
        if client.prepare(config).is_err() {
            return;
        }
        let (addr, laddr) = client.addresses();
        let unix = matches!(client, NewClient::Unix(..));
        let id = services.clients.next_id();
        let now_ms = services.store.now_ms();
        let info = ClientInfo::new(id, addr, laddr, client.fd(), unix, now_ms);
        let info = Arc::new(info);
        services.clients.add(Arc::clone(&info));
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.senders.len().max(1);
        let sent = self
            .senders
            .get(turn)
            .is_some_and(|to| to.send((client, info)).is_ok());
        if !sent {
            services.clients.remove(id);
        }
    }

    /// Ends all connections and threads.
    pub fn stop(self) {
        // No receiver is left only if every thread has ended already.
        let _ = self.stop.send(true);
        drop(self.senders);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("an I/O thread panicked");
            }
        }
    }
}

fn spawn_acceptor(bound: Bound, to: mpsc::Sender<NewClient>) -> anyhow::Result<()> {
    match bound {
        Bound::Tcp(listener) => {
            let listener = TcpListener::from_std(listener)?;
            tokio::spawn(async move {
                loop {
                    let accepted = listener.accept().await;
                    let client = accepted
                        .and_then(|(stream, peer)| Ok(NewClient::Tcp(stream.into_std()?, peer)));
                    if !forward(client, &to).await {
                        return;
                    }
                }
            });
        }
        Bound::Unix(listener, path) => {
            let listener = UnixListener::from_std(listener)?;
            tokio::spawn(async move {
                loop {
                    let accepted = listener.accept().await;
                    let path: PathBuf = path.clone();
                    let client = accepted
                        .and_then(|(stream, _)| Ok(NewClient::Unix(stream.into_std()?, path)));
                    if !forward(client, &to).await {
                        return;
                    }
                }
            });
        }
    }
    Ok(())
}

/// Hands an accepted client on. False when nobody takes clients any more.
async fn forward(client: std::io::Result<NewClient>, to: &mpsc::Sender<NewClient>) -> bool {
    match client {
        Ok(client) => to.send(client).await.is_ok(),
        Err(error) => {
            // Out of descriptors, mostly; waiting lets clients go away.
            tracing::warn!("Error accepting a client connection: {error}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            true
        }
    }
}

async fn serve_all(
    mut fresh: mpsc::UnboundedReceiver<(NewClient, Arc<ClientInfo>)>,
    executor: Arc<Executor>,
    mut stop: watch::Receiver<bool>,
) {
    let services = Arc::clone(executor.services());
    tokio::spawn(async move { services.store.queue().relay_wakes().await });
    loop {
        tokio::select! {
            next = fresh.recv() => match next {
                Some((client, info)) => start_serving(client, info, &executor),
                None => return,
            },
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

fn start_serving(client: NewClient, info: Arc<ClientInfo>, executor: &Arc<Executor>) {
    let services = executor.services();
    let id = info.id;
    let session = Session::new(info, Arc::clone(services));
    let executor = Arc::clone(executor);
    let spawned = match client {
        NewClient::Tcp(stream, _) => {
            TcpStream::from_std(stream).map(|stream| tokio::spawn(serve(stream, session, executor)))
        }
        NewClient::Unix(stream, _) => UnixStream::from_std(stream)
            .map(|stream| tokio::spawn(serve(stream, session, executor))),
    };
    if spawned.is_err() {
        services.clients.remove(id);
    }
}
