use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use crate::call_options::{QueryOptions, TransactionOptions};
use crate::conn::CancelHandle;
use crate::description::Description;
use crate::error::Result;
use crate::ffi::{c_string, milliseconds};
use crate::note::{self, Note};
use crate::params::Params;
use crate::rows::{ResultHandle, Rows};
use crate::sys;

/// What can be done with a borrowed connection: a [`Conn`](crate::Conn), a [`Transaction`](crate::Transaction) and
/// a hook have this in common.
pub struct Session {
    token: sys::dbpool_conn,
    note: Option<Arc<Note>>,
    _one_thread_at_a_time: PhantomData<Cell<()>>,
}

/// The arguments of a C function that runs a statement, as far as they are the same for all of them.
pub(crate) struct Statement<'a> {
    pub(crate) sql: *const sys::c_char,
    pub(crate) sql_size: usize,
    pub(crate) params: *const sys::dbpool_value,
    pub(crate) param_count: usize,
    pub(crate) options: *const sys::dbpool_query_options,
    _borrowed: PhantomData<&'a ()>,
}

impl Statement<'_> {
    pub(crate) fn with<R>(
        sql: &str,
        params: &impl Params,
        options: Option<sys::dbpool_query_options>,
        then: impl FnOnce(Statement<'_>) -> R,
    ) -> Result<R> {
        params.with(|values| {
            then(Statement {
                sql: sql.as_ptr().cast(),
                sql_size: sql.len(),
                params: values.as_ptr(),
                param_count: values.len(),
                options: options.as_ref().map_or(ptr::null(), ptr::from_ref),
                _borrowed: PhantomData,
            })
        })
    }
}

/// Runs a statement and waits for its result.
pub(crate) fn run(
    note: Option<&Note>,
    sql: &str,
    params: &impl Params,
    options: Option<sys::dbpool_query_options>,
    query: impl FnOnce(
        Statement<'_>,
        *mut *mut sys::dbpool_result,
        *mut *mut sys::dbpool_error,
    ) -> sys::dbpool_status,
) -> Result<ResultHandle> {
    let mut result = ptr::null_mut();
    Statement::with(sql, params, options, |statement| {
        note::call(note, |error| query(statement, &mut result, error))
    })??;
    // SAFETY: the query succeeded, and the result is ours.
    Ok(unsafe { ResultHandle::new(result) })
}

/// The methods that run a statement, for whoever has `run()` and `rows()`.
macro_rules! queries {
    () => {
        /// Runs a statement. Its rows are buffered.
        pub fn query(&self, sql: &str, params: impl Params) -> Result<Rows<'static>> {
            Ok(self.rows(self.run(sql, &params, None)?))
        }

        /// [`query`](Self::query), with options.
        pub fn query_with(
            &self,
            sql: &str,
            params: impl Params,
            options: &QueryOptions,
        ) -> Result<Rows<'static>> {
            Ok(self.rows(self.run(sql, &params, Some(options.to_c(false)))?))
        }

        /// The only row: [`Error::NoRows`](crate::Error::NoRows) or
        /// [`Error::TooManyRows`](crate::Error::TooManyRows) unless there is exactly one.
        pub fn query_one<T: $crate::FromRow>(&self, sql: &str, params: impl Params) -> Result<T> {
            self.query(sql, params)?.one()
        }

        /// The only row, or none: [`Error::TooManyRows`](crate::Error::TooManyRows) if there are more.
        pub fn query_opt<T: $crate::FromRow>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<Option<T>> {
            self.query(sql, params)?.opt()
        }

        /// All rows.
        pub fn query_all<T: $crate::FromRow>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<Vec<T>> {
            self.query(sql, params)?.all()
        }

        /// Runs a statement for what it does: how many rows it changed.
        pub fn execute(&self, sql: &str, params: impl Params) -> Result<u64> {
            Ok(self.run(sql, &params, None)?.affected())
        }
    };
}
pub(crate) use queries;

impl Session {
    pub(crate) fn new(token: sys::dbpool_conn, note: Option<Arc<Note>>) -> Self {
        Self { token, note, _one_thread_at_a_time: PhantomData }
    }

    pub(crate) fn token(&self) -> sys::dbpool_conn {
        self.token
    }

