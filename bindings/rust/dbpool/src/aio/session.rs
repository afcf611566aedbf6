use std::collections::VecDeque;
use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::call::{on_done, on_query, Answer, Call, Lease, OnDrop, Started};
use super::rows::RowStream;
use super::submit::{submit_rollback, submit_savepoint, SavepointVerb, Submit};
use super::transaction::Savepoint;
use super::undo::Undo;
use crate::call_options::{QueryOptions, TransactionOptions};
use crate::conn::CancelHandle;
use crate::description::Description;
use crate::error::Result;
use crate::ffi::milliseconds;
use crate::from_row::FromRow;
use crate::note::Note;
use crate::params::Params;
use crate::pipeline::Pipeline;
use crate::rows::{ResultHandle, Rows};
use crate::session::Statement;
use crate::sys;

/// What can be done with a borrowed connection: a [`Conn`](super::Conn) and a [`Transaction`](super::Transaction) have
/// this in common. Every future may be dropped: the next call waits until the one given up has ended.
pub struct Session {
    /// `None` while it is being dropped.
    lease: Option<Lease>,
    /// From its first call on.
    call: Option<Arc<Call>>,
    /// What dropped guards have left to do, which comes before the next call.
    pub(super) undo: VecDeque<Undo>,
}

impl Session {
    #[inline]
    pub(crate) fn new(lease: Lease, call: Option<Arc<Call>>) -> Self {
        Self { lease: Some(lease), call, undo: VecDeque::new() }
    }

    pub(crate) fn token(&self) -> sys::dbpool_conn {
        self.lease.as_ref().map_or(0, Lease::token)
    }

