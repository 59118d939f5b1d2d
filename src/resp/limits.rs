//! How much a client may ask the protocol layer to hold for it.
//!
//! Owns [`ProtocolLimits`] and Redis's numbers behind it.
//! Invariant: every length that a peer announces is compared with a number of this file before
//! anything is reserved for it.
//! Must not know: configuration files, sockets, users (only whether the peer has authenticated).
//! Tests: `parser/tests.rs`, one per limit, at the limit and one past it.

/// Default of `proto-max-bulk-len`, in bytes.
pub const BULK_LEN_MAX_DEFAULT: usize = 512 * 1024 * 1024;

/// Most arguments in one request.
pub const MULTIBULK_LEN_MAX: usize = i32::MAX as usize;

/// Longest inline request, and longest line that announces a count or a length, in bytes without
/// the line's end.
pub const INLINE_LEN_MAX: usize = 64 * 1024;

/// Most arguments in one request of a peer that has not authenticated.
pub const UNAUTHENTICATED_MULTIBULK_LEN_MAX: usize = 10;

/// Longest argument, in bytes, of a peer that has not authenticated.
pub const UNAUTHENTICATED_BULK_LEN_MAX: usize = 16 * 1024;

/// Longest request in bytes, arguments and framing together. Argument ranges are 32 bits wide;
/// the query buffer limit stops an ordinary client at a quarter of this.
pub const FRAME_LEN_MAX: usize = u32::MAX as usize;

const _: () = assert!(BULK_LEN_MAX_DEFAULT < FRAME_LEN_MAX);
const _: () = assert!(INLINE_LEN_MAX < FRAME_LEN_MAX);
const _: () = assert!(UNAUTHENTICATED_BULK_LEN_MAX < BULK_LEN_MAX_DEFAULT);

/// The limits that hold for one client at one moment. The parser reads them afresh for every
/// header, so a change (`CONFIG SET`, `AUTH`) holds from the next request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolLimits {
    /// Longest argument in bytes: `proto-max-bulk-len`.
    pub bulk_len_max: usize,
    /// Most arguments in one request.
    pub multibulk_len_max: usize,
    /// Longest inline request and longest header line, in bytes without the line's end.
    pub inline_len_max: usize,
    /// Whether the peer may use the limits above. Until then far smaller ones hold, so that a
    /// stranger cannot make the server hold much for it.
    pub authenticated: bool,
}

impl ProtocolLimits {
    /// Redis's limits with nothing configured.
    #[must_use]
    pub const fn standard(authenticated: bool) -> Self {
        Self {
            bulk_len_max: BULK_LEN_MAX_DEFAULT,
            multibulk_len_max: MULTIBULK_LEN_MAX,
            inline_len_max: INLINE_LEN_MAX,
            authenticated,
        }
    }
}
