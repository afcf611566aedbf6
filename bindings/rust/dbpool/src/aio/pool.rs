use std::ptr;
use std::time::Duration;

use super::acquire::Acquire;
use super::call::{on_create, on_done, on_query, Answer, Call, OnDrop, Started};
use super::retry;
use super::rows::RowStream;
use super::session::{buffered, result_of, Session};
use super::transaction::Transaction;
use crate::builder::{as_ptr, Builder};
use crate::call_options::{AcquireOptions, QueryOptions, TransactionOptions};
use crate::error::{Error, Result};
use crate::ffi::milliseconds;
use crate::from_row::FromRow;
use crate::params::Params;
use crate::rows::{ResultHandle, Rows};
use crate::session::Statement;
use crate::sys;

/// A pool of connections. Clones are the same pool, and so is the [blocking one](crate::Pool) that it can be made of;
/// when the last one is dropped it closes, and connections that are lent stay usable until they come back.
#[derive(Debug, Clone)]
pub struct Pool(crate::Pool);

impl From<crate::Pool> for Pool {
    fn from(pool: crate::Pool) -> Self {
        Self(pool)
    }
}

impl Pool {
    /// A pool for a URI, with all else as it is by default. It is connected when this is ready.
    pub async fn connect(uri: &str) -> Result<Self> {
        Self::connect_with(Builder::new().uri(uri)).await
    }

    /// A pool of settings.
    pub async fn connect_with(builder: Builder) -> Result<Self> {
        let call = Call::new();
        {
            let (uri, options) = builder.into_c()?;
            call.start(|user, op, error| {
                // SAFETY: URI and options are copied.
                unsafe {
                    sys::dbpool_create_async(
                        as_ptr(&uri),
                        options.0.as_ptr(),
                        ptr::null_mut(),
                        Some(on_create),
                        user,
                        op,
                        error,
                    )
                }
            })?;
        }
        match call.answer(OnDrop::Cancel).await? {
            Answer::Pool(pool) => Ok(Self(pool)),
            _ => unreachable!("a create is answered by a pool"),
        }
    }

    /// The same pool for blocking calls, and for those that never block: statistics, resize, watch ...
    pub fn as_blocking(&self) -> &crate::Pool {
        &self.0
    }

