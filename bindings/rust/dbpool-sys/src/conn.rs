//! `<dbpool/conn.h>`: work on a borrowed connection.

use crate::{
    c_char, c_void, dbpool_conn, dbpool_error, dbpool_query_options, dbpool_result, dbpool_status,
    dbpool_tx_options, dbpool_value,
};

extern "C" {
    /// Runs SQL.
    pub fn dbpool_conn_query(
        conn: dbpool_conn,
        sql: *const c_char,
        sql_size: usize,
        params: *const dbpool_value,
        param_count: usize,
        options: *const dbpool_query_options,
        out: *mut *mut dbpool_result,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// What a statement takes and gives, without running it.
    pub fn dbpool_conn_describe(
        conn: dbpool_conn,
        sql: *const c_char,
        sql_size: usize,
        out: *mut *mut dbpool_result,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Begins a transaction.
    pub fn dbpool_conn_begin(
        conn: dbpool_conn,
        options: *const dbpool_tx_options,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Commits.
    pub fn dbpool_conn_commit(conn: dbpool_conn, error: *mut *mut dbpool_error) -> dbpool_status;
    /// Rolls back.
    pub fn dbpool_conn_rollback(conn: dbpool_conn, error: *mut *mut dbpool_error) -> dbpool_status;
    /// Sets a savepoint in the open transaction.
    pub fn dbpool_conn_savepoint(
        conn: dbpool_conn,
        name: *const c_char,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Undoes what came after the savepoint, which stays.
    pub fn dbpool_conn_rollback_to(
        conn: dbpool_conn,
        name: *const c_char,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Forgets the savepoint and keeps what came after it.
    pub fn dbpool_conn_release_savepoint(
        conn: dbpool_conn,
        name: *const c_char,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Asks the database for a sign of life: one round trip.
    pub fn dbpool_conn_ping(
        conn: dbpool_conn,
        timeout_ms: i64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Asks that the statement running on this lease end. Does not wait for it.
    pub fn dbpool_conn_cancel(conn: dbpool_conn, error: *mut *mut dbpool_error) -> dbpool_status;
    /// The driver's own handle.
    pub fn dbpool_conn_native(conn: dbpool_conn) -> *mut c_void;
    /// The number of the connection behind the lease: what events call it.
    pub fn dbpool_conn_id(conn: dbpool_conn) -> u64;
    /// Keeps something of the caller's with the connection until that is closed.
    pub fn dbpool_conn_set_data(
        conn: dbpool_conn,
        data: *mut c_void,
        destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// What `dbpool_conn_set_data()` keeps with the connection.
    pub fn dbpool_conn_data(conn: dbpool_conn) -> *mut c_void;
}
