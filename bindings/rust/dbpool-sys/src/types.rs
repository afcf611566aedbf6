//! `<dbpool/types.h>`: handles, status codes, values, columns, batches.

use crate::c_char;

/// 0 is success, a positive number is not an error, a negative one is.
pub type dbpool_status = i32;

/// Done.
pub const DBPOOL_OK: dbpool_status = 0;
/// Nothing more: after the last row, after the last result.
pub const DBPOOL_DONE: dbpool_status = 1;
/// Accepted; the answer comes later.
pub const DBPOOL_PENDING: dbpool_status = 2;
/// A wrong argument.
pub const DBPOOL_ERR_INVALID: dbpool_status = -1;
/// An option or URI: unknown name, bad value, contradiction.
pub const DBPOOL_ERR_OPTION: dbpool_status = -2;
/// Out of memory; nothing has changed.
pub const DBPOOL_ERR_NOMEM: dbpool_status = -3;
/// The deadline passed.
pub const DBPOOL_ERR_TIMEOUT: dbpool_status = -4;
/// Refused at once: `max_waiters` callers wait already.
pub const DBPOOL_ERR_FULL: dbpool_status = -5;
/// The pool is closed or closing.
pub const DBPOOL_ERR_CLOSED: dbpool_status = -6;
/// The lease was released, or never existed.
pub const DBPOOL_ERR_STALE: dbpool_status = -7;
/// The lease is in use by another thread, or a streamed result of it is still open.
pub const DBPOOL_ERR_BUSY: dbpool_status = -8;
/// The pool belongs to the parent process.
pub const DBPOOL_ERR_FORKED: dbpool_status = -9;
/// No connection could be opened.
pub const DBPOOL_ERR_CONNECT: dbpool_status = -10;
/// The server refused the user or the password.
pub const DBPOOL_ERR_AUTH: dbpool_status = -11;
/// The connection was lost.
pub const DBPOOL_ERR_BROKEN: dbpool_status = -12;
/// The database refused the statement; the connection stays usable.
pub const DBPOOL_ERR_SQL: dbpool_status = -13;
/// Somebody asked for it to end.
pub const DBPOOL_ERR_CANCELLED: dbpool_status = -14;
/// Refused without trying.
pub const DBPOOL_ERR_UNAVAILABLE: dbpool_status = -15;
/// This database or this version cannot do that.
pub const DBPOOL_ERR_UNSUPPORTED: dbpool_status = -16;
/// A bug in the library.
pub const DBPOOL_ERR_INTERNAL: dbpool_status = -17;

/// Length of a NUL-terminated string, to be measured by the library.
pub const DBPOOL_NTS: usize = usize::MAX;

/// A lease: the right to use one connection until `dbpool_release()`. 0 is none.
pub type dbpool_conn = u64;
/// A pending asynchronous call. 0 is none.
pub type dbpool_op = u64;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
            _neither_send_nor_sync: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
        }
    )*};
}
pub(crate) use opaque;

opaque! {
    /// A pool. Reference counted; every function on it may be called from any thread.
    dbpool
    /// Settings, before a pool is made of them.
    dbpool_options
    /// What went wrong; immutable, any thread.
    dbpool_error
    /// What a statement gave; one thread at a time.
    dbpool_result
    /// Where asynchronous calls are driven.
    dbpool_loop
}

/// Type of a value: NULL.
pub const DBPOOL_NULL: u8 = 0;
/// Type of a value: `num.i64` is 0 or 1.
pub const DBPOOL_BOOL: u8 = 1;
/// Type of a value: `num.i64`.
pub const DBPOOL_INT64: u8 = 2;
/// Type of a value: `num.f64`.
pub const DBPOOL_FLOAT64: u8 = 3;
/// Type of a value: `data`, `size`: UTF-8.
pub const DBPOOL_TEXT: u8 = 4;
/// Type of a value: `data`, `size`: raw bytes.
pub const DBPOOL_BYTES: u8 = 5;

/// The number in a value.
#[repr(C)]
#[derive(Clone, Copy)]
pub union dbpool_number {
    /// Of BOOL and INT64.
    pub i64: i64,
    /// Of FLOAT64.
    pub f64: f64,
}

/// One parameter or one cell.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_value {
    /// Text or bytes.
    pub data: *const c_char,
    /// Bytes in `data`.
    pub size: u32,
    /// `DBPOOL_NULL` ... `DBPOOL_BYTES`.
    pub r#type: u8,
    /// 0.
    pub flags: u8,
    /// 0.
    pub reserved: u16,
    /// The number.
    pub num: dbpool_number,
}