    queries!();

    /// Rows that come as they are asked for: for results that do not fit into memory. Until the last row, or until
    /// they are dropped, other statements on this connection are [`Error::Busy`](crate::Error::Busy).
    pub fn stream(&self, sql: &str, params: impl Params) -> Result<Rows<'_>> {
        self.stream_with(sql, params, &QueryOptions::new())
    }

    /// [`stream`](Self::stream), with options.
    pub fn stream_with(
        &self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<Rows<'_>> {
        Ok(self.rows(self.run(sql, &params, Some(options.to_c(true)))?))
    }

    /// What a statement takes and gives, without running it.
    pub fn describe(&self, sql: &str) -> Result<Description> {
        let mut result = ptr::null_mut();
        self.call(|error| {
            // SAFETY: the text lives during the call.
            unsafe {
                sys::dbpool_conn_describe(
                    self.token,
                    sql.as_ptr().cast(),
                    sql.len(),
                    &mut result,
                    error,
                )
            }
        })?;
        // SAFETY: the call succeeded, and the result is ours.
        Ok(Description::new(unsafe { ResultHandle::new(result) }))
    }

    /// Asks the database for a sign of life. A connection that does not answer in time is given up.
    ///
    /// Without a time-out `query_timeout` counts.
    pub fn ping(&self, timeout: Option<Duration>) -> Result<()> {
        // SAFETY: a token may be any number.
        self.call(|error| unsafe {
            sys::dbpool_conn_ping(self.token, milliseconds(timeout), error)
        })
    }

    /// A handle that other threads can cancel the connection's statements by.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.token)
    }

    /// The number of the connection: what [events](crate::Event) call it. 0 once it is released.
    pub fn id(&self) -> u64 {
        // SAFETY: a token may be any number.
        unsafe { sys::dbpool_conn_id(self.token) }
    }

    /// The driver's own handle, `PGconn *` or `sqlite3 *`; NULL if the connection is lost. Never close it. From then
    /// on the connection counts as dirty, and its whole session is cleaned at release.
    pub fn native(&self) -> *mut std::ffi::c_void {
        // SAFETY: a token may be any number.
        unsafe { sys::dbpool_conn_native(self.token) }
    }

    fn run(
        &self,
        sql: &str,
        params: &impl Params,
        options: Option<sys::dbpool_query_options>,
    ) -> Result<ResultHandle> {
        run(self.note.as_deref(), sql, params, options, |s, result, error| {
            // SAFETY: the statement and its parameters live during the call.
            unsafe {
                sys::dbpool_conn_query(
                    self.token,
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

    fn rows<'c>(&self, result: ResultHandle) -> Rows<'c> {
        Rows::new(result, self.note.clone())
    }

    pub(crate) fn begin(&self, options: &TransactionOptions) -> Result<()> {
        // SAFETY: the options live during the call.
        self.call(|error| unsafe { sys::dbpool_conn_begin(self.token, &options.to_c(), error) })
    }

    pub(crate) fn commit(&self) -> Result<()> {
        // SAFETY: a token may be any number.
        self.call(|error| unsafe { sys::dbpool_conn_commit(self.token, error) })
    }

    pub(crate) fn rollback(&self) -> Result<()> {
        // SAFETY: a token may be any number.
        self.call(|error| unsafe { sys::dbpool_conn_rollback(self.token, error) })
    }

    pub(crate) fn savepoint(&self, verb: SavepointVerb, name: &str) -> Result<()> {
        let name = c_string(name, "the name of a savepoint")?;
        // SAFETY: the name lives during the call.
        self.call(|error| unsafe { verb(self.token, name.as_ptr(), error) })
    }

    pub(crate) fn call(
        &self,
        function: impl FnOnce(*mut *mut sys::dbpool_error) -> sys::dbpool_status,
    ) -> Result<()> {
        note::call(self.note.as_deref(), function).map(drop)
    }
}

/// `dbpool_conn_savepoint()` and the two like it.
pub(crate) type SavepointVerb = unsafe extern "C" fn(
    sys::dbpool_conn,
    *const sys::c_char,
    *mut *mut sys::dbpool_error,
) -> sys::dbpool_status;

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).finish()
    }
}
