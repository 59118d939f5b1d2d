//! Owns the exact text of the errors that several commands share or that storage gives; an error of
//! one command alone stands beside its handler.
//! Invariants: a new `StorageError` chooses its text here.
//! Must not know: who fails. Tests: below, and the differential oracle.

use crate::resp::{ErrorText, OwnedRequest, Reply};
use std::borrow::Cow;
use storage::StorageError;

/// What a command waits for that found nothing to do yet.
#[derive(Debug, Clone)]
pub struct Park {
    /// A change of any of them lets it look again.
    pub keys: Vec<Vec<u8>>,
    /// How long it waits; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// It looks again by itself after so long, as time alone may give it something.
    pub again_ms: Option<u64>,
    /// The reply where waiting is not possible. When the time is over it is always a nil array.
    pub nil: Reply,
    /// What it takes, others do not get.
    pub takes: bool,
    /// The request to run from now on, if it is not the one that the client sent: one that means
    /// the state of its first run (`$`) is parked with that state in place of it.
    pub request: Option<OwnedRequest>,
}

/// Why a command does not answer, or answers with an error.
#[derive(Debug, Clone)]
pub enum CommandError {
    /// It has to wait; nothing was done. `exec` parks it, so this is never a reply.
    Park(Box<Park>),
    /// The storage crate refused; see [`CommandError::text`] for the wording.
    Storage(StorageError),
    /// A wording known at compile time, code included.
    Fixed(&'static str),
    /// A wording that quotes something, code included.
    Text(String),
    /// A wording that quotes foreign bytes as they are, code included.
    Bytes(Vec<u8>),
}

/// What a handler gives.
pub type CommandResult<T = crate::resp::Reply> = Result<T, CommandError>;

/// Wordings that more than one command uses.
pub mod text {
    pub const SYNTAX: &str = "ERR syntax error";
    pub const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
    pub const NOT_FLOAT: &str = "ERR value is not a valid float";
    pub const WRONG_TYPE: &str =
        "WRONGTYPE Operation against a key holding the wrong kind of value";
    pub const NOT_A_HYPERLOGLOG: &str = "WRONGTYPE Key is not a valid HyperLogLog string value.";
    pub const MALFORMED_HYPERLOGLOG: &str = "INVALIDOBJ Corrupted HLL object detected";
    pub const NO_SUCH_KEY: &str = "ERR no such key";
    pub const DB_OUT_OF_RANGE: &str = "ERR DB index is out of range";
    pub const INVALID_FIRST_DB: &str = "ERR invalid first DB index";
    pub const INVALID_SECOND_DB: &str = "ERR invalid second DB index";
    pub const INT_OUT_OF_RANGE: &str =
        "ERR value is out of range, value must between -2147483648 and 2147483647";
    pub const NOT_NEGATABLE: &str = "ERR value is out of range, value must between \
        -9223372036854775807 and 9223372036854775807";
    pub const EXPIRE_NX_CONFLICT: &str =
        "ERR NX and XX, GT or LT options at the same time are not compatible";
    pub const EXPIRE_GT_LT_CONFLICT: &str =
        "ERR GT and LT options at the same time are not compatible";
    pub const LFU_NOT_SELECTED: &str = "ERR An LFU maxmemory policy is not selected, access \
        frequency not tracked. Please note that when switching between policies at runtime LRU \
        and LFU data will take some time to adjust.";
    pub const LFU_SELECTED: &str = "ERR An LFU maxmemory policy is selected, idle time not \
        tracked. Please note that when switching between policies at runtime LRU and LFU data \
        will take some time to adjust.";
    pub const OVERFLOW: &str = "ERR increment or decrement would overflow";
    pub const STRING_TOO_LONG: &str =
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    pub const OFFSET: &str = "ERR offset is out of range";
    pub const INVALID_CURSOR: &str = "ERR invalid cursor";
    pub const NO_AUTH: &str = "NOAUTH Authentication required.";
    pub const NO_PROTO: &str = "NOPROTO unsupported protocol version";
    pub const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";
    pub const BIT_OFFSET: &str = "ERR bit offset is not an integer or out of range";
    pub const BIT_VALUE: &str = "ERR bit is not an integer or out of range";
    pub const BIT_ARGUMENT: &str = "ERR The bit argument must be 1 or 0.";
    pub const BITOP_NOT: &str = "ERR BITOP NOT must be called with a single source key.";
    pub const FIELD_TYPE: &str = "ERR Invalid bitfield type. Use something like i16 u8. \
         Note that u64 is not supported but i64 is.";
    pub const FIELD_OVERFLOW: &str = "ERR Invalid OVERFLOW type specified";
    pub const FIELD_READ_ONLY: &str = "ERR BITFIELD_RO only supports the GET subcommand";
    pub const DEBUG_NOT_ALLOWED: &str = "ERR DEBUG command not allowed. If the \
        enable-debug-command option is set to \"local\", you can run it from a local connection, \
        otherwise you need to set this option in the configuration file, and then restart the \
        server.";
    pub const TIMEOUT_NOT_INTEGER: &str = "ERR timeout is not an integer or out of range";
    pub const TIMEOUT_NOT_FLOAT: &str = "ERR timeout is not a float or out of range";
    pub const TIMEOUT_OUT_OF_RANGE: &str = "ERR timeout is out of range";
    pub const TIMEOUT_NEGATIVE: &str = "ERR timeout is negative";
    pub const NOT_POSITIVE: &str = "ERR value is out of range, must be positive";
    pub const OUT_OF_RANGE: &str = "ERR value is out of range";
    pub const NUMKEYS_NOT_POSITIVE: &str = "ERR numkeys should be greater than 0";
    pub const NUMKEYS_TOO_LARGE: &str = "ERR Number of keys can't be greater than number of args";
    pub const LIMIT_NEGATIVE: &str = "ERR LIMIT can't be negative";
    pub const SAME_OBJECT: &str = "ERR source and destination objects are the same";
}

impl CommandError {
    /// The wording on the wire.
    pub fn text(&self) -> ErrorText {
        match self {
            CommandError::Park(_) => ErrorText::from("ERR the command would have to wait"),
            CommandError::Fixed(text) => ErrorText::from(*text),
            CommandError::Text(text) => ErrorText::from(text.clone()),
            CommandError::Bytes(text) => ErrorText::from(text.clone()),
            CommandError::Storage(error) => storage_text(error),
        }
    }

