//! `<dbpool/pipeline.h>`: many statements on one lease in one round trip.

use crate::types::opaque;
use crate::{
    c_char, c_void, dbpool_conn, dbpool_done_cb, dbpool_error, dbpool_loop, dbpool_op,
    dbpool_query_options, dbpool_result, dbpool_status, dbpool_value,
};

opaque! {
    /// Statements to be run together.
    dbpool_pipeline
}

/// All or nothing.
pub const DBPOOL_PIPELINE_TRANSACTION: u32 = 1;
/// What a pipeline holds at most, in statements.
pub const DBPOOL_PIPELINE_MAX_STATEMENTS: u32 = 65535;
/// What a pipeline holds at most, of SQL and parameters together.
pub const DBPOOL_PIPELINE_MAX_BYTES: u32 = 1 << 30;

extern "C" {
    /// Creates an empty pipeline.
    pub fn dbpool_pipeline_create(
        flags: u32,
        out: *mut *mut dbpool_pipeline,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Adds a statement behind the others. SQL and parameters are copied.
    pub fn dbpool_pipeline_add(
        pipeline: *mut dbpool_pipeline,
        sql: *const c_char,
        sql_size: usize,
        params: *const dbpool_value,
        param_count: usize,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Runs all statements on a lease. What each gave is then had from dbpool_pipeline_result().
    pub fn dbpool_pipeline_run(
        pipeline: *mut dbpool_pipeline,
        conn: dbpool_conn,
        options: *const dbpool_query_options,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_pipeline_run() that answers by a callback. By the rules of async.h.
    pub fn dbpool_pipeline_run_async(
        pipeline: *mut dbpool_pipeline,
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        options: *const dbpool_query_options,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// How many statements were added.
    pub fn dbpool_pipeline_size(pipeline: *const dbpool_pipeline) -> usize;
    /// What a statement gave in the last run.
    pub fn dbpool_pipeline_result(
        pipeline: *mut dbpool_pipeline,
        index: usize,
        out: *mut *mut dbpool_result,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Empties it: statements and results. Results that were taken stay.
    pub fn dbpool_pipeline_reset(pipeline: *mut dbpool_pipeline) -> dbpool_status;
    /// Frees it. While it is running asynchronously its call goes on, and its results are dropped.
    pub fn dbpool_pipeline_free(pipeline: *mut dbpool_pipeline);
}
