//! `<dbpool/loop.h>`: where asynchronous calls are driven and their callbacks run.

use crate::{c_int, dbpool_error, dbpool_loop, dbpool_status};

/// A thread of its own runs the callbacks.
pub const DBPOOL_LOOP_THREAD: u32 = 0;
/// Who calls `dbpool_loop_dispatch()` runs them.
pub const DBPOOL_LOOP_EXTERNAL: u32 = 1;

extern "C" {
    /// Makes a loop. Serves any number of pools and calls.
    pub fn dbpool_loop_create(
        kind: u32,
        out: *mut *mut dbpool_loop,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Cancels what is pending on the loop, runs the callbacks of that, and ends it.
    pub fn dbpool_loop_free(event_loop: *mut dbpool_loop);
    /// The descriptor of an external loop: readable when there is something to dispatch.
    pub fn dbpool_loop_fd(event_loop: *mut dbpool_loop) -> c_int;
    /// Runs the callbacks that are due, on the calling thread.
    pub fn dbpool_loop_dispatch(event_loop: *mut dbpool_loop, timeout_ms: i64) -> dbpool_status;
}
