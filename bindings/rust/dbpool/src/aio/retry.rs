//! A transaction as a closure. Whether it is run again, and after what pause, is the library's to say.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::conn::Conn;
use super::pause::Pause;
use super::pool::Pool;
use super::session::Session;
use super::transaction::Transaction;
use crate::call_options::TransactionOptions;
use crate::error::{Error, Result};
use crate::note::Note;
use crate::sys;

pub(crate) async fn transaction<T, E: From<Error>>(
    pool: &Pool,
    options: &TransactionOptions,
    mut work: impl AsyncFnMut(&mut Session) -> Result<T, E>,
) -> Result<T, E> {
    let end = options.end();
    for attempt in 1.. {
        let mut conn = get_until(pool, end).await?;
        let note = Arc::new(Note::new());
        conn.note_failures(Some(note.clone()));
        let failure = match once(conn, &options.left_until(end), &mut work).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let Some(pause) = pause_before_next(pool, options, &note, attempt) else {
            return Err(failure);
        };
        let now = Instant::now();
        if end.is_some_and(|end| end <= now) {
            return Err(failure);
        }
        let next = now + pause;
        Pause::until(end.map_or(next, |end| end.min(next))).await;
    }
    unreachable!("the last attempt returns")
}

/// A connection, within `acquire_timeout` and until then.
async fn get_until(pool: &Pool, end: Option<Instant>) -> Result<Conn> {
    let Some(end) = end else { return pool.get().await };
    let mut conn = pool.get();
    let mut late = Pause::until(end);
    let in_time = poll_fn(|context| match Pin::new(&mut conn).poll(context) {
        Poll::Ready(conn) => Poll::Ready(Some(conn)),
        Poll::Pending => Pin::new(&mut late).poll(context).map(|()| None),
    })
    .await;
    drop(conn);
    match in_time {
        Some(conn) => conn,
        None => pool.get_timeout(Duration::ZERO).await, // which has the words for it
    }
}

/// Between BEGIN and COMMIT; a failure is rolled back.
async fn once<T, E: From<Error>>(
    conn: Conn,
    options: &TransactionOptions,
    work: &mut impl AsyncFnMut(&mut Session) -> Result<T, E>,
) -> Result<T, E> {
    let mut tx = Transaction::begin_owned(conn, options).await?;
    match work(&mut tx).await {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(failure) => {
            tx.note_failures(None);
            // What failed counts; the release of the connection makes sure of the rest.
            let _ = tx.rollback().await;
            Err(failure)
        }
    }
}

/// `None`: the failure is the answer. So it is where the library never failed.
fn pause_before_next(
    pool: &Pool,
    options: &TransactionOptions,
    note: &Note,
    attempt: u32,
) -> Option<Duration> {
    let failure = note.take();
    if failure.is_null() {
        return None;
    }
    let mut pause_ms = 0;
    // SAFETY: the pool is alive, the failure is ours, and not used after it is freed.
    let status = unsafe {
        let status = sys::dbpool_transaction_again(
            pool.as_blocking().as_ptr(),
            &options.to_c(),
            failure,
            attempt,
            &mut pause_ms,
            ptr::null_mut(),
        );
        sys::dbpool_error_free(failure);
        status
    };
    let pause = u64::try_from(pause_ms).map(Duration::from_millis);
    (status == sys::DBPOOL_OK).then_some(pause.unwrap_or_default())
}
