use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::call_options::TransactionOptions;
use crate::error::Result;
use crate::ffi::{call, check};
use crate::session::Session;
use crate::sys;
use crate::transaction::Transaction;

/// A borrowed connection. Dropped, it goes back to its pool, without blocking: what is open is rolled back.
///
/// It may move between threads. Its pool stays open as long as it is lent. What it can do is on [`Session`].
#[derive(Debug)]
#[must_use = "a connection that is dropped goes back to its pool"]
pub struct Conn(Session);

impl Conn {
    /// # Safety
    /// The token is a lease that nobody else releases.
    #[inline]
    pub(crate) unsafe fn new(token: sys::dbpool_conn) -> Self {
        Self(Session::new(token, None))
    }

    /// Begins a transaction, which is rolled back unless it is [committed](Transaction::commit).
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        self.begin_with(&TransactionOptions::new())
    }

    /// [`begin`](Self::begin), with options.
    pub fn begin_with(&mut self, options: &TransactionOptions) -> Result<Transaction<'_>> {
        Transaction::begin(self, options)
    }

    /// Gives it back, as dropping it does, and tells whether that went well.
    pub fn release(self) -> Result<()> {
        let conn = ManuallyDrop::new(self); // its session owns nothing but the lease
                                            // SAFETY: the lease is ours.
        check(unsafe { sys::dbpool_release(conn.0.token()) })
    }
}

impl Deref for Conn {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Drop for Conn {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the lease is ours. It can fail in a forked child alone, which has nothing to give back.
        unsafe { sys::dbpool_release(self.0.token()) };
    }
}

/// Cancels what runs on a connection, from any thread.
///
/// Once the connection is released this is harmless: it never reaches a later borrower.
#[derive(Debug, Clone)]
pub struct CancelHandle(sys::dbpool_conn);

impl CancelHandle {
    pub(crate) fn new(token: sys::dbpool_conn) -> Self {
        Self(token)
    }

    /// Asks that the running statement end, and does not wait for it: it fails with
    /// [`Error::Cancelled`](crate::Error::Cancelled), unless its result comes first. Without a running statement nothing happens.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: a token may be any number.
        call(|error| unsafe { sys::dbpool_conn_cancel(self.0, error) }).map(drop)
    }
}
