use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use crate::builder::Builder;
use crate::call_options::{AcquireOptions, QueryOptions, TransactionOptions};
use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::events::{Event, Watch};
use crate::farewell;
use crate::ffi::{call, check, milliseconds};
use crate::params::Params;
use crate::retry;
use crate::rows::{ResultHandle, Rows};
use crate::session::{queries, run};
use crate::statistics::Statistics;
use crate::sys;
use crate::transaction::Transaction;

/// A pool of connections. Clones are the same pool; when the last one is dropped it closes, and connections that are
/// lent stay usable until they come back.
///
/// ```
/// # fn main() -> dbpool::Result<()> {
/// let pool = dbpool::Pool::new("sqlite::memory:?pool_size=4")?;
/// let conn = pool.get()?;
/// let answer: i64 = conn.query_one("SELECT $1 * 7", (6,))?;
/// assert_eq!(answer, 42);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

/// A reference of the library's, counted on this side: a clone is no call.
struct Handle(NonNull<sys::dbpool>);

// SAFETY: every function on a pool may be called from any thread.
unsafe impl Send for Handle {}
// SAFETY: the same.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and nobody uses it any more.
        unsafe { farewell::end(self.0.as_ptr()) }
    }
}

impl Pool {
    /// A pool for a URI, `postgresql://user@host/db?pool_size=20` or `sqlite:file.db`, with all else as it is by
    /// default. It is connected when this returns.
    pub fn new(uri: &str) -> Result<Self> {
        Self::builder().uri(uri).build()
    }

    /// Settings for a pool.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// # Safety
    /// `pool` is a reference that nobody else gives back.
    pub(crate) unsafe fn from_raw(pool: *mut sys::dbpool) -> Self {
        Self(Arc::new(Handle(NonNull::new(pool).expect("a pool was made"))))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::dbpool {
        self.0 .0.as_ptr()
    }

    /// A connection, as soon as there is one; callers are served in the order they came. Waits for `acquire_timeout`
    /// at most.
    #[inline]
    pub fn get(&self) -> Result<Conn> {
        self.get_for_ms(-1)
    }

    /// [`get`](Self::get), with a time-out of its own; `Duration::MAX`: without end.
    pub fn get_timeout(&self, timeout: Duration) -> Result<Conn> {
        self.get_for_ms(milliseconds(Some(timeout)))
    }

    /// A connection if one is idle, and `None` if all are lent.
    pub fn try_get(&self) -> Result<Option<Conn>> {
        match self.get_for_ms(0) {
            Ok(conn) => Ok(Some(conn)),
            Err(Error::Timeout(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// [`get`](Self::get), with options.
    pub fn get_with(&self, options: &AcquireOptions) -> Result<Conn> {
        let mut token = 0;
        options.with(|options| {
            // SAFETY: the pool is alive, the options during the call.
            call(|error| unsafe {
                sys::dbpool_acquire_with(self.as_ptr(), options, &mut token, error)
            })
        })??;
        // SAFETY: the lease is new and ours.
        Ok(unsafe { Conn::new(token) })
    }

    #[inline]
    fn get_for_ms(&self, timeout_ms: i64) -> Result<Conn> {
        let mut token = 0;
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_acquire(self.as_ptr(), timeout_ms, &mut token, error) })?;
        // SAFETY: the lease is new and ours.
        Ok(unsafe { Conn::new(token) })
    }

    queries!();

    /// Rows that come as they are asked for. They keep their connection until the last row, or until they are
    /// dropped.
    pub fn stream(&self, sql: &str, params: impl Params) -> Result<Rows<'static>> {
        self.stream_with(sql, params, &QueryOptions::new())
    }

    /// [`stream`](Self::stream), with options.
    pub fn stream_with(
        &self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<Rows<'static>> {
        Ok(self.rows(self.run(sql, &params, Some(options.to_c(true)))?))
    }

    fn run(
        &self,
        sql: &str,
        params: &impl Params,
        options: Option<sys::dbpool_query_options>,
    ) -> Result<ResultHandle> {
        run(None, sql, params, options, |s, result, error| {
            // SAFETY: the pool is alive, the statement and its parameters during the call.
            unsafe {
                sys::dbpool_query(
                    self.as_ptr(),
                    s.sql,
                    s.sql_size,
                    s.params,
                    s.param_count,
                    s.options,
                    result,
                    error,
                )
            }
        })
    }

    fn rows(&self, result: ResultHandle) -> Rows<'static> {
        Rows::new(result, None)
    }

    /// Gets a connection and begins a transaction on it, which keeps it.
    pub fn begin(&self) -> Result<Transaction<'static>> {
        self.begin_with(&TransactionOptions::new())
    }