/// What a column holds: none of the following.
pub const DBPOOL_KIND_OTHER: u32 = 0;
/// What a column holds.
pub const DBPOOL_KIND_BOOL: u32 = 1;
/// What a column holds.
pub const DBPOOL_KIND_INTEGER: u32 = 2;
/// What a column holds.
pub const DBPOOL_KIND_FLOAT: u32 = 3;
/// What a column holds.
pub const DBPOOL_KIND_NUMERIC: u32 = 4;
/// What a column holds.
pub const DBPOOL_KIND_TEXT: u32 = 5;
/// What a column holds.
pub const DBPOOL_KIND_BYTES: u32 = 6;
/// What a column holds.
pub const DBPOOL_KIND_DATE: u32 = 7;
/// What a column holds.
pub const DBPOOL_KIND_TIME: u32 = 8;
/// What a column holds.
pub const DBPOOL_KIND_TIMESTAMP: u32 = 9;
/// What a column holds.
pub const DBPOOL_KIND_TIMESTAMPTZ: u32 = 10;
/// What a column holds.
pub const DBPOOL_KIND_INTERVAL: u32 = 11;
/// What a column holds.
pub const DBPOOL_KIND_UUID: u32 = 12;
/// What a column holds.
pub const DBPOOL_KIND_JSON: u32 = 13;
/// What a column holds.
pub const DBPOOL_KIND_ARRAY: u32 = 14;

/// A column of a result, or a parameter of a described statement. Its size is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_column {
    /// As the database gives it.
    pub name: *const c_char,
    /// `DBPOOL_KIND_*`.
    pub kind: u32,
    /// PostgreSQL: type OID; SQLite: 0.
    pub native_type: u32,
    /// PostgreSQL: `int4` ...; SQLite: the declared type or "".
    pub native_name: *const c_char,
    /// PostgreSQL: OID of the table it comes from; 0: unknown, or not a table's column.
    pub native_table: u32,
    /// Its number in that table, from 1, of a system column below 0; 0: as above.
    pub native_column: i32,
    /// 0.
    pub reserved: [u64; 3],
}

/// Rows handed out by `dbpool_result_fetch()`. The memory is the result's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_batch {
    /// Set by the caller.
    pub struct_size: usize,
    /// Rows in this batch.
    pub row_count: u32,
    /// Columns in each row.
    pub column_count: u32,
    /// Row-major: cell (r, c) is `cells[r * column_count + c]`.
    pub cells: *const dbpool_value,
}

/// Fetch rows from the server as they are asked for.
pub const DBPOOL_QUERY_STREAM: u32 = 1;
/// The statement writes nothing.
pub const DBPOOL_QUERY_READ_ONLY: u32 = 2;
/// An asynchronous one-shot shares its connection with no other.
pub const DBPOOL_QUERY_ALONE: u32 = 4;

/// How to run one statement.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_query_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// 0 and -1: the pool's `query_timeout`; `i64::MAX`: none.
    pub timeout_ms: i64,
    /// `DBPOOL_QUERY_*`.
    pub flags: u32,
}

/// The database's default.
pub const DBPOOL_ISOLATION_DEFAULT: i32 = 0;
/// READ COMMITTED.
pub const DBPOOL_ISOLATION_READ_COMMITTED: i32 = 1;
/// REPEATABLE READ.
pub const DBPOOL_ISOLATION_REPEATABLE_READ: i32 = 2;
/// SERIALIZABLE.
pub const DBPOOL_ISOLATION_SERIALIZABLE: i32 = 3;

/// SQLite: a deferred transaction that never takes the writer's turn.
pub const DBPOOL_TX_READ_ONLY: u32 = 1;
/// PostgreSQL: with SERIALIZABLE and READ_ONLY.
pub const DBPOOL_TX_DEFERRABLE: u32 = 2;

/// How to run a transaction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_tx_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// `DBPOOL_ISOLATION_*`.
    pub isolation: i32,
    /// `DBPOOL_TX_*`.
    pub flags: u32,
    /// `dbpool_conn_begin`: for BEGIN; `dbpool_transaction`: for all attempts together.
    pub timeout_ms: i64,
    /// How often `dbpool_transaction` runs the function at most; 0: 10.
    pub max_attempts: u32,
    /// 0.
    pub reserved: u32,
}
