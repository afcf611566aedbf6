//! `<dbpool/pool.h>`: make a pool, borrow a connection, give it back, watch, close.

use crate::{
    c_char, c_void, dbpool, dbpool_conn, dbpool_error, dbpool_options, dbpool_query_options,
    dbpool_result, dbpool_status, dbpool_tx_options, dbpool_value,
};

/// Anything.
pub const DBPOOL_ACCESS_DEFAULT: u32 = 0;
/// SQLite: the connection refuses to write while it is lent.
pub const DBPOOL_ACCESS_READ: u32 = 1;
/// SQLite: the lease has the writer's turn while it lasts.
pub const DBPOOL_ACCESS_WRITE: u32 = 2;
/// Take an idle connection or answer `DBPOOL_ERR_TIMEOUT`.
pub const DBPOOL_ACQUIRE_NO_WAIT: u32 = 1;

/// How to borrow.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_acquire_options {
    /// Set by the caller.
    pub struct_size: usize,
    /// 0 and -1: the pool's `acquire_timeout`; `i64::MAX`: no limit.
    pub timeout_ms: i64,
    /// `DBPOOL_ACCESS_*`.
    pub access: u32,
    /// `DBPOOL_ACQUIRE_*`.
    pub flags: u32,
    /// Who borrows, for diagnosis; NULL for none.
    pub tag: *const c_char,
}

/// Counts of a pool, taken at one moment.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_statistics {
    /// Set by the caller.
    pub struct_size: usize,
    /// The most connections there may be.
    pub limit: u32,
    /// Connections there are.
    pub open: u32,
    /// Ready to be lent.
    pub idle: u32,
    /// Lent.
    pub leased: u32,
    /// Being opened.
    pub opening: u32,
    /// Callers in the queue.
    pub waiting: u32,
    /// Leases given since create.
    pub acquired: u64,
    /// Of them: had to wait.
    pub waited: u64,
    /// Acquires that timed out.
    pub timed_out: u64,
    /// Connections opened.
    pub opened: u64,
    /// Connections closed.
    pub closed: u64,
    /// Attempts to open one that failed.
    pub open_failed: u64,
    /// Acquires refused because too many waited.
    pub refused: u64,
    /// Time all callers spent in the queue.
    pub wait_ns: u64,
    /// The longest of those waits.
    pub wait_max_ns: u64,
    /// Round trips to see whether an idle connection lives.
    pub pings: u64,
    /// Connections that were cleaned after use.
    pub resets: u64,
    /// `closed`, by reason.
    pub closed_idle: u64,
    /// `closed`, by reason.
    pub closed_lifetime: u64,
    /// `closed`, by reason.
    pub closed_uses: u64,
    /// `closed`, by reason.
    pub closed_broken: u64,
    /// `closed`, by reason.
    pub closed_ping: u64,
    /// `closed`, by reason.
    pub closed_reset: u64,
    /// `closed`, by reason.
    pub closed_invalidated: u64,
    /// `closed`, by reason.
    pub closed_hook: u64,
    /// `closed`, by reason.
    pub closed_shrunk: u64,
    /// The option's value now.
    pub pool_size: u32,
    /// The option's value now.
    pub max_overflow: u32,
    /// The option's value now.
    pub min_size: u32,
    /// SQLite: callers waiting for the writer's turn.
    pub write_waiting: u32,
}

/// What `dbpool_probe()` found out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_server {
    /// Set by the caller.
    pub struct_size: usize,
    /// `PostgreSQL`, `SQLite`.
    pub product: [c_char; 32],
    /// As the server says.
    pub version: [c_char; 64],
    /// Name, or path of the file.
    pub database: [c_char; 256],
    /// Who we are there.
    pub user: [c_char; 128],
    /// Protocol and cipher, or "" without TLS.
    pub tls: [c_char; 64],
    /// 1: writes are refused.
    pub read_only: i32,
    /// 1: a standby.
    pub in_recovery: i32,
    /// The server's limit; -1: none or unknown.
    pub max_connections: i64,
    /// Sessions in use on the server; -1: unknown.
    pub sessions: i64,
    /// Time it took to connect.
    pub connect_ns: i64,
    /// Time one ping took then.
    pub round_trip_ns: i64,
}

/// The work of a transaction. May run several times, each time in a new transaction.
pub type dbpool_transaction_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        conn: dbpool_conn,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status,
>;

extern "C" {
    /// The version of the library that is loaded.
    pub fn dbpool_version() -> u32;
    /// Makes a pool.
    pub fn dbpool_create(
        uri: *const c_char,
        options: *const dbpool_options,
        out: *mut *mut dbpool,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// One more reference.
    pub fn dbpool_ref(pool: *mut dbpool) -> *mut dbpool;
    /// Gives a reference back. The last one closes the pool at once, as dbpool_close(pool, 0) does.
    pub fn dbpool_unref(pool: *mut dbpool);
    /// Closes the pool: no more leases, then no more connections.
    pub fn dbpool_close(
        pool: *mut dbpool,
        timeout_ms: i64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Borrows a connection. Callers that wait are served strictly in the order they came.
    pub fn dbpool_acquire(
        pool: *mut dbpool,
        timeout_ms: i64,
        out: *mut dbpool_conn,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Borrows a connection, with access and a tag. Otherwise as dbpool_acquire().
    pub fn dbpool_acquire_with(
        pool: *mut dbpool,
        options: *const dbpool_acquire_options,
        out: *mut dbpool_conn,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Gives a connection back. Never waits for the server.
    pub fn dbpool_release(conn: dbpool_conn) -> dbpool_status;
    /// The pool's counts. Cheap; takes the pool's lock for a moment.
    pub fn dbpool_stats(pool: *mut dbpool, out: *mut dbpool_statistics) -> dbpool_status;
    /// Replaces all connections, softly: idle ones now, lent ones when they are released.
    pub fn dbpool_invalidate(pool: *mut dbpool, error: *mut *mut dbpool_error) -> dbpool_status;
    /// dbpool_invalidate(), and returns when a fresh connection has answered, or with the cause.
    pub fn dbpool_reconnect(
        pool: *mut dbpool,
        timeout_ms: i64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Changes the size of a living pool. Smaller: surplus idle connections go now, lent ones at release.
    pub fn dbpool_resize(
        pool: *mut dbpool,
        pool_size: u32,
        max_overflow: u32,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Is the pool of use? Borrows a connection, asks the database, gives it back, all by one deadline.
    pub fn dbpool_health(
        pool: *mut dbpool,
        timeout_ms: i64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Opens one connection without a pool, asks it who it is, and closes it.
    pub fn dbpool_probe(
        uri: *const c_char,
        options: *const dbpool_options,
        timeout_ms: i64,
        out: *mut dbpool_server,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Runs one statement on a connection of the pool: acquire, run, release.
    pub fn dbpool_query(
        pool: *mut dbpool,
        sql: *const c_char,
        sql_size: usize,
        params: *const dbpool_value,
        param_count: usize,
        options: *const dbpool_query_options,
        out: *mut *mut dbpool_result,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Borrows a connection, begins, runs fn, commits; on failure rolls back; gives it back.
    pub fn dbpool_transaction(
        pool: *mut dbpool,
        function: dbpool_transaction_fn,
        user_data: *mut c_void,
        options: *const dbpool_tx_options,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// The rule of dbpool_transaction() for callers that step through a transaction themselves.
    pub fn dbpool_transaction_again(
        pool: *mut dbpool,
        options: *const dbpool_tx_options,
        failure: *const dbpool_error,
        attempt: u32,
        pause_ms: *mut i64,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
}