    /// [`begin`](Self::begin), with options.
    pub fn begin_with(&self, options: &TransactionOptions) -> Result<Transaction<'static>> {
        Transaction::begin_owned(self.get()?, options)
    }

    /// Runs a closure between BEGIN and COMMIT. An error of it, or a panic, rolls back.
    ///
    /// If the database says "again" (a serialization failure, a deadlock, SQLite busy), the closure runs again from its
    /// start, after a pause: up to 10 times and for 30 s unless [set otherwise](TransactionOptions). So it should change
    /// nothing outside of the database.
    ///
    /// It may fail with any error type that an [`Error`] can become; if the compiler cannot tell which one, say it where
    /// the closure ends: `Ok::<_, dbpool::Error>(())`.
    ///
    /// ```
    /// # fn main() -> dbpool::Result<()> {
    /// # let pool = dbpool::Pool::new("sqlite::memory:")?;
    /// # pool.execute("CREATE TABLE counters (name TEXT, n INTEGER)", ())?;
    /// let changed = pool.transaction(|tx| {
    ///     tx.execute("INSERT INTO counters VALUES ('visits', 0)", ())?;
    ///     tx.execute("UPDATE counters SET n = n + 1", ())
    /// })?;
    /// assert_eq!(changed, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transaction<T, E: From<Error>>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction_with(&TransactionOptions::new(), work)
    }

    /// [`transaction`](Self::transaction), with options.
    pub fn transaction_with<T, E: From<Error>>(
        &self,
        options: &TransactionOptions,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // SAFETY: the pool is alive.
        unsafe { retry::transaction(self.as_ptr(), options, work) }
    }

    /// Whether the pool is of use: borrows a connection, asks the database, gives it back. Without a time-out
    /// `acquire_timeout` counts.
    pub fn health(&self, timeout: Option<Duration>) -> Result<()> {
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_health(self.as_ptr(), milliseconds(timeout), error) })
            .map(drop)
    }

    /// Its counts, taken at one moment.
    pub fn statistics(&self) -> Result<Statistics> {
        let mut out = Statistics::empty();
        // SAFETY: the pool is alive, and the size is set.
        check(unsafe { sys::dbpool_stats(self.as_ptr(), &mut out) })?;
        Ok(Statistics::new(&out))
    }

    /// Replaces all connections, softly: idle ones now, lent ones when they come back.
    pub fn invalidate(&self) -> Result<()> {
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_invalidate(self.as_ptr(), error) }).map(drop)
    }

    /// [`invalidate`](Self::invalidate), and returns when a fresh connection has answered. Without a time-out
    /// `connect_timeout` counts.
    pub fn reconnect(&self, timeout: Option<Duration>) -> Result<()> {
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_reconnect(self.as_ptr(), milliseconds(timeout), error) })
            .map(drop)
    }

    /// Changes its size. Smaller: surplus idle connections go now, lent ones when they come back.
    pub fn resize(&self, pool_size: u32, max_overflow: u32) -> Result<()> {
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_resize(self.as_ptr(), pool_size, max_overflow, error) })
            .map(drop)
    }

    /// Tells of every connection that is opened, breaks or is closed from now on, until the watch is dropped.
    ///
    /// The closure runs on a thread of the library. A panic in it goes no further, and it hears of the next event.
    pub fn watch(&self, hear: impl FnMut(&Event) + Send + 'static) -> Result<Watch> {
        Watch::new(self.clone(), hear)
    }

    /// Closes it: who waits gets [`Error::Closed`] at once, lent connections are awaited, and what still runs at the
    /// deadline is cut off, which is [`Error::Timeout`]; the pool is closed all the same. Without a time-out
    /// `acquire_timeout` counts. Closing twice is fine.
    pub fn close(&self, timeout: Option<Duration>) -> Result<()> {
        // SAFETY: the pool is alive.
        call(|error| unsafe { sys::dbpool_close(self.as_ptr(), milliseconds(timeout), error) })
            .map(drop)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.statistics() {
            Ok(now) => f
                .debug_struct("Pool")
                .field("limit", &now.limit)
                .field("open", &now.open)
                .field("leased", &now.leased)
                .field("waiting", &now.waiting)
                .finish(),
            Err(_) => f.write_str("Pool"),
        }
    }
}

/// A new pool, by a call that gives one.
pub(crate) fn create(
    make: impl FnOnce(*mut *mut sys::dbpool, *mut *mut sys::dbpool_error) -> sys::dbpool_status,
) -> Result<Pool> {
    let mut pool = ptr::null_mut();
    call(|error| make(&mut pool, error))?;
    // SAFETY: the call succeeded, and its reference is ours.
    Ok(unsafe { Pool::from_raw(pool) })
}
