//! `<dbpool/events.h>`: connections that come and go, as events on a loop.

use crate::{c_void, dbpool, dbpool_error, dbpool_loop, dbpool_status};

/// It is connected, set up, and in the pool.
pub const DBPOOL_EVENT_OPENED: u32 = 1;
/// It is of no more use.
pub const DBPOOL_EVENT_BROKEN: u32 = 2;
/// It is gone, for `reason`.
pub const DBPOOL_EVENT_CLOSED: u32 = 3;

/// One event.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_event {
    /// What the library knows of it.
    pub struct_size: usize,
    /// `DBPOOL_EVENT_*`.
    pub kind: u32,
    /// Of CLOSED: `DBPOOL_CLOSED_*`; otherwise 0.
    pub reason: u32,
    /// Its number, which no other connection of the process has or will have.
    pub connection: u64,
    /// Events lost just before this one.
    pub missed: u64,
}

/// Hears of an event.
pub type dbpool_event_fn = Option<unsafe extern "C" fn(*mut c_void, *const dbpool_event)>;

extern "C" {
    /// Tells of every connection of the pool that is opened, breaks, or is closed from now on.
    pub fn dbpool_watch(
        pool: *mut dbpool,
        event_loop: *mut dbpool_loop,
        callback: dbpool_event_fn,
        user_data: *mut c_void,
        destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
        out_watch: *mut u64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Ends a watch. When it returns no callback of it is running, and none will.
    pub fn dbpool_unwatch(pool: *mut dbpool, watch: u64) -> dbpool_status;
}