    /// `ERR Unsupported option x`.
    pub fn unsupported_option(option: &[u8]) -> CommandError {
        CommandError::quoting("ERR Unsupported option ", option, "")
    }

    /// A wording around foreign bytes, which stay as they are up to their first zero byte.
    pub fn quoting(before: &str, foreign: &[u8], after: &str) -> CommandError {
        let foreign = quoted(foreign, foreign.len());
        CommandError::Bytes([before.as_bytes(), foreign, after.as_bytes()].concat())
    }

    /// `ERR wrong number of arguments for 'x' command`; subcommands as `config|get`.
    pub fn wrong_arity(name: &str) -> CommandError {
        CommandError::Text(format!(
            "ERR wrong number of arguments for '{name}' command"
        ))
    }

    /// `ERR invalid expire time in 'x' command`.
    pub fn invalid_expire(name: &str) -> CommandError {
        CommandError::Text(format!("ERR invalid expire time in '{name}' command"))
    }

    /// `ERR BITOP x must be called with at least two source keys.`
    pub fn too_few_sources(operation: &[u8]) -> CommandError {
        let operation = operation.to_ascii_uppercase();
        let operation = String::from_utf8_lossy(&operation);
        CommandError::Text(format!(
            "ERR BITOP {operation} must be called with at least two source keys."
        ))
    }
}

/// What an error shows of foreign bytes: up to the first zero byte, as Redis's formats do.
pub fn quoted(bytes: &[u8], bytes_max: usize) -> &[u8] {
    let shown = bytes.get(..bytes_max).unwrap_or(bytes);
    shown.split(|&byte| byte == 0).next().unwrap_or_default()
}

impl From<StorageError> for CommandError {
    fn from(error: StorageError) -> CommandError {
        CommandError::Storage(error)
    }
}

impl From<&'static str> for CommandError {
    fn from(text: &'static str) -> CommandError {
        CommandError::Fixed(text)
    }
}

impl From<String> for CommandError {
    fn from(text: String) -> CommandError {
        CommandError::Text(text)
    }
}

fn storage_text(error: &StorageError) -> ErrorText {
    let wording: Cow<'static, str> = match error {
        StorageError::WrongType => text::WRONG_TYPE.into(),
        StorageError::NotAHyperLogLog => text::NOT_A_HYPERLOGLOG.into(),
        StorageError::MalformedHyperLogLog => text::MALFORMED_HYPERLOGLOG.into(),
        StorageError::NotAnInteger => text::NOT_INTEGER.into(),
        StorageError::NotAFloat => text::NOT_FLOAT.into(),
        StorageError::NotADigest => "ERR must be exactly 16 hexadecimal characters".into(),
        StorageError::Overflow => text::OVERFLOW.into(),
        StorageError::StringTooLong => text::STRING_TOO_LONG.into(),
        StorageError::NoSuchDatabase => text::DB_OUT_OF_RANGE.into(),
        StorageError::KeyTooLong => "ERR key is longer than 65536 bytes".into(),
        StorageError::ElementTooLong => "ERR element is longer than 8388608 bytes".into(),
        StorageError::CommitTooLarge => {
            "ERR the change is larger than one commit may be (16 MiB)".into()
        }
        StorageError::Poisoned(cause) => format!(
            "MISCONF Errors writing to the write-ahead log: {cause}. Writes are refused until the \
             server is restarted."
        )
        .into(),
        StorageError::DiskReserve => "MISCONF Free disk space is below 'disk-reserve-bytes'. \
             Writes are refused until space is free again."
            .into(),
        StorageError::DiskFull => "MISCONF No space is left on the disk. \
             Writes are refused until space is free again."
            .into(),
        other => format!("ERR {other}").into(),
    };
    match wording {
        Cow::Borrowed(text) => ErrorText::from(text),
        Cow::Owned(text) => ErrorText::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_bytes_are_quoted_as_they_are_up_to_a_zero() {
        let error = CommandError::quoting("ERR No such user '", b"a\xff\0b", "'");
        assert_eq!(error.text().as_bytes(), b"ERR No such user 'a\xff'");
    }

    #[test]
    fn texts_are_redis_texts() {
        let text = |error: CommandError| error.text().to_string();
        assert_eq!(text(StorageError::WrongType.into()), text::WRONG_TYPE);
        assert_eq!(
            text(CommandError::wrong_arity("config|get")),
            "ERR wrong number of arguments for 'config|get' command"
        );
        assert!(text(StorageError::DiskReserve.into()).starts_with("MISCONF "));
    }
}
