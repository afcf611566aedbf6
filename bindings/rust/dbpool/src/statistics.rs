use std::time::Duration;

use crate::sys;

/// Counts of a pool, taken at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// The most connections there may be: `pool_size` and `max_overflow`.
    pub limit: u32,
    /// Connections there are: idle, leased, and the few being cleaned or closed.
    pub open: u32,
    /// Ready to be lent.
    pub idle: u32,
    /// Lent.
    pub leased: u32,
    /// Being opened.
    pub opening: u32,
    /// Callers in the queue.
    pub waiting: u32,
    /// Connections lent since the pool was made.
    pub acquired: u64,
    /// Of them: had to wait in the queue.
    pub waited: u64,
    /// Waits that ended in a time-out.
    pub timed_out: u64,
    /// Connections opened.
    pub opened: u64,
    /// Connections closed.
    pub closed: u64,
    /// Attempts to open one that failed.
    pub open_failed: u64,
    /// Callers that were refused because too many waited.
    pub refused: u64,
    /// The time all callers spent in the queue.
    pub wait: Duration,
    /// The longest of those waits.
    pub wait_max: Duration,
    /// Round trips to see whether an idle connection lives.
    pub pings: u64,
    /// Connections that were cleaned after use.
    pub resets: u64,
    /// Closed as idle.
    pub closed_idle: u64,
    /// Closed for their age.
    pub closed_lifetime: u64,
    /// Closed for how often they were lent.
    pub closed_uses: u64,
    /// Closed as broken.
    pub closed_broken: u64,
    /// Closed because they did not answer a ping.
    pub closed_ping: u64,
    /// Closed because they could not be cleaned.
    pub closed_reset: u64,
    /// Closed by [`Pool::invalidate`](crate::Pool::invalidate) or [`Pool::reconnect`](crate::Pool::reconnect).
    pub closed_invalidated: u64,
    /// Closed by a hook.
    pub closed_hook: u64,
    /// Closed by [`Pool::resize`](crate::Pool::resize), or because pooling is off.
    pub closed_shrunk: u64,
    /// The option's value now.
    pub pool_size: u32,
    /// The option's value now.
    pub max_overflow: u32,
    /// The option's value now.
    pub min_size: u32,
    /// SQLite: callers waiting for the writer's turn.
    pub write_waiting: u32,
}

impl Statistics {
    pub(crate) fn empty() -> sys::dbpool_statistics {
        // SAFETY: it is made of numbers alone.
        let zero: sys::dbpool_statistics = unsafe { std::mem::zeroed() };
        sys::dbpool_statistics { struct_size: size_of::<sys::dbpool_statistics>(), ..zero }
    }

    pub(crate) fn new(c: &sys::dbpool_statistics) -> Self {
        Self {
            limit: c.limit,
            open: c.open,
            idle: c.idle,
            leased: c.leased,
            opening: c.opening,
            waiting: c.waiting,
            acquired: c.acquired,
            waited: c.waited,
            timed_out: c.timed_out,
            opened: c.opened,
            closed: c.closed,
            open_failed: c.open_failed,
            refused: c.refused,
            wait: Duration::from_nanos(c.wait_ns),
            wait_max: Duration::from_nanos(c.wait_max_ns),
            pings: c.pings,
            resets: c.resets,
            closed_idle: c.closed_idle,
            closed_lifetime: c.closed_lifetime,
            closed_uses: c.closed_uses,
            closed_broken: c.closed_broken,
            closed_ping: c.closed_ping,
            closed_reset: c.closed_reset,
            closed_invalidated: c.closed_invalidated,
            closed_hook: c.closed_hook,
            closed_shrunk: c.closed_shrunk,
            pool_size: c.pool_size,
            max_overflow: c.max_overflow,
            min_size: c.min_size,
            write_waiting: c.write_waiting,
        }
    }
}
