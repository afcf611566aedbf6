//! `<dbpool/loop.h>`: where asynchronous calls are driven and their callbacks run.

use crate::{c_int, dbpool_conn, dbpool_error, dbpool_loop, dbpool_status};

/// A thread of its own runs the callbacks.
pub const DBPOOL_LOOP_THREAD: u32 = 0;
/// Who calls `dbpool_loop_dispatch()` runs them.
pub const DBPOOL_LOOP_EXTERNAL: u32 = 1;
/// The same, and sockets are polled by the host: `dbpool_loop_wanted()`.
pub const DBPOOL_LOOP_POLLED: u32 = 2;

/// A connection's socket that a call on a polled loop waits for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dbpool_socket {
    /// Size of this struct; to be set before the call.
    pub struct_size: usize,
    /// What `dbpool_loop_ready()` and `dbpool_loop_poll()` take; good for one wait.
    pub number: u64,
    /// The lease whose connection it is; 0: not lent yet, or to no one.
    pub conn: dbpool_conn,
    /// The same for the life of the connection.
    pub fd: i32,
    /// `POLLIN`, `POLLOUT` of `poll(2)`.
    pub events: u32,
}

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
    /// What a polled loop's host is to poll, one socket a call.
    pub fn dbpool_loop_wanted(
        event_loop: *mut dbpool_loop,
        out: *mut dbpool_socket,
    ) -> dbpool_status;
    /// A socket that was wanted is ready.
    pub fn dbpool_loop_ready(event_loop: *mut dbpool_loop, number: u64) -> dbpool_status;
    /// The host leaves a socket that was wanted to the loop.
    pub fn dbpool_loop_poll(event_loop: *mut dbpool_loop, number: u64) -> dbpool_status;
}
