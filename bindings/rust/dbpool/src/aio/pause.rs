//! Time that passes, on any runtime: a thread of this crate wakes whoever waits, and ends when nobody does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

use crate::ffi::contain;

/// When a pause ends, and a number that tells those apart that end together.
type Key = (Instant, u64);

struct Pauses {
    waiting: BTreeMap<Key, Waker>,
    last_number: u64,
    /// The process whose thread looks at them: that of a parent is not there after `fork()`.
    watched_in: Option<u32>,
}

static PAUSES: Mutex<Pauses> =
    Mutex::new(Pauses { waiting: BTreeMap::new(), last_number: 0, watched_in: None });
/// A pause has begun that ends before all others.
static EARLIER: Condvar = Condvar::new();

/// No code of a runtime is called with this: wakers and their drop may begin and drop pauses.
fn lock() -> MutexGuard<'static, Pauses> {
    PAUSES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pauses {
    /// False: there can be no thread.
    fn are_watched(&mut self, newest: Key) -> bool {
        let process = std::process::id();
        if self.watched_in != Some(process) {
            let thread = thread::Builder::new().name("dbpool-pause".into()).spawn(watch);
            self.watched_in = thread.is_ok().then_some(process);
        } else if self.waiting.first_key_value().is_some_and(|(first, _)| *first == newest) {
            EARLIER.notify_one();
        }
        self.watched_in.is_some()
    }
}

/// Ready at an instant. Dropped, it wakes nobody.
pub(crate) struct Pause {
    end: Instant,
    /// Once it has been polled.
    number: Option<u64>,
}

impl Pause {
    pub(crate) fn until(end: Instant) -> Self {
        Self { end, number: None }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.end {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let mut pauses = lock();
        let number = *self.number.get_or_insert_with(|| {
            pauses.last_number += 1;
            pauses.last_number
        });
        let key = (self.end, number);
        let replaced = pauses.waiting.insert(key, waker);
        let watched = pauses.are_watched(key);
        drop(pauses);
        drop(replaced);
        if !watched {
            context.waker().wake_by_ref(); // so the runtime asks again and again
        }
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = lock().waiting.remove(&(self.end, number));
            drop(waker);
        }
    }
}

/// The thread.
fn watch() {
    let mut pauses = lock();
    while let Some((&(end, _), _)) = pauses.waiting.first_key_value() {
        let left = end.saturating_duration_since(Instant::now());
        pauses = if left.is_zero() {
            let over = pauses.waiting.pop_first();
            drop(pauses);
            if let Some((_, waker)) = over {
                contain(|| waker.wake());
            }
            lock()
        } else {
            EARLIER.wait_timeout(pauses, left).unwrap_or_else(PoisonError::into_inner).0
        };
    }
    pauses.watched_in = None;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::aio::block_on::{block_on, Panics};

    #[test]
    fn a_waker_that_panics_ends_no_other_pause() {
        let waker = Arc::new(Panics).into();
        let mut broken = Pause::until(Instant::now() + Duration::from_millis(50));
        assert!(Pin::new(&mut broken).poll(&mut Context::from_waker(&waker)).is_pending());
        let later = Instant::now() + Duration::from_millis(100);
        block_on(Pause::until(later));
        assert!(Instant::now() >= later);
        while lock().watched_in.is_some() {
            thread::yield_now(); // its thread ends when nobody pauses
        }
    }
}
