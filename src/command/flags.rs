//! Owns command flags.
//! Invariants: the names are those of COMMAND INFO; flags marked internal are not shown.
//! Tests: below.

/// A set of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u32);

impl Flags {
    pub const NONE: Flags = Flags(0);
    /// Changes data. Implied by the handler's type.
    pub const WRITE: Flags = Flags(1);
    /// Reads data. Implied by the handler's type.
    pub const READONLY: Flags = Flags(1 << 1);
    /// Refused when memory is above `maxmemory` after everything evictable is gone.
    pub const DENYOOM: Flags = Flags(1 << 2);
    pub const ADMIN: Flags = Flags(1 << 3);
    pub const NOSCRIPT: Flags = Flags(1 << 4);
    pub const BLOCKING: Flags = Flags(1 << 5);
    /// Allowed while the server loads.
    pub const LOADING: Flags = Flags(1 << 6);
    /// Allowed on a replica that lost its primary.
    pub const STALE: Flags = Flags(1 << 7);
    pub const SKIP_MONITOR: Flags = Flags(1 << 8);
    pub const SKIP_SLOWLOG: Flags = Flags(1 << 9);
    /// O(1) or O(log N).
    pub const FAST: Flags = Flags(1 << 10);
    /// Allowed before AUTH.
    pub const NO_AUTH: Flags = Flags(1 << 11);
    /// Reads, and may change rows that replicas must have too. Redis shows it to nobody.
    pub const MAY_REPLICATE: Flags = Flags(1 << 12);
    /// Allowed while a script blocks the server.
    pub const ALLOW_BUSY: Flags = Flags(1 << 13);
    pub const NO_MULTI: Flags = Flags(1 << 14);
    pub const NO_ASYNC_LOADING: Flags = Flags(1 << 15);
    /// Internal: reads the key space by iteration, so it waits for staged edits first.
    pub const SETTLED: Flags = Flags(1 << 16);
    /// Internal: takes long by nature; runs on the pool at once.
    pub const OFFLOAD: Flags = Flags(1 << 17);
    /// Internal: does not count as an access of its keys (TYPE, TTL, OBJECT ...).
    pub const NO_TOUCH: Flags = Flags(1 << 18);
    /// Internal: refused unless `enable-debug-command` permits it.
    pub const DEBUG: Flags = Flags(1 << 19);
    /// Internal: reads several rows of its key as a rule, so it takes the shared latch at once.
    pub const LATCHED: Flags = Flags(1 << 20);
    /// Internal: runs between MULTI and EXEC instead of being queued.
    pub const NEVER_QUEUED: Flags = Flags(1 << 21);
    /// Internal: where `save` asks for snapshots, Redis makes one at once, so nothing is left to
    /// save; runs on the pool.
    pub const SAVES: Flags = Flags(1 << 22);
    /// Internal: what it asks for comes outside the order of requests and replies, so it may be
    /// queued, and is refused when it should run in a transaction.
    pub const UNORDERED: Flags = Flags(1 << 23);

    /// Both sets.
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all of `other` are set.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names COMMAND INFO shows, in its order.
    pub fn names(self) -> Vec<&'static str> {
        const NAMES: [(Flags, &str); 15] = [
            (Flags::WRITE, "write"),
            (Flags::READONLY, "readonly"),
            (Flags::DENYOOM, "denyoom"),
            (Flags::ADMIN, "admin"),
            (Flags::NOSCRIPT, "noscript"),
            (Flags::BLOCKING, "blocking"),
            (Flags::LOADING, "loading"),
            (Flags::STALE, "stale"),
            (Flags::SKIP_MONITOR, "skip_monitor"),
            (Flags::SKIP_SLOWLOG, "skip_slowlog"),
            (Flags::FAST, "fast"),
            (Flags::NO_AUTH, "no_auth"),
            (Flags::NO_ASYNC_LOADING, "no_async_loading"),
            (Flags::NO_MULTI, "no_multi"),
            (Flags::ALLOW_BUSY, "allow_busy"),
        ];
        NAMES
            .iter()
            .filter(|(flag, _)| self.has(*flag))
            .map(|(_, name)| *name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_flags_have_no_name() {
        let all = Flags::SETTLED.with(Flags::OFFLOAD).with(Flags::NO_TOUCH);
        let all = all.with(Flags::UNORDERED);
        assert!(all.names().is_empty());
        assert_eq!(Flags::WRITE.with(Flags::FAST).names(), ["write", "fast"]);
        assert!(!Flags::FAST.has(Flags::WRITE.with(Flags::FAST)));
    }
}
