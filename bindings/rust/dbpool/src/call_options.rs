//! How single calls are made: what is not set is the pool's option.

use std::ffi::CString;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::ffi::{c_string, option_milliseconds};
use crate::sys;

/// How to run one statement.
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing by themselves"]
pub struct QueryOptions {
    timeout: Option<Duration>,
    read_only: bool,
    alone: bool,
}

impl QueryOptions {
    /// The pool's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long it may take, instead of `query_timeout`; `Duration::MAX`: without end. A stream: for each fetch anew.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The statement writes nothing: it may be run again if its connection was lost. The database refuses a write,
    /// PostgreSQL outside a transaction of yours.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// A query of [`crate::aio::Pool`] shares its connection with no other: one that is slow delays none, and none
    /// it. Other calls have a connection to themselves anyway.
    pub fn alone(mut self, alone: bool) -> Self {
        self.alone = alone;
        self
    }

    pub(crate) fn to_c(&self, stream: bool) -> sys::dbpool_query_options {
        let flag = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
        sys::dbpool_query_options {
            struct_size: size_of::<sys::dbpool_query_options>(),
            timeout_ms: option_milliseconds(self.timeout),
            flags: flag(stream, sys::DBPOOL_QUERY_STREAM)
                | flag(self.read_only, sys::DBPOOL_QUERY_READ_ONLY)
                | flag(self.alone, sys::DBPOOL_QUERY_ALONE),
        }
    }
}

/// What transactions see of each other. SQLite is always serializable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// As the database is set.
    #[default]
    Default,
    /// READ COMMITTED
    ReadCommitted,
    /// REPEATABLE READ
    RepeatableRead,
    /// SERIALIZABLE
    Serializable,
}

/// How to run a transaction.
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing by themselves"]
pub struct TransactionOptions {
    isolation: Isolation,
    read_only: bool,
    deferrable: bool,
    timeout: Option<Duration>,
    max_attempts: u32,
}

impl TransactionOptions {
    /// The pool's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it sees of others.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// It writes nothing. SQLite: it does not take the writer's turn.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// PostgreSQL, with serializable and read only: it may wait to begin, and then cannot fail.
    pub fn deferrable(mut self, deferrable: bool) -> Self {
        self.deferrable = deferrable;
        self
    }

    /// Of a guard: how long BEGIN may take. Of a closure: how long all attempts may take together, 30 s if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often a closure is run at most: 10 if not set.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Of a closure; `None`: without end.
    pub(crate) fn end(&self) -> Option<Instant> {
        Instant::now().checked_add(self.timeout.unwrap_or(Duration::from_secs(30)))
    }

    /// The same, with what is left until then.
    pub(crate) fn left_until(&self, end: Option<Instant>) -> Self {
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        self.clone().timeout(left)
    }

    pub(crate) fn to_c(&self) -> sys::dbpool_tx_options {
        let read_only = if self.read_only { sys::DBPOOL_TX_READ_ONLY } else { 0 };
        let deferrable = if self.deferrable { sys::DBPOOL_TX_DEFERRABLE } else { 0 };
        sys::dbpool_tx_options {
            struct_size: size_of::<sys::dbpool_tx_options>(),
            isolation: match self.isolation {
                Isolation::Default => sys::DBPOOL_ISOLATION_DEFAULT,
                Isolation::ReadCommitted => sys::DBPOOL_ISOLATION_READ_COMMITTED,
                Isolation::RepeatableRead => sys::DBPOOL_ISOLATION_REPEATABLE_READ,
                Isolation::Serializable => sys::DBPOOL_ISOLATION_SERIALIZABLE,
            },
            flags: read_only | deferrable,
            timeout_ms: option_milliseconds(self.timeout),
            max_attempts: self.max_attempts,
            reserved: 0,
        }
    }
}

/// What a connection is for. PostgreSQL makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Anything.
    #[default]
    Default,
    /// SQLite: it refuses to write while it is lent.
    Read,
    /// SQLite: it has the writer's turn while it is lent.
    Write,
}

/// How to get a connection.
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing by themselves"]
pub struct AcquireOptions {
    timeout: Option<Duration>,
    access: Access,
    no_wait: bool,
    tag: Option<String>,
}

impl AcquireOptions {
    /// The pool's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait, instead of `acquire_timeout`; `Duration::MAX`: without end.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What it is for.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Take an idle connection or fail with [`Error::Timeout`](crate::Error::Timeout).
    pub fn no_wait(mut self, no_wait: bool) -> Self {
        self.no_wait = no_wait;
        self
    }

    /// Who asks. Errors of an exhausted pool name the tag of who holds a connection longest.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Hands them to `then` as C takes them.
    pub(crate) fn with<R>(
        &self,
        then: impl FnOnce(&sys::dbpool_acquire_options) -> R,
    ) -> Result<R> {
        let tag: Option<CString> =
            self.tag.as_deref().map(|tag| c_string(tag, "the tag")).transpose()?;
        Ok(then(&sys::dbpool_acquire_options {
            struct_size: size_of::<sys::dbpool_acquire_options>(),
            timeout_ms: option_milliseconds(self.timeout),
            access: match self.access {
                Access::Default => sys::DBPOOL_ACCESS_DEFAULT,
                Access::Read => sys::DBPOOL_ACCESS_READ,
                Access::Write => sys::DBPOOL_ACCESS_WRITE,
            },
            flags: if self.no_wait { sys::DBPOOL_ACQUIRE_NO_WAIT } else { 0 },
            tag: tag.as_ref().map_or(std::ptr::null(), |tag| tag.as_ptr()),
        }))
    }
}
