use std::ffi::c_void;
use std::ptr;

use crate::error::Result;
use crate::ffi::{call, contain};
use crate::pool::Pool;
use crate::sys;

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// Unused for `idle_timeout`, and more than is kept.
    Idle,
    /// Older than `max_lifetime`.
    Lifetime,
    /// Lent `max_uses` times.
    Uses,
    /// The server or the network ended it, or a statement left it unusable.
    Broken,
    /// It did not answer a ping.
    Ping,
    /// It could not be cleaned in `reset_timeout`.
    Reset,
    /// [`Pool::invalidate`] or [`Pool::reconnect`].
    Invalidated,
    /// A hook refused it.
    Hook,
    /// [`Pool::resize`] made the pool smaller, or pooling is off.
    Shrunk,
    /// The pool was closed.
    Pool,
    /// A reason that this version does not know.
    Other,
}

impl CloseReason {
    pub(crate) fn of(number: u32) -> Self {
        match number {
            sys::DBPOOL_CLOSED_IDLE => Self::Idle,
            sys::DBPOOL_CLOSED_LIFETIME => Self::Lifetime,
            sys::DBPOOL_CLOSED_USES => Self::Uses,
            sys::DBPOOL_CLOSED_BROKEN => Self::Broken,
            sys::DBPOOL_CLOSED_PING => Self::Ping,
            sys::DBPOOL_CLOSED_RESET => Self::Reset,
            sys::DBPOOL_CLOSED_INVALIDATED => Self::Invalidated,
            sys::DBPOOL_CLOSED_HOOK => Self::Hook,
            sys::DBPOOL_CLOSED_SHRUNK => Self::Shrunk,
            sys::DBPOOL_CLOSED_POOL => Self::Pool,
            _ => Self::Other,
        }
    }
}

/// What has happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It is connected, set up, and in the pool.
    Opened,
    /// It is of no more use. `Closed` follows when it is released.
    Broken,
    /// It is gone.
    Closed(CloseReason),
}

/// A connection has come or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What has happened.
    pub kind: EventKind,
    /// The connection's number, as [`Session::id`](crate::Session::id) tells it.
    pub connection: u64,
    /// Events lost just before this one, because too many were waiting.
    pub missed: u64,
}

/// Hears of events until it is dropped. It keeps its pool open.
#[must_use = "a watch that is dropped hears of nothing"]
pub struct Watch {
    pool: Pool,
    number: u64,
}

impl Watch {
    pub(crate) fn new<F: FnMut(&Event) + Send + 'static>(pool: Pool, hear: F) -> Result<Self> {
        let hear = Box::into_raw(Box::new(hear));
        let mut number = 0;
        let begun = call(|error| {
            // SAFETY: the pool is alive; `hear` is freed by destroy(), unless the call fails.
            unsafe {
                sys::dbpool_watch(
                    pool.as_ptr(),
                    ptr::null_mut(),
                    Some(tell::<F>),
                    hear.cast(),
                    Some(destroy::<F>),
                    &mut number,
                    error,
                )
            }
        });
        match begun {
            Ok(_) => Ok(Self { pool, number }),
            Err(error) => {
                // SAFETY: the library did not take it.
                drop(unsafe { Box::from_raw(hear) });
                Err(error)
            }
        }
    }
}

impl Drop for Watch {
    /// When this returns the closure is not running, and never will be; unless it is the closure that drops it.
    fn drop(&mut self) {
        // SAFETY: the pool is alive. It can be over already, when the pool was closed.
        unsafe { sys::dbpool_unwatch(self.pool.as_ptr(), self.number) };
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("number", &self.number).finish_non_exhaustive()
    }
}

unsafe extern "C" fn tell<F: FnMut(&Event)>(hear: *mut c_void, event: *const sys::dbpool_event) {
    // SAFETY: one event at a time, and none after destroy(); the event is valid during the call.
    let (hear, event) = unsafe { (&mut *hear.cast::<F>(), &*event) };
    let kind = match event.kind {
        sys::DBPOOL_EVENT_OPENED => EventKind::Opened,
        sys::DBPOOL_EVENT_BROKEN => EventKind::Broken,
        _ => EventKind::Closed(CloseReason::of(event.reason)),
    };
    contain(|| hear(&Event { kind, connection: event.connection, missed: event.missed }));
}

unsafe extern "C" fn destroy<F>(hear: *mut c_void) {
    // SAFETY: this is the last call of all.
    let hear = unsafe { Box::from_raw(hear.cast::<F>()) };
    contain(|| drop(hear));
}
