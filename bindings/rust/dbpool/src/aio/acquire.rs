use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use super::armed;
use super::call::{on_acquire, Answer, Call, Lease, OnDrop, Waiting};
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

    fn start(&self) -> Result<Begun> {
        let pool = self.pool.as_blocking().as_ptr();
        let mut token = 0;
        let submitted = match &self.options {
            // SAFETY: the pool is alive.
            None => armed::submit(|user, op, error| unsafe {
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
                armed::submit(|user, op, error| unsafe {
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
        Ok(match submitted {
            // SAFETY: the lease is new and ours.
            None => Begun::Lease(unsafe { Lease::new(token) }),
            Some(call) => Begun::Waiting(call),
        })
    }
}

enum Begun {
    Lease(Lease),
    Waiting(Arc<Call>),
}

impl Future for Acquire<'_> {
    type Output = Result<Conn>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiting.is_none() {
            match self.start()? {
                Begun::Lease(lease) => return Poll::Ready(Ok(Conn::new(lease, None))),
                Begun::Waiting(call) => {
                    let waiting = call.answer(OnDrop::Cancel);
                    self.waiting = Some((call, waiting));
                }
            }
        }
        self.poll_waiting(context)
    }
}

impl Acquire<'_> {
    /// REQUIRES: it has begun to wait.
    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<Result<Conn>> {
        let (_, waiting) = self.waiting.as_mut().expect("it has begun to wait");
        let answer = ready!(Pin::new(waiting).poll(context));
        let call = self.waiting.take().map(|(call, _)| call);
        match answer? {
            Answer::Lease(lease) => Poll::Ready(Ok(Conn::new(lease, call))),
            _ => unreachable!("an acquire is answered by a lease"),
        }
    }
}

impl std::fmt::Debug for Acquire<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acquire").field("waits", &self.waiting.is_some()).finish_non_exhaustive()
    }
}
