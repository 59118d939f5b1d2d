//! Owns telling systemd, which started the server, what becomes of it (`supervised`).
//! Invariants: a supervisor that cannot be reached is told of in the log and changes nothing else;
//! no message waits for longer than [`PATIENCE`]. Must not know: what ready and stopping mean.
//! Tests: below, `tests/config/startup.rs`.

use crate::config::Supervised;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where systemd says that it listens, in the environment.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// How long a message may wait for systemd to read earlier ones.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who watches over the process.
#[derive(Debug)]
pub enum Supervisor {
    Nobody,
    /// systemd was asked for and cannot be reached, for this reason.
    Unreachable(String),
    /// systemd listens there.
    Systemd(SocketAddr),
}

impl Supervisor {
    /// Finds the one that the directive means, with the help of the environment. Upstart, which
    /// wants its children to stop themselves, is not served.
    pub fn find(wanted: Supervised) -> Supervisor {
        Supervisor::choose(wanted, std::env::var_os(NOTIFY_SOCKET))
    }

    fn choose(wanted: Supervised, socket: Option<OsString>) -> Supervisor {
        match (wanted, socket) {
            (Supervised::No | Supervised::Upstart, _) | (Supervised::Auto, None) => {
                Supervisor::Nobody
            }
            (Supervised::Systemd, None) => {
                Supervisor::Unreachable(format!("{NOTIFY_SOCKET} not found!"))
            }
            (Supervised::Systemd | Supervised::Auto, Some(socket)) => match address(&socket) {
                Ok(address) => Supervisor::Systemd(address),
                Err(error) => Supervisor::Unreachable(error.to_string()),
            },
        }
    }

    /// Whether systemd watches: then the process stays in the foreground.
    pub fn is_systemd(&self) -> bool {
        matches!(self, Supervisor::Systemd(_))
    }

    /// The server is starting.
    pub fn tell_starting(&self) {
        match self {
            Supervisor::Nobody => {}
            Supervisor::Unreachable(reason) => {
                tracing::warn!("systemd supervision error: {reason}");
            }
            Supervisor::Systemd(_) => {
                tracing::info!(
                    "Supervised by systemd. Please make sure you set appropriate values for \
                     TimeoutStartSec and TimeoutStopSec in your service unit."
                );
                self.tell("STATUS=Ferrock is loading...\n");
            }
        }
    }

    /// Clients can connect.
    pub fn tell_ready(&self) {
        self.tell("STATUS=Ready to accept connections\n");
        self.tell("READY=1\n");
    }

    /// The server ends.
    pub fn tell_stopping(&self) {
        self.tell("STOPPING=1\n");
    }

    fn tell(&self, message: &str) {
        if let Supervisor::Systemd(address) = self
            && let Err(error) = send(address, message)
        {
            tracing::warn!("systemd supervision error: {error}");
        }
    }
}

/// The address behind a name: a path, or a name of the kernel's behind an `@`.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{NOTIFY_SOCKET} is neither a path from the root nor an abstract name"),
        )),
    }
}

fn send(address: &SocketAddr, message: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.send_to_addr(message.as_bytes(), address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(wanted: Supervised, socket: Option<&str>) -> Supervisor {
        Supervisor::choose(wanted, socket.map(OsString::from))
    }

    #[test]
    fn systemd_is_found_where_the_environment_says() {
        use Supervised::{Auto, No, Systemd, Upstart};
        let nobody = |supervisor| matches!(supervisor, Supervisor::Nobody);
        assert!(nobody(choose(No, Some("/run/notify"))));
        assert!(nobody(choose(Upstart, Some("/run/notify"))));
        assert!(nobody(choose(Auto, None)));
        assert!(choose(Auto, Some("@name")).is_systemd());
        assert!(choose(Systemd, Some("/run/notify")).is_systemd());
        for socket in [None, Some(""), Some("relative")] {
            let supervisor = choose(Systemd, socket);
            assert!(
                matches!(supervisor, Supervisor::Unreachable(_)),
                "{socket:?}"
            );
        }
    }

    #[test]
    fn messages_reach_an_abstract_name() {
        let name = format!("@ferrock-supervisor-test-{}", std::process::id());
        let supervisor = choose(Supervised::Auto, Some(&name));
        let bound = UnixDatagram::bind_addr(&address(OsStr::new(&name)).unwrap()).unwrap();
        bound.set_read_timeout(Some(PATIENCE)).unwrap();
        supervisor.tell_ready();
        let mut heard = [0; 64];
        let mut hear = || {
            let count = bound.recv(&mut heard).unwrap();
            String::from_utf8_lossy(&heard[..count]).into_owned()
        };
        assert_eq!(hear(), "STATUS=Ready to accept connections\n");
        assert_eq!(hear(), "READY=1\n");
        // Nobody hears the next one, and nobody minds.
        drop(bound);
        supervisor.tell_stopping();
    }
}
