//! `<dbpool/result.h>`: read what a statement gave.

use crate::{
    c_char, dbpool_batch, dbpool_column, dbpool_error, dbpool_result, dbpool_status, dbpool_value,
};

extern "C" {
    /// The columns of the current result.
    pub fn dbpool_result_columns(
        result: *const dbpool_result,
        out: *mut *const dbpool_column,
    ) -> u32;
    /// The parameters of a described statement (dbpool_conn_describe()); otherwise none.
    pub fn dbpool_result_params(
        result: *const dbpool_result,
        out: *mut *const dbpool_column,
    ) -> u32;
    /// The next rows, up to max_rows. Fewer do not mean the end; DBPOOL_DONE does.
    pub fn dbpool_result_fetch(
        result: *mut dbpool_result,
        max_rows: u32,
        out: *mut dbpool_batch,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Goes on to the result of the next statement of the text.
    pub fn dbpool_result_next(
        result: *mut dbpool_result,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// What the statement changed.
    pub fn dbpool_result_affected(result: *const dbpool_result) -> i64;
    /// The key of the row that the statement inserted last.
    pub fn dbpool_result_last_insert_id(result: *const dbpool_result) -> i64;
    /// What kind of statement it was.
    pub fn dbpool_result_command(result: *const dbpool_result) -> *const c_char;
    /// The time from the call to the answer (a streamed result: to its first rows). Waiting for a connection is not counted, waiting for the writer's turn (SQLite) is.
    pub fn dbpool_result_elapsed_ns(result: *const dbpool_result) -> i64;
    /// Frees a result and what it handed out. NULL is fine. A streamed result that is not at its end is ended: its statement is cancelled, and if that does not answer within a second the connection is closed.
    pub fn dbpool_result_free(result: *mut dbpool_result);
    /// Writes a value as text: numbers in shortest exact form, booleans as true and false, bytes as \x hex.
    pub fn dbpool_value_format(
        value: *const dbpool_value,
        buffer: *mut c_char,
        size: usize,
    ) -> usize;
}
