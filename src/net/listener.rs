//! Owns listening sockets and what happens to a fresh connection before its first byte is read.
//! Invariants: `maxclients` and protected mode are enforced here; a client over the limit is told
//! so and closed. Must not know: commands. Tests: `tests/protocol`.

use crate::config::Config;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A socket that is listened on.
pub enum Bound {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// The unix socket and its path.
    Unix(std::os::unix::net::UnixListener, PathBuf),
}

/// A connection as it was accepted.
pub enum NewClient {
    /// TCP.
    Tcp(std::net::TcpStream, SocketAddr),
    /// Through the unix socket at the path.
    Unix(std::os::unix::net::UnixStream, PathBuf),
}

/// Binds the addresses of the configuration.
pub struct Acceptor;

impl Acceptor {
    /// Binds everything; gives the port too, 0 where TCP is off. Addresses that begin with `-` may
    /// fail because they do not exist here.
    pub fn bind(config: &Config) -> io::Result<(Vec<Bound>, u16)> {
        let mut bound = Vec::new();
        let port = config.port.get() as u16;
        if port != 0 {
            for address in config.bind.get().iter() {
                let (address, optional) = match address.strip_prefix('-') {
                    Some(rest) => (rest, true),
                    None => (address.as_str(), false),
                };
                match bind_tcp(address, port, config.tcp_backlog.get() as i32) {
                    Ok(listener) => bound.push(Bound::Tcp(listener)),
                    Err(error) if optional && is_absence(&error) => {}
                    Err(error) => {
                        crate::log::startup::log_bind_failed(address, port, &error);
                        return Err(error);
                    }
                }
            }
        }
        if !config.unixsocket.is_empty() {
            let path = config.unixsocket.as_path();
            bound.push(bind_unix(&path, config.unixsocketperm.get() as u32)?);
        }
        Ok((bound, port))
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

fn bind_tcp(address: &str, port: u16, backlog: i32) -> io::Result<std::net::TcpListener> {
    let address: SocketAddr = match address {
        "*" => SocketAddr::from(([0, 0, 0, 0], port)),
        "::*" => SocketAddr::from(([0u16; 8], port)),
        text => match text.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, port),
            Err(_) => (text, port)
                .to_socket_addrs()?
                .next()
                .ok_or(io::ErrorKind::NotFound)?,
        },
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn bind_unix(path: &Path, permissions: u32) -> io::Result<Bound> {
    // A socket file left by a killed process would make every later start fail.
    let is_socket = std::fs::metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    if permissions != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(permissions))?;
    }
    listener.set_nonblocking(true)?;
    Ok(Bound::Unix(listener, path.to_owned()))
}

impl NewClient {
    /// Socket options of the configuration.
    pub fn prepare(&self, config: &Config) -> io::Result<()> {
        match self {
            NewClient::Tcp(stream, _) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                let seconds = config.tcp_keepalive.get();
                if seconds > 0 {
                    let interval = Duration::from_secs((seconds as u64 / 3).max(1));
                    let keepalive = TcpKeepalive::new()
                        .with_time(Duration::from_secs(seconds as u64))
                        .with_interval(interval)
                        .with_retries(3);
                    SockRef::from(stream).set_tcp_keepalive(&keepalive)?;
                }
                Ok(())
            }
            NewClient::Unix(stream, _) => stream.set_nonblocking(true),
        }
    }

    /// Protected mode: without a password only this machine may connect.
    pub fn is_stranger(&self, config: &Config) -> bool {
        let NewClient::Tcp(_, peer) = self else {
            return false;
        };
        config.protected_mode.get()
            && config.requirepass.is_empty()
            && !peer.ip().to_canonical().is_loopback()
    }

    /// Peer and local address, as CLIENT LIST shows them.
    pub fn addresses(&self) -> (String, String) {
        match self {
            NewClient::Tcp(stream, peer) => {
                let local = stream.local_addr().map(|local| local.to_string());
                (peer.to_string(), local.unwrap_or_default())
            }
            NewClient::Unix(_, path) => {
                let shown = format!("{}:0", path.display());
                (shown.clone(), shown)
            }
        }
    }

    /// The descriptor.
    pub fn fd(&self) -> i32 {
        match self {
            NewClient::Tcp(stream, _) => stream.as_raw_fd(),
            NewClient::Unix(stream, _) => stream.as_raw_fd(),
        }
    }

    /// Sends an error line as far as the socket takes it at once, and closes.
    pub fn refuse(self, line: &str) {
        use std::io::Write;
        // The peer may be gone already; there is nobody else to tell.
        let _ = match self {
            NewClient::Tcp(mut stream, _) => stream.write_all(line.as_bytes()),
            NewClient::Unix(mut stream, _) => stream.write_all(line.as_bytes()),
        };
    }
}
