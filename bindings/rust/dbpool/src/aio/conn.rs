use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::call::{Call, Lease};
use super::session::Session;
use super::transaction::Transaction;
use crate::call_options::TransactionOptions;
use crate::error::Result;

/// A borrowed connection. Dropped, it goes back to its pool, without blocking: what is open is rolled back.
///
/// Its pool stays open as long as it is lent. What it can do is on [`Session`].
#[derive(Debug)]
#[must_use = "a connection that is dropped goes back to its pool"]
pub struct Conn(Session);

impl Conn {
    #[inline]
    pub(crate) fn new(lease: Lease, call: Option<Arc<Call>>) -> Self {
        Self(Session::new(lease, call))
    }

    /// Begins a transaction, which is rolled back unless it is [committed](Transaction::commit).
    pub async fn begin(&mut self) -> Result<Transaction<'_>> {
        self.begin_with(&TransactionOptions::new()).await
    }

    /// [`begin`](Self::begin), with options.
    pub async fn begin_with(&mut self, options: &TransactionOptions) -> Result<Transaction<'_>> {
        Transaction::begin(self, options).await
    }

    /// The same connection for blocking calls, once what was given up on it has ended.
    pub async fn into_blocking(mut self) -> crate::Conn {
        self.0.settle().await;
        let lease = self.0.take_idle_lease().expect("settled");
        let token = lease.token();
        std::mem::forget(lease);
        // SAFETY: the lease is ours, and is released by the new one alone.
        unsafe { crate::Conn::new(token) }
    }
}

impl Deref for Conn {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}
