use std::ops::{Deref, DerefMut};

use super::conn::Conn;
use super::session::Session;
use crate::call_options::TransactionOptions;
use crate::error::Result;
use crate::sys;

/// A transaction. Dropped without a [`commit`](Self::commit), it is rolled back before the next call on its connection,
/// or when that is released.
#[derive(Debug)]
pub struct Transaction<'c> {
    held: Held<'c>,
    open: bool,
}

#[derive(Debug)]
enum Held<'c> {
    Borrowed(&'c mut Conn),
    Owned(Conn),
}

impl<'c> Transaction<'c> {
    pub(crate) async fn begin(conn: &'c mut Conn, options: &TransactionOptions) -> Result<Self> {
        Self { held: Held::Borrowed(conn), open: true }.begun(options).await
    }

    /// If the future is dropped the guard is, too, and rolls back what may have begun. If BEGIN fails it does not: it
    /// may have failed because of a transaction that is open.
    async fn begun(mut self, options: &TransactionOptions) -> Result<Self> {
        let begun = (*self).begin(options).await;
        self.open = begun.is_ok();
        begun.map(|()| self)
    }

    /// Commits. [`Error::is_outcome_unknown`](crate::Error::is_outcome_unknown): the connection was lost before the answer.
    pub async fn commit(mut self) -> Result<()> {
        let done = (*self).commit().await;
        self.open = false;
        done
    }

    /// Rolls back, as dropping it does, and tells whether that went well.
    pub async fn rollback(mut self) -> Result<()> {
        let done = (*self).rollback().await;
        self.open = false;
        done
    }
}

impl Transaction<'static> {
    pub(crate) async fn begin_owned(conn: Conn, options: &TransactionOptions) -> Result<Self> {
        Self { held: Held::Owned(conn), open: true }.begun(options).await
    }
}

impl Deref for Transaction<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        match &self.held {
            Held::Borrowed(conn) => conn,
            Held::Owned(conn) => conn,
        }
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        match &mut self.held {
            Held::Borrowed(conn) => conn,
            Held::Owned(conn) => conn,
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.roll_back_first();
        }
    }
}

/// A part of a transaction that can be undone alone. A drop cannot wait for the database: dropped without a word it
/// stays set, and what came after it is part of the transaction.
#[derive(Debug)]
pub struct Savepoint<'t> {
    session: &'t mut Session,
    name: String,
}

impl<'t> Savepoint<'t> {
    pub(crate) async fn begin(session: &'t mut Session, name: &str) -> Result<Self> {
        session.set_savepoint(sys::dbpool_conn_savepoint_async, name).await?;
        Ok(Self { session, name: name.to_string() })
    }

    /// Keeps what came after it, as far as the transaction is committed.
    pub async fn commit(self) -> Result<()> {
        self.session.set_savepoint(sys::dbpool_conn_release_savepoint_async, &self.name).await
    }

    /// Undoes what came after it, and forgets it.
    pub async fn rollback(self) -> Result<()> {
        self.session.set_savepoint(sys::dbpool_conn_rollback_to_async, &self.name).await?;
        self.session.set_savepoint(sys::dbpool_conn_release_savepoint_async, &self.name).await
    }
}

impl Deref for Savepoint<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}
