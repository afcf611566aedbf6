use std::fmt;

use crate::details::Details;
use crate::sys;
use crate::value::ConversionError;

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. A variant tells what to do; [`Details`] has the words and the SQLSTATE.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A wrong argument: out of range, a NUL inside text, the number of parameters.
    Invalid(Box<Details>),
    /// An option or URI: unknown name, bad value, contradiction.
    Option(Box<Details>),
    /// Out of memory; nothing has changed.
    NoMemory(Box<Details>),
    /// The deadline passed; [`Details::phase`] says in what.
    Timeout(Box<Details>),
    /// Refused at once: `max_waiters` callers wait already.
    Full(Box<Details>),
    /// The pool is closed or closing.
    Closed(Box<Details>),
    /// The lease is over.
    Stale(Box<Details>),
    /// A streamed result of this connection is still open.
    Busy(Box<Details>),
    /// The pool belongs to the parent process.
    Forked(Box<Details>),
    /// No connection could be opened.
    Connect(Box<Details>),
    /// The server refused the user or the password.
    Auth(Box<Details>),
    /// The connection was lost. Drop it and get another one.
    Broken(Box<Details>),
    /// The database refused the statement; the connection stays usable.
    Sql(Box<Details>),
    /// Somebody asked for it to end.
    Cancelled(Box<Details>),
    /// Refused without trying.
    Unavailable(Box<Details>),
    /// This database or this version cannot do that.
    Unsupported(Box<Details>),
    /// A bug in the library.
    Internal(Box<Details>),
    /// One row was asked for, and there is none.
    NoRows,
    /// One row was asked for, and there are more.
    TooManyRows,
    /// The result has no such column.
    NoColumn(String),
    /// A parameter or a cell that the type asked for cannot hold.
    Conversion {
        /// The column's name, or `$1` ... for a parameter.
        place: String,
        /// Why not.
        source: ConversionError,
    },
}

impl Error {
    /// Frees `error`, which may be NULL: then there was no memory for one.
    ///
    /// # Safety
    /// `error` is NULL or an error that the library gave and nobody else frees.
    pub(crate) unsafe fn take(status: sys::dbpool_status, error: *mut sys::dbpool_error) -> Self {
        // SAFETY: by the contract of this function.
        let copy = unsafe { Self::copy(status, error) };
        // SAFETY: the same; it is not used any more.
        unsafe { sys::dbpool_error_free(error) };
        copy
    }

    /// # Safety
    /// `error` is NULL or an error of the library.
    pub(crate) unsafe fn copy(status: sys::dbpool_status, error: *const sys::dbpool_error) -> Self {
        // SAFETY: by the contract of this function.
        let details = Box::new(unsafe { Details::read(error) });
        match status {
            sys::DBPOOL_ERR_INVALID => Self::Invalid(details),
            sys::DBPOOL_ERR_OPTION => Self::Option(details),
            sys::DBPOOL_ERR_NOMEM => Self::NoMemory(details),
            sys::DBPOOL_ERR_TIMEOUT => Self::Timeout(details),
            sys::DBPOOL_ERR_FULL => Self::Full(details),
            sys::DBPOOL_ERR_CLOSED => Self::Closed(details),
            sys::DBPOOL_ERR_STALE => Self::Stale(details),
            sys::DBPOOL_ERR_BUSY => Self::Busy(details),
            sys::DBPOOL_ERR_FORKED => Self::Forked(details),
            sys::DBPOOL_ERR_CONNECT => Self::Connect(details),
            sys::DBPOOL_ERR_AUTH => Self::Auth(details),
            sys::DBPOOL_ERR_BROKEN => Self::Broken(details),
            sys::DBPOOL_ERR_SQL => Self::Sql(details),
            sys::DBPOOL_ERR_CANCELLED => Self::Cancelled(details),
            sys::DBPOOL_ERR_UNAVAILABLE => Self::Unavailable(details),
            sys::DBPOOL_ERR_UNSUPPORTED => Self::Unsupported(details),
            _ => Self::Internal(details),
        }
    }

