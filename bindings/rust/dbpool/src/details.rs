use std::ffi::CStr;
use std::fmt;

use crate::sys;

/// What the library was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Before anything was done: arguments, options, state.
    None,
    /// Waiting for a connection, or for the writer's turn (SQLite).
    Queue,
    /// Opening a connection.
    Connect,
    /// Asking an idle connection whether it lives.
    Ping,
    /// Cleaning a connection after use.
    Reset,
    /// Running a statement, or fetching its rows.
    Query,
    /// Closing the pool.
    Close,
}

/// The pool at the moment of a failure to get a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolCounts {
    /// Connections.
    pub open: u32,
    /// Of them not lent.
    pub idle: u32,
    /// Of them lent.
    pub leased: u32,
    /// Callers in the queue; after a time-out this one included.
    pub waiting: u32,
}

/// What the library or the database said about a failure. No text of it holds the password.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    message: Box<str>,
    sqlstate: Option<Box<str>>,
    detail: Option<Box<str>>,
    hint: Option<Box<str>>,
    cause: Option<Box<str>>,
    schema: Option<Box<str>>,
    table: Option<Box<str>>,
    column: Option<Box<str>>,
    constraint: Option<Box<str>>,
    native_code: i32,
    position: i32,
    phase: Phase,
    flags: u32,
    counts: Option<PoolCounts>,
}

impl Details {
    /// # Safety
    /// `error` is NULL or an error of the library.
    pub(crate) unsafe fn read(error: *const sys::dbpool_error) -> Self {
        type Accessor = unsafe extern "C" fn(*const sys::dbpool_error) -> *const sys::c_char;
        let text = |accessor: Accessor| {
            // SAFETY: accessors take NULL, too, and answer with a string that lives as long as the error.
            let text = unsafe { CStr::from_ptr(accessor(error)) }.to_string_lossy();
            (!text.is_empty()).then(|| Box::<str>::from(text))
        };
        // SAFETY: by the contract of this function.
        unsafe {
            Self {
                message: text(sys::dbpool_error_message).unwrap_or_else(|| "out of memory".into()),
                sqlstate: text(sys::dbpool_error_sqlstate),
                detail: text(sys::dbpool_error_detail),
                hint: text(sys::dbpool_error_hint),
                cause: text(sys::dbpool_error_cause),
                schema: text(sys::dbpool_error_schema),
                table: text(sys::dbpool_error_table),
                column: text(sys::dbpool_error_column),
                constraint: text(sys::dbpool_error_constraint),
                native_code: sys::dbpool_error_native_code(error),
                position: sys::dbpool_error_position(error),
                phase: phase(sys::dbpool_error_phase(error)),
                flags: sys::dbpool_error_flags(error),
                counts: counts(error),
            }
        }
    }

    pub(crate) fn of_message(message: String) -> Self {
        // SAFETY: NULL is an error that says nothing.
        Self { message: message.into(), ..unsafe { Self::read(std::ptr::null()) } }
    }

    /// One sentence for a person. A server's message is given in the server's words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The SQLSTATE: five characters.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    /// More about the message, from the server.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What to do about it: from the server or from the pool.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Why there was no connection: the last error of connecting.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The schema the error is about.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The table the error is about.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The column the error is about.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// The constraint that was violated.
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// SQLite: the extended result code. PostgreSQL: 0.
    pub fn native_code(&self) -> i32 {
        self.native_code
    }

    /// Where in the statement, from 1. PostgreSQL counts characters, SQLite bytes.
    pub fn position(&self) -> Option<u32> {
        u32::try_from(self.position).ok().filter(|position| *position > 0)
    }

    /// What was going on.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The pool's counts, of a failure to get a connection.
    pub fn pool_counts(&self) -> Option<PoolCounts> {
        self.counts
    }

    pub(crate) fn flags(&self) -> u32 {
        self.flags
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.sqlstate {
            Some(sqlstate) => write!(f, " (SQLSTATE {sqlstate})"),
            None => Ok(()),
        }
    }
}

fn phase(number: u32) -> Phase {
    match number {
        sys::DBPOOL_PHASE_QUEUE => Phase::Queue,
        sys::DBPOOL_PHASE_CONNECT => Phase::Connect,
        sys::DBPOOL_PHASE_PING => Phase::Ping,
        sys::DBPOOL_PHASE_RESET => Phase::Reset,
        sys::DBPOOL_PHASE_QUERY => Phase::Query,
        sys::DBPOOL_PHASE_CLOSE => Phase::Close,
        _ => Phase::None,
    }
}

/// # Safety
/// As [`Details::read`].
unsafe fn counts(error: *const sys::dbpool_error) -> Option<PoolCounts> {
    let mut counts = sys::dbpool_error_counts {
        struct_size: size_of::<sys::dbpool_error_counts>(),
        open: 0,
        idle: 0,
        leased: 0,
        waiting: 0,
    };
    // SAFETY: the size is set.
    let status = unsafe { sys::dbpool_error_pool_counts(error, &mut counts) };
    (status == sys::DBPOOL_OK).then_some(PoolCounts {
        open: counts.open,
        idle: counts.idle,
        leased: counts.leased,
        waiting: counts.waiting,
    })
}
