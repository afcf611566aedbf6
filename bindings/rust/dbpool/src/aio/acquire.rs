use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use super::call::{on_acquire, Answer, Call, Lease, OnDrop, Started, Waiting};
use super::conn::Conn;
use super::pool::Pool;
use crate::call_options::AcquireOptions;
use crate::error::Result;
use crate::sys;

/// Waits for a connection. Dropped, it leaves the queue; a connection that was on its way goes back to the pool.
#[must_use = "futures do nothing unless they are polled"]
pub struct Acquire<'p> {
    pool: &'p Pool,
    options: Option<AcquireOptions>,
    timeout_ms: i64,
    /// Once it has begun to wait.
    waiting: Option<(Arc<Call>, Waiting)>,
}

impl<'p> Acquire<'p> {
    pub(crate) fn new(pool: &'p Pool, timeout_ms: i64) -> Self {
        Self { pool, options: None, timeout_ms, waiting: None }
    }

    pub(crate) fn with(pool: &'p Pool, options: AcquireOptions) -> Self {
        Self { pool, options: Some(options), timeout_ms: -1, waiting: None }
    }

    /// `None`: a callback brings the lease.
    fn start(&self, call: &Arc<Call>) -> Result<Option<Lease>> {
        let pool = self.pool.as_blocking().as_ptr();
        let mut token = 0;
        let started = match &self.options {
            // SAFETY: the pool is alive.
            None => call.start(|user, op, error| unsafe {
                sys::dbpool_acquire_async(
                    pool,
                    ptr::null_mut(),
                    self.timeout_ms,
                    Some(on_acquire),
                    user,
                    &mut token,
                    op,
                    error,
                )
            }),
            Some(options) => options.with(|options| {
                // SAFETY: the pool is alive, and the options are copied.
                call.start(|user, op, error| unsafe {
                    sys::dbpool_acquire_with_async(
                        pool,
                        ptr::null_mut(),
                        options,
                        Some(on_acquire),
                        user,
                        &mut token,
                        op,
                        error,
                    )
                })
            })?,
        }?;
        Ok(match started {
            // SAFETY: the lease is new and ours.
            Started::Now(_) => Some(unsafe { Lease::new(token) }),
            Started::Pending => None,
        })
    }

    fn conn(&self, lease: Lease, call: Arc<Call>) -> Conn {
        Conn::new(lease, call, self.pool.clone())
    }
}

impl Future for Acquire<'_> {
    type Output = Result<Conn>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiting.is_none() {
            let call = Call::new();
            if let Some(lease) = self.start(&call)? {
                return Poll::Ready(Ok(self.conn(lease, call)));
            }
            let waiting = call.answer(OnDrop::Cancel);
            self.waiting = Some((call, waiting));
        }
        let (_, waiting) = self.waiting.as_mut().expect("set above");
        let answer = ready!(Pin::new(waiting).poll(context));
        let (call, _) = self.waiting.take().expect("set above");
        match answer? {
            Answer::Lease(lease) => Poll::Ready(Ok(self.conn(lease, call))),
            _ => unreachable!("an acquire is answered by a lease"),
        }
    }
}