    /// An argument that cannot even be handed over.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(Box::new(Details::of_message(message.into())))
    }

    /// A failure to convert, still without a place.
    pub(crate) fn conversion(place: impl Into<String>, source: ConversionError) -> Self {
        Self::Conversion { place: place.into(), source }
    }

    /// What the library or the database said; `None` for what this crate found out by itself.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Invalid(details)
            | Self::Option(details)
            | Self::NoMemory(details)
            | Self::Timeout(details)
            | Self::Full(details)
            | Self::Closed(details)
            | Self::Stale(details)
            | Self::Busy(details)
            | Self::Forked(details)
            | Self::Connect(details)
            | Self::Auth(details)
            | Self::Broken(details)
            | Self::Sql(details)
            | Self::Cancelled(details)
            | Self::Unavailable(details)
            | Self::Unsupported(details)
            | Self::Internal(details) => Some(details),
            Self::NoRows | Self::TooManyRows | Self::NoColumn(_) | Self::Conversion { .. } => None,
        }
    }

    /// The SQLSTATE: five characters. SQLite's result codes are given as the nearest one.
    pub fn sqlstate(&self) -> Option<&str> {
        self.details()?.sqlstate()
    }

    /// Whether the same call may succeed later. A transaction: from its start.
    pub fn is_retryable(&self) -> bool {
        self.has_flag(sys::DBPOOL_FLAG_RETRYABLE)
    }

    /// Whether a deadline of the pool's or a time-out of the server ended it.
    pub fn is_timeout(&self) -> bool {
        self.has_flag(sys::DBPOOL_FLAG_TIMEOUT)
    }

    /// Whether the connection is gone.
    pub fn is_connection_lost(&self) -> bool {
        self.has_flag(sys::DBPOOL_FLAG_CONN_BROKEN)
    }

    /// Whether not one byte of the statement left this process.
    pub fn is_not_sent(&self) -> bool {
        self.has_flag(sys::DBPOOL_FLAG_NOT_SENT)
    }

    /// Whether it may have been committed all the same: the connection was lost before the answer.
    pub fn is_outcome_unknown(&self) -> bool {
        self.has_flag(sys::DBPOOL_FLAG_OUTCOME_UNKNOWN)
    }

    /// The library's number for it. What this crate found out by itself is a wrong use of it.
    pub(crate) fn status(&self) -> sys::dbpool_status {
        match self {
            Self::Option(_) => sys::DBPOOL_ERR_OPTION,
            Self::NoMemory(_) => sys::DBPOOL_ERR_NOMEM,
            Self::Timeout(_) => sys::DBPOOL_ERR_TIMEOUT,
            Self::Full(_) => sys::DBPOOL_ERR_FULL,
            Self::Closed(_) => sys::DBPOOL_ERR_CLOSED,
            Self::Stale(_) => sys::DBPOOL_ERR_STALE,
            Self::Busy(_) => sys::DBPOOL_ERR_BUSY,
            Self::Forked(_) => sys::DBPOOL_ERR_FORKED,
            Self::Connect(_) => sys::DBPOOL_ERR_CONNECT,
            Self::Auth(_) => sys::DBPOOL_ERR_AUTH,
            Self::Broken(_) => sys::DBPOOL_ERR_BROKEN,
            Self::Sql(_) => sys::DBPOOL_ERR_SQL,
            Self::Cancelled(_) => sys::DBPOOL_ERR_CANCELLED,
            Self::Unavailable(_) => sys::DBPOOL_ERR_UNAVAILABLE,
            Self::Unsupported(_) => sys::DBPOOL_ERR_UNSUPPORTED,
            Self::Internal(_) => sys::DBPOOL_ERR_INTERNAL,
            Self::Invalid(_)
            | Self::NoRows
            | Self::TooManyRows
            | Self::NoColumn(_)
            | Self::Conversion { .. } => sys::DBPOOL_ERR_INVALID,
        }
    }

    fn has_flag(&self, flag: u32) -> bool {
        self.details().is_some_and(|details| details.flags() & flag != 0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => f.write_str("the query gave no row, and one was asked for"),
            Self::TooManyRows => f.write_str("the query gave several rows, and one was asked for"),
            Self::NoColumn(name) => write!(f, "the result has no column {name}"),
            Self::Conversion { place, source } => write!(f, "{place}: {source}"),
            _ => match self.details() {
                Some(details) => details.fmt(f),
                None => Ok(()),
            },
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Conversion { source, .. } => source.source(), // its own words have been said
            _ => None,
        }
    }
}
