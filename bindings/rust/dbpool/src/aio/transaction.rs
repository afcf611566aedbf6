use std::ffi::CString;
use std::ops::{Deref, DerefMut};

use super::conn::Conn;
use super::session::Session;
use crate::call_options::TransactionOptions;
use crate::error::Result;
use crate::ffi::c_string;
use crate::sys;

/// A transaction. Dropped without a [`commit`](Self::commit), it is rolled back before the next call on its connection,
/// or when that is released.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
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

    /// Commits; what cannot be committed is rolled back.
    ///
    /// [`Error::is_outcome_unknown`](crate::Error::is_outcome_unknown): the connection was lost before the answer.
    pub async fn commit(mut self) -> Result<()> {
        let done = (*self).commit().await;
        // SQLite leaves it open, for a deferred constraint; who has given the guard away could not end it.
        self.open = done.is_err();
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

/// A part of a transaction that can be undone alone. What came after it is undone when it is dropped without a
/// [`commit`](Self::commit): before the next call, as a drop cannot wait for the database.
#[derive(Debug)]
#[must_use = "what comes after a savepoint that is dropped is undone"]
pub struct Savepoint<'t> {
    session: &'t mut Session,
    name: CString,
    open: bool,
}

impl<'t> Savepoint<'t> {
    pub(crate) async fn begin(session: &'t mut Session, name: &str) -> Result<Self> {
        let name = c_string(name, "the name of a savepoint")?;
        session.savepoint_call(sys::dbpool_conn_savepoint_async, &name).await?;
        Ok(Self { session, name, open: true })
    }

    /// Keeps what came after it, as far as the transaction is committed.
    pub async fn commit(mut self) -> Result<()> {
        self.open = false;
        self.session.savepoint_call(sys::dbpool_conn_release_savepoint_async, &self.name).await
    }

    /// Undoes what came after it, as dropping it does, and tells whether that went well.
    pub async fn rollback(mut self) -> Result<()> {
        let undone =
            self.session.savepoint_call(sys::dbpool_conn_rollback_to_async, &self.name).await;
        self.open = false;
        undone?;
        self.session.savepoint_call(sys::dbpool_conn_release_savepoint_async, &self.name).await
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.open {
            self.session.undo_first(&self.name);
        }
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
