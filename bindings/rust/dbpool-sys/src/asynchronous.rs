//! `<dbpool/async.h>`: the calls that answer later, by a callback on a loop.

use crate::{
    c_char, c_void, dbpool, dbpool_acquire_options, dbpool_batch, dbpool_conn, dbpool_error,
    dbpool_loop, dbpool_op, dbpool_options, dbpool_query_options, dbpool_result, dbpool_status,
    dbpool_tx_options, dbpool_value,
};

/// Answers an acquire; owns lease and error.
pub type dbpool_acquire_cb =
    Option<unsafe extern "C" fn(*mut c_void, dbpool_status, dbpool_conn, *mut dbpool_error)>;
/// Answers a query; owns result and error.
pub type dbpool_query_cb =
    Option<unsafe extern "C" fn(*mut c_void, dbpool_status, *mut dbpool_result, *mut dbpool_error)>;
/// Answers a fetch; owns the error. The batch is valid during the callback.
pub type dbpool_fetch_cb = Option<
    unsafe extern "C" fn(*mut c_void, dbpool_status, *const dbpool_batch, *mut dbpool_error),
>;
/// Answers a call that gives nothing but its status; owns the error.
pub type dbpool_done_cb =
    Option<unsafe extern "C" fn(*mut c_void, dbpool_status, *mut dbpool_error)>;
/// Answers a create; owns pool and error.
pub type dbpool_create_cb =
    Option<unsafe extern "C" fn(*mut c_void, dbpool_status, *mut dbpool, *mut dbpool_error)>;

extern "C" {
    /// dbpool_create() that does not block: connecting happens on a thread of the library.
    pub fn dbpool_create_async(
        uri: *const c_char,
        options: *const dbpool_options,
        event_loop: *mut dbpool_loop,
        callback: dbpool_create_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_close() that does not block: no more leases from now on; answers when the pool is closed.
    pub fn dbpool_close_async(
        pool: *mut dbpool,
        event_loop: *mut dbpool_loop,
        timeout_ms: i64,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Borrows a connection: at once if one is idle, else by the callback. Waits in the same queue as dbpool_acquire(), first come first served, and costs no thread.
    pub fn dbpool_acquire_async(
        pool: *mut dbpool,
        event_loop: *mut dbpool_loop,
        timeout_ms: i64,
        callback: dbpool_acquire_cb,
        user_data: *mut c_void,
        out_now: *mut dbpool_conn,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_acquire_async(), with options as for dbpool_acquire_with().
    pub fn dbpool_acquire_with_async(
        pool: *mut dbpool,
        event_loop: *mut dbpool_loop,
        options: *const dbpool_acquire_options,
        callback: dbpool_acquire_cb,
        user_data: *mut c_void,
        out_now: *mut dbpool_conn,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// One statement on a connection of the pool's choice: acquires, runs, releases.
    pub fn dbpool_query_async(
        pool: *mut dbpool,
        event_loop: *mut dbpool_loop,
        sql: *const c_char,
        sql_size: usize,
        params: *const dbpool_value,
        param_count: usize,
        options: *const dbpool_query_options,
        callback: dbpool_query_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_query() that does not block.
    pub fn dbpool_conn_query_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        sql: *const c_char,
        sql_size: usize,
        params: *const dbpool_value,
        param_count: usize,
        options: *const dbpool_query_options,
        callback: dbpool_query_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_describe() that does not block.
    pub fn dbpool_conn_describe_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        sql: *const c_char,
        sql_size: usize,
        callback: dbpool_query_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_begin() that does not block.
    pub fn dbpool_conn_begin_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        options: *const dbpool_tx_options,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_commit() that does not block.
    pub fn dbpool_conn_commit_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_rollback() that does not block.
    pub fn dbpool_conn_rollback_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_savepoint() that does not block.
    pub fn dbpool_conn_savepoint_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        name: *const c_char,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_rollback_to() that does not block.
    pub fn dbpool_conn_rollback_to_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        name: *const c_char,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_release_savepoint() that does not block.
    pub fn dbpool_conn_release_savepoint_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        name: *const c_char,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// dbpool_conn_ping() that does not block. A connection that does not answer in time is given up.
    pub fn dbpool_conn_ping_async(
        conn: dbpool_conn,
        event_loop: *mut dbpool_loop,
        timeout_ms: i64,
        callback: dbpool_done_cb,
        user_data: *mut c_void,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// The next rows: at once if they are there, else by the callback.
    pub fn dbpool_result_fetch_async(
        result: *mut dbpool_result,
        event_loop: *mut dbpool_loop,
        max_rows: u32,
        callback: dbpool_fetch_cb,
        user_data: *mut c_void,
        out_now: *mut dbpool_batch,
        out_op: *mut dbpool_op,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Asks a pending call to end. Does not wait for it.
    pub fn dbpool_op_cancel(op: dbpool_op) -> dbpool_status;
}