    pub(super) fn call(&mut self) -> &Arc<Call> {
        self.call.get_or_insert_with(Call::new)
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.is_open())
    }

    /// For transactions as closures.
    pub(crate) fn note_failures(&mut self, note: Option<Arc<Note>>) {
        self.call().note_failures(note);
    }

    /// The lease, if no call is under way: then it can be released at once.
    pub(crate) fn take_idle_lease(&mut self) -> Option<Lease> {
        if self.is_in_use() {
            None
        } else {
            self.lease.take()
        }
    }

    /// Runs a statement. Its rows are buffered, so that reading them does not block.
    pub async fn query(&mut self, sql: &str, params: impl Params) -> Result<Rows<'static>> {
        self.run(sql, &params, None).await.map(buffered)
    }

    /// [`query`](Self::query), with options.
    pub async fn query_with(
        &mut self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<Rows<'static>> {
        self.run(sql, &params, Some(options.to_c(false))).await.map(buffered)
    }

    /// The only row: [`Error::NoRows`](crate::Error::NoRows) or [`Error::TooManyRows`](crate::Error::TooManyRows)
    /// unless there is exactly one.
    pub async fn query_one<T: FromRow>(&mut self, sql: &str, params: impl Params) -> Result<T> {
        self.query(sql, params).await?.one()
    }

    /// The only row, or none: [`Error::TooManyRows`](crate::Error::TooManyRows) if there are more.
    pub async fn query_opt<T: FromRow>(
        &mut self,
        sql: &str,
        params: impl Params,
    ) -> Result<Option<T>> {
        self.query(sql, params).await?.opt()
    }

    /// All rows.
    pub async fn query_all<T: FromRow>(
        &mut self,
        sql: &str,
        params: impl Params,
    ) -> Result<Vec<T>> {
        self.query(sql, params).await?.all()
    }

    /// Runs a statement for what it does: how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: impl Params) -> Result<u64> {
        Ok(self.run(sql, &params, None).await?.affected())
    }

    /// Rows that come as they are asked for: for results that do not fit into memory.
    ///
    /// Read to the end, if you can. One that is dropped before is cancelled on the server, which can hold up the thread
    /// for a moment, a second at most; one of [`Pool::stream`](super::Pool::stream) never does.
    pub async fn stream(&mut self, sql: &str, params: impl Params) -> Result<RowStream<'_>> {
        self.stream_with(sql, params, &QueryOptions::new()).await
    }

    /// [`stream`](Self::stream), with options.
    pub async fn stream_with(
        &mut self,
        sql: &str,
        params: impl Params,
        options: &QueryOptions,
    ) -> Result<RowStream<'_>> {
        let result = self.run(sql, &params, Some(options.to_c(true))).await?;
        Ok(RowStream::new(result, self.call().clone()))
    }

    /// In a transaction: sets a savepoint. What comes after it is undone when it is dropped without a
    /// [`commit`](Savepoint::commit).
    pub async fn savepoint(&mut self, name: &str) -> Result<Savepoint<'_>> {
        Savepoint::begin(self, name).await
    }

    /// What a statement takes and gives, without running it.
    pub async fn describe(&mut self, sql: &str) -> Result<Description> {
        self.settle().await;
        let answer = self
            .submit(|token, user, op, error| {
                // SAFETY: the text is copied.
                unsafe {
                    sys::dbpool_conn_describe_async(
                        token,
                        ptr::null_mut(),
                        sql.as_ptr().cast(),
                        sql.len(),
                        Some(on_query),
                        user,
                        op,
                        error,
                    )
                }
            })
            .await?;
        Ok(Description::new(result_of(answer)))
    }

    /// Asks the database for a sign of life. A connection that does not answer in time is given up.
    ///
    /// Without a time-out `query_timeout` counts.
    pub async fn ping(&mut self, timeout: Option<Duration>) -> Result<()> {
        self.settle().await;
        self.done(|token, user, op, error| {
            // SAFETY: a token may be any number.
            unsafe {
                sys::dbpool_conn_ping_async(
                    token,
                    ptr::null_mut(),
                    milliseconds(timeout),
                    Some(on_done),
                    user,
                    op,
                    error,
                )
            }
        })
        .await
    }

    /// [`Pipeline::run`], without blocking.
    pub async fn run_pipeline(&mut self, pipeline: &mut Pipeline) -> Result<()> {
        self.run_pipeline_with(pipeline, &QueryOptions::new()).await
    }

    /// [`Pipeline::run_with`], without blocking.
    pub async fn run_pipeline_with(
        &mut self,
        pipeline: &mut Pipeline,
        options: &QueryOptions,
    ) -> Result<()> {
        self.settle().await;
        let (token, options) = (self.token(), options.to_c(false));
        // Here, and not in a closure that the future keeps: a pipeline is not to be shared between threads.
        let started = self.call().start(|user, op, error| {
            // SAFETY: the pipeline is alive; freed while it runs, the library keeps what that needs.
            unsafe {
                sys::dbpool_pipeline_run_async(
                    pipeline.as_ptr(),
                    token,
                    ptr::null_mut(),
                    &options,
                    Some(on_done),
                    user,
                    op,
                    error,
                )
            }
        })?;
        self.answer_to(started).await.map(drop)
    }

    /// A handle that others can cancel the connection's statements by.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.token())
    }

    /// The number of the connection: what [events](crate::Event) call it.
    pub fn id(&self) -> u64 {
        // SAFETY: a token may be any number.
        unsafe { sys::dbpool_conn_id(self.token()) }
    }

    pub(crate) async fn begin(&mut self, options: &TransactionOptions) -> Result<()> {
        self.settle().await;
        self.done(|token, user, op, error| {
            // SAFETY: the options are read during the call.
            unsafe {
                sys::dbpool_conn_begin_async(
                    token,
                    ptr::null_mut(),
                    &options.to_c(),
                    Some(on_done),
                    user,
                    op,
                    error,
                )
            }
        })
        .await
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        self.settle().await;
        self.done(|token, user, op, error| {
            // SAFETY: a token may be any number.
            unsafe {
                sys::dbpool_conn_commit_async(
                    token,
                    ptr::null_mut(),
                    Some(on_done),
                    user,
                    op,
                    error,
                )
            }
        })
        .await
    }

    pub(crate) async fn rollback(&mut self) -> Result<()> {
        self.undo.clear(); // savepoints go with their transaction
        self.settle().await;
        self.done(submit_rollback).await
    }

    pub(crate) async fn savepoint_call(&mut self, verb: SavepointVerb, name: &CStr) -> Result<()> {
        self.settle().await;
        self.done(submit_savepoint(verb, name)).await
    }

    async fn run(
        &mut self,
        sql: &str,
        params: &impl Params,
        options: Option<sys::dbpool_query_options>,
    ) -> Result<ResultHandle> {
        self.settle().await;
        let token = self.token();
        Statement::with(sql, params, options, |s| {
            self.call().start(|user, op, error| {
                // SAFETY: the statement and its parameters are copied.
                unsafe {
                    sys::dbpool_conn_query_async(
                        token,
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
        self.answer().await.map(result_of)
    }

    async fn done(&mut self, submit: impl Submit) -> Result<()> {
        self.submit(submit).await.map(drop)
    }

    /// REQUIRES: settled.
    async fn submit(&mut self, submit: impl Submit) -> Result<Answer> {
        let token = self.token();
        let started = self.call().start(|user, op, error| submit(token, user, op, error))?;
        self.answer_to(started).await
    }

    async fn answer_to(&mut self, started: Started) -> Result<Answer> {
        match started {
            Started::Pending => self.answer().await,
            Started::Now(_) => Ok(Answer::Done),
        }
    }

    async fn answer(&mut self) -> Result<Answer> {
        self.call().answer(OnDrop::Cancel).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(call) = &self.call {
            if let Some(lease) = self.lease.take() {
                call.leave(lease);
            }
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).finish()
    }
}

pub(crate) fn result_of(answer: Answer) -> ResultHandle {
    match answer {
        Answer::Result(result) => result,
        _ => unreachable!("a query is answered by a result"),
    }
}

pub(crate) fn buffered(result: ResultHandle) -> Rows<'static> {
    Rows::new(result, None)
}
