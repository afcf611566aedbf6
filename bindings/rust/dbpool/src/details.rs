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
    server: Option<Box<Server>>,
    native_code: i32,
    position: i32,
    phase: Phase,
    flags: u32,
    counts: Option<PoolCounts>,
}

/// What only a server says of an error; with a severity, always.
#[derive(Debug, Clone, PartialEq)]
struct Server {
    severity: Box<str>,
    where_: Option<Box<str>>,
    data_type: Option<Box<str>>,
    internal_query: Option<Box<str>>,
    internal_position: Option<u32>,
    file: Option<Box<str>>,
    line: Option<u32>,
    routine: Option<Box<str>>,
}

impl Server {
    /// # Safety
    /// As [`Details::read`].
    unsafe fn read(error: *const sys::dbpool_error) -> Option<Box<Self>> {
        // SAFETY: as above; it takes any number, too.
        let text = |field| unsafe { owned(sys::dbpool_error_field(error, field)) };
        let number = |field| text(field).and_then(|text| text.parse().ok());
        Some(Box::new(Self {
            severity: text(sys::DBPOOL_FIELD_SEVERITY)?,
            where_: text(sys::DBPOOL_FIELD_WHERE),
            data_type: text(sys::DBPOOL_FIELD_DATA_TYPE),
            internal_query: text(sys::DBPOOL_FIELD_INTERNAL_QUERY),
            internal_position: number(sys::DBPOOL_FIELD_INTERNAL_POSITION),
            file: text(sys::DBPOOL_FIELD_FILE),
            line: number(sys::DBPOOL_FIELD_LINE),
            routine: text(sys::DBPOOL_FIELD_ROUTINE),
        }))
    }
}

/// A copy of a text of the library's; `None` if it is empty.
///
/// # Safety
/// `text` ends with a NUL.
unsafe fn owned(text: *const sys::c_char) -> Option<Box<str>> {
    // SAFETY: by the contract of this function.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    (!text.is_empty()).then(|| text.into())
}

impl Details {
    /// # Safety
    /// `error` is NULL or an error of the library.
    pub(crate) unsafe fn read(error: *const sys::dbpool_error) -> Self {
        type Accessor = unsafe extern "C" fn(*const sys::dbpool_error) -> *const sys::c_char;
        // SAFETY: accessors take NULL, too, and answer with a string that lives as long as the error.
        let text = |accessor: Accessor| unsafe { owned(accessor(error)) };
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
                server: Server::read(error),
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

    /// PostgreSQL: `ERROR`, `FATAL` or `PANIC`. Only a server says this and the seven below.
    pub fn severity(&self) -> Option<&str> {
        self.server.as_ref().map(|server| &*server.severity)
    }

    /// The calls it happened in, innermost first, a line each.
    pub fn where_(&self) -> Option<&str> {
        self.server.as_ref()?.where_.as_deref()
    }

    /// The type or domain the error is about.
    pub fn data_type(&self) -> Option<&str> {
        self.server.as_ref()?.data_type.as_deref()
    }

    /// The statement that failed, where a function ran it and not the caller.
    pub fn internal_query(&self) -> Option<&str> {
        self.server.as_ref()?.internal_query.as_deref()
    }

    /// Where in that one: characters, from 1.
    pub fn internal_position(&self) -> Option<u32> {
        self.server.as_ref()?.internal_position
    }

    /// Where in the server's source code the error was raised.
    pub fn file(&self) -> Option<&str> {
        self.server.as_ref()?.file.as_deref()
    }

    /// The line of [`file`](Self::file).
    pub fn line(&self) -> Option<u32> {
        self.server.as_ref()?.line
    }

    /// The function there.
    pub fn routine(&self) -> Option<&str> {
        self.server.as_ref()?.routine.as_deref()
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