    /// A connection, as soon as there is one; callers are served in the order they came. Waits for `acquire_timeout` at
    /// most.
    pub fn get(&self) -> Acquire<'_> {
        Acquire::new(self, -1)
    }

    /// [`get`](Self::get), with a time-out of its own; `Duration::MAX`: without end.
    pub fn get_timeout(&self, timeout: Duration) -> Acquire<'_> {
        Acquire::new(self, milliseconds(Some(timeout)))
    }

    /// [`get`](Self::get), with options.
    pub fn get_with(&self, options: AcquireOptions) -> Acquire<'_> {
        Acquire::with(self, options)
    }

    /// Runs a statement on a connection of the pool's choice. Its rows are buffered, so that reading them does not block.
    ///
    /// On PostgreSQL several such statements share a connection, one behind the other without waiting: under load this is
    /// much faster than [`get`](Self::get) and a query.
    pub async fn query(&self, sql: &str, params: impl Params) -> Result<Rows<'static>> {
        self.run(sql, &params, None).await.map(buffered)
    }

    /// [`query`](Self::query), with options.
    pub async fn query_with(
        &self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<Rows<'static>> {
        self.run(sql, &params, Some(options.to_c(false))).await.map(buffered)
    }

    /// The only row: [`Error::NoRows`] or [`Error::TooManyRows`] unless there is exactly one.
    pub async fn query_one<T: FromRow>(&self, sql: &str, params: impl Params) -> Result<T> {
        self.query(sql, params).await?.one()
    }

    /// The only row, or none: [`Error::TooManyRows`] if there are more.
    pub async fn query_opt<T: FromRow>(&self, sql: &str, params: impl Params) -> Result<Option<T>> {
        self.query(sql, params).await?.opt()
    }

    /// All rows.
    pub async fn query_all<T: FromRow>(&self, sql: &str, params: impl Params) -> Result<Vec<T>> {
        self.query(sql, params).await?.all()
    }

    /// Runs a statement for what it does: how many rows it changed.
    pub async fn execute(&self, sql: &str, params: impl Params) -> Result<u64> {
        Ok(self.run(sql, &params, None).await?.affected())
    }

    /// Rows that come as they are asked for. They keep their connection until the last row, or until they are dropped.
    pub async fn stream(&self, sql: &str, params: impl Params) -> Result<RowStream<'static>> {
        self.stream_with(sql, params, &QueryOptions::new()).await
    }

    /// [`stream`](Self::stream), with options.
    pub async fn stream_with(
        &self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<RowStream<'static>> {
        let result = self.run(sql, &params, Some(options.to_c(true))).await?;
        Ok(RowStream::new(result, Call::new()))
    }

    async fn run(
        &self,
        sql: &str,
        params: &impl Params,
        options: Option<sys::dbpool_query_options>,
    ) -> Result<ResultHandle> {
        let call = Call::new();
        Statement::with(sql, params, options, |s| {
            call.start(|user, op, error| {
                // SAFETY: the pool is alive; the statement and its parameters are copied.
                unsafe {
                    sys::dbpool_query_async(
                        self.0.as_ptr(),
                        ptr::null_mut(),
                        s.sql,
                        s.sql_size,
                        s.params,
                        s.param_count,
                        s.options,
                        Some(on_query),
                        user,
                        op,
                        error,
                    )
                }
            })
        })??;
        call.answer(OnDrop::Cancel).await.map(result_of)
    }

    /// Gets a connection and begins a transaction on it, which keeps it.
    pub async fn begin(&self) -> Result<Transaction<'static>> {
        self.begin_with(&TransactionOptions::new()).await
    }

    /// [`begin`](Self::begin), with options.
    pub async fn begin_with(&self, options: &TransactionOptions) -> Result<Transaction<'static>> {
        Transaction::begin_owned(self.get().await?, options).await
    }

    /// Runs a closure between BEGIN and COMMIT. An error of it rolls back.
    ///
    /// If the database says "again" (a serialization failure, a deadlock, SQLite busy), the closure runs again from its
    /// start, after a pause: up to 10 times and for 30 s unless [set otherwise](TransactionOptions). So it should change
    /// nothing outside of the database. The pause is the library's, kept by a thread that lasts as long as somebody waits.
    ///
    /// ```
    /// # async fn example(pool: dbpool::aio::Pool) -> dbpool::Result<()> {
    /// pool.transaction(async |tx| {
    ///     tx.execute("UPDATE accounts SET balance = balance - $1 WHERE id = $2", (100, 1)).await?;
    ///     tx.execute("UPDATE accounts SET balance = balance + $1 WHERE id = $2", (100, 2)).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// In a task that is spawned the closure has to have what it needs for itself, by `async move`. What it borrows makes
    /// the compiler say that an implementation of `Send` is not general enough:
    ///
    /// ```
    /// # fn example(pool: dbpool::aio::Pool, names: Vec<String>) {
    /// tokio::spawn(async move {
    ///     pool.transaction(async move |tx| {
    ///         for name in &names {
    ///             tx.execute("INSERT INTO people VALUES ($1)", (name,)).await?;
    ///         }
    ///         Ok::<_, dbpool::Error>(())
    ///     })
    ///     .await
    /// });
    /// # }
    /// ```
    pub async fn transaction<T, E: From<Error>>(
        &self,
        work: impl AsyncFnMut(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction_with(&TransactionOptions::new(), work).await
    }

    /// [`transaction`](Self::transaction), with options.
    pub async fn transaction_with<T, E: From<Error>>(
        &self,
        options: &TransactionOptions,
        work: impl AsyncFnMut(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        retry::transaction(self, options, work).await
    }

    /// Closes it: who waits gets [`Error::Closed`] at once, lent connections are awaited, and what still runs at the
    /// deadline is cut off, which is [`Error::Timeout`]; the pool is closed all the same. Without a time-out
    /// `acquire_timeout` counts.
    pub async fn close(&self, timeout: Option<Duration>) -> Result<()> {
        let call = Call::new();
        let started = call.start(|user, op, error| {
            // SAFETY: the pool is alive.
            unsafe {
                sys::dbpool_close_async(
                    self.0.as_ptr(),
                    ptr::null_mut(),
                    milliseconds(timeout),
                    Some(on_done),
                    user,
                    op,
                    error,
                )
            }
        })?;
        match started {
            Started::Pending => call.answer(OnDrop::Leave).await.map(drop),
            Started::Now(_) => Ok(()),
        }
    }
}
