//! A RESP client that hides nothing: bytes out, whole raw replies in.
//! Invariants: one call returns one reply exactly as it stood on the wire; a missing reply ends
//! in a panic at the deadline, never in a hang. Must not know: what a command means.
//! Tests: exercised by every protocol test; the framing is tested in `wire.rs`.

use super::wait::PATIENCE;
use super::wire;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// One connection of the raw client.
pub struct Raw {
    stream: Stream,
    /// Bytes received and not yet handed out as replies.
    received: Vec<u8>,
}

impl Raw {
    pub fn connect(port: u16) -> Raw {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connect to the server");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("read timeout");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("write timeout");
        Raw {
            stream: Stream::Tcp(stream),
            received: Vec::new(),
        }
    }

    pub fn connect_unix(path: &Path) -> Raw {
        let stream = UnixStream::connect(path).expect("connect to the server's unix socket");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("read timeout");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("write timeout");
        Raw {
            stream: Stream::Unix(stream),
            received: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("send to the server");
    }

    /// Sends bytes; an error tells that the server has closed or resets the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write_all(bytes),
            Stream::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// Closes the sending half, so that the server reads an end of file.
    pub fn finish_sending(&self) {
        let half = std::net::Shutdown::Write;
        let done = match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(half),
            Stream::Unix(stream) => stream.shutdown(half),
        };
        done.expect("shut down the sending half");
    }

    /// Sends one command and returns its raw reply.
    pub fn command<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Vec<u8> {
        self.send(&wire::pack(arguments));
        self.reply()
    }

    /// Sends a command line (see `wire::words`) and returns its raw reply.
    pub fn line(&mut self, line: &str) -> Vec<u8> {
        self.command(&wire::words(line))
    }

    /// Sends a command line and compares the raw reply, given without its last CRLF.
    #[track_caller]
    pub fn expect(&mut self, line: &str, reply: &str) {
        let got = self.line(line);
        assert_reply(line, &got, reply);
    }

    /// Compares the next raw reply, given without its last CRLF.
    #[track_caller]
    pub fn expect_reply(&mut self, reply: &str) {
        let got = self.reply();
        assert_reply("next reply", &got, reply);
    }

    /// The next whole raw reply.
    pub fn reply(&mut self) -> Vec<u8> {
        self.try_reply().unwrap_or_else(|error| {
            panic!(
                "no reply: {error}; received so far: {}",
                wire::show(&self.received)
            )
        })
    }

    /// The next whole raw reply, or why there will be none.
    pub fn try_reply(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match wire::reply_end(&self.received) {
                Ok(Some(end)) => {
                    let rest = self.received.split_off(end);
                    return Ok(std::mem::replace(&mut self.received, rest));
                }
                Ok(None) => match self.receive() {
                    // A signal, such as the end of a program that another test ran.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    received => received?,
                },
                Err(reason) => return Err(io::Error::new(io::ErrorKind::InvalidData, reason)),
            }
        }
    }

    /// The next whole raw reply if it comes within `limit`.
    pub fn reply_within(&mut self, limit: Duration) -> Option<Vec<u8>> {
        self.set_read_timeout(limit);
        let reply = self.try_reply();
        self.set_read_timeout(PATIENCE);
        match reply {
            Ok(reply) => Some(reply),
            Err(error) if is_timeout(&error) => None,
            Err(error) => panic!("no reply: {error}"),
        }
    }

    fn set_read_timeout(&self, limit: Duration) {
        let done = match &self.stream {
            Stream::Tcp(stream) => stream.set_read_timeout(Some(limit)),
            Stream::Unix(stream) => stream.set_read_timeout(Some(limit)),
        };
        done.expect("read timeout");
    }

    /// Reads what is there; an end of file is an `UnexpectedEof` error.
    fn receive(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; 64 * 1024];
        let count = match &mut self.stream {
            Stream::Tcp(stream) => stream.read(&mut chunk)?,
            Stream::Unix(stream) => stream.read(&mut chunk)?,
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.received.extend_from_slice(&chunk[..count]);
        Ok(())
    }

    /// Asserts that the server closes the connection without sending another byte.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let rest = self.drain();
        assert!(
            rest.is_empty(),
            "a reply before the end: {}",
            wire::show(&rest)
        );
    }

    /// Everything the server still sends until it closes the connection.
    #[track_caller]
    pub fn drain(&mut self) -> Vec<u8> {
        loop {
            match self.receive() {
                Ok(()) => {}
                Err(error) if closed(&error) => return std::mem::take(&mut self.received),
                Err(error) => panic!("the connection was not closed: {error}"),
            }
        }
    }
}

/// Whether an error means that nothing came in time.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Whether an error means that the peer has closed, politely or not.
pub fn closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

#[track_caller]
fn assert_reply(what: &str, got: &[u8], expected: &str) {
    let expected = format!("{expected}\r\n").into_bytes();
    assert!(
        got == expected,
        "{what}\n      got: {}\n expected: {}",
        wire::show(got),
        wire::show(&expected)
    );
}
