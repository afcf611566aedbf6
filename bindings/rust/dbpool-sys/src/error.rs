//! `<dbpool/error.h>`: what went wrong, where, and what to do about it.

use crate::{c_char, dbpool_error, dbpool_status};

/// Before anything was done.
pub const DBPOOL_PHASE_NONE: u32 = 0;
/// Waiting for a connection, or for the writer's turn.
pub const DBPOOL_PHASE_QUEUE: u32 = 1;
/// Opening a connection.
pub const DBPOOL_PHASE_CONNECT: u32 = 2;
/// Asking an idle connection whether it lives.
pub const DBPOOL_PHASE_PING: u32 = 3;
/// Cleaning a connection after use.
pub const DBPOOL_PHASE_RESET: u32 = 4;
/// Running a statement, or fetching its rows.
pub const DBPOOL_PHASE_QUERY: u32 = 5;
/// Closing the pool.
pub const DBPOOL_PHASE_CLOSE: u32 = 6;

/// The same call may succeed later.
pub const DBPOOL_FLAG_RETRYABLE: u32 = 1;
/// The lease's connection is gone.
pub const DBPOOL_FLAG_CONN_BROKEN: u32 = 2;
/// A deadline of ours or a time-out of the server.
pub const DBPOOL_FLAG_TIMEOUT: u32 = 4;
/// Somebody asked for it to end.
pub const DBPOOL_FLAG_CANCELLED: u32 = 8;
/// Not one byte of the statement left this process.
pub const DBPOOL_FLAG_NOT_SENT: u32 = 16;
/// It may have been committed: the connection was lost before the answer.
pub const DBPOOL_FLAG_OUTCOME_UNKNOWN: u32 = 32;

/// `ERROR`, `FATAL` or `PANIC`.
pub const DBPOOL_FIELD_SEVERITY: u32 = 1;
/// The calls it happened in, innermost first, a line each.
pub const DBPOOL_FIELD_WHERE: u32 = 2;
/// Name of the type or domain it is about.
pub const DBPOOL_FIELD_DATA_TYPE: u32 = 3;
/// The statement that failed, where a function ran it and not the caller.
pub const DBPOOL_FIELD_INTERNAL_QUERY: u32 = 4;
/// Where in that one: characters, the first is 1.
pub const DBPOOL_FIELD_INTERNAL_POSITION: u32 = 5;
/// Of the server's source code.
pub const DBPOOL_FIELD_FILE: u32 = 6;
/// In that file.
pub const DBPOOL_FIELD_LINE: u32 = 7;
/// Function of the server's source code.
pub const DBPOOL_FIELD_ROUTINE: u32 = 8;

/// The pool at the moment of the failure.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_error_counts {
    /// Set by the caller.
    pub struct_size: usize,
    /// Connections.
    pub open: u32,
    /// Of them not lent.
    pub idle: u32,
    /// Of them lent.
    pub leased: u32,
    /// Callers in the queue.
    pub waiting: u32,
}

extern "C" {
    /// The status that the failed function returned.
    pub fn dbpool_error_code(error: *const dbpool_error) -> dbpool_status;
    /// One sentence for a person. A server's message is given in the server's words.
    pub fn dbpool_error_message(error: *const dbpool_error) -> *const c_char;
    /// The SQLSTATE.
    pub fn dbpool_error_sqlstate(error: *const dbpool_error) -> *const c_char;
    /// The database's own number of the error.
    pub fn dbpool_error_native_code(error: *const dbpool_error) -> i32;
    /// More about the message, from the server (DETAIL).
    pub fn dbpool_error_detail(error: *const dbpool_error) -> *const c_char;
    /// What to do about it: from the server (HINT) or from the pool.
    pub fn dbpool_error_hint(error: *const dbpool_error) -> *const c_char;
    /// Where in the statement.
    pub fn dbpool_error_position(error: *const dbpool_error) -> i32;
    /// The schema the error is about.
    pub fn dbpool_error_schema(error: *const dbpool_error) -> *const c_char;
    /// The table the error is about.
    pub fn dbpool_error_table(error: *const dbpool_error) -> *const c_char;
    /// The column the error is about.
    pub fn dbpool_error_column(error: *const dbpool_error) -> *const c_char;
    /// The constraint that was violated.
    pub fn dbpool_error_constraint(error: *const dbpool_error) -> *const c_char;
    /// What else the server said: `DBPOOL_FIELD_*`.
    pub fn dbpool_error_field(error: *const dbpool_error, field: u32) -> *const c_char;
    /// What was going on.
    pub fn dbpool_error_phase(error: *const dbpool_error) -> u32;
    /// What the failure means for the caller.
    pub fn dbpool_error_flags(error: *const dbpool_error) -> u32;
    /// Why there was no connection: the last error of connecting.
    pub fn dbpool_error_cause(error: *const dbpool_error) -> *const c_char;
    /// The pool's counts at the moment of a failure to acquire.
    pub fn dbpool_error_pool_counts(
        error: *const dbpool_error,
        out: *mut dbpool_error_counts,
    ) -> dbpool_status;
    /// Makes an error of the caller's own, for a dbpool_transaction_fn that fails by itself.
    pub fn dbpool_error_new(code: dbpool_status, message: *const c_char) -> *mut dbpool_error;
    /// Frees an error. NULL is fine.
    pub fn dbpool_error_free(error: *mut dbpool_error);
    /// The name of a status, "DBPOOL_ERR_TIMEOUT"; "DBPOOL_UNKNOWN" for a number that is none.
    pub fn dbpool_status_name(status: dbpool_status) -> *const c_char;
}
