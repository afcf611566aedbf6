use std::ops::Deref;

use crate::call_options::TransactionOptions;
use crate::conn::Conn;
use crate::error::Result;
use crate::session::Session;
use crate::sys;

/// A transaction, rolled back when it is dropped without a [`commit`](Self::commit).
///
/// ```
/// # fn main() -> dbpool::Result<()> {
/// # let pool = dbpool::Pool::new("sqlite::memory:")?;
/// # pool.execute("CREATE TABLE accounts (id INTEGER, balance INTEGER)", ())?;
/// let mut conn = pool.get()?;
/// let tx = conn.begin()?;
/// tx.execute("UPDATE accounts SET balance = balance - $1 WHERE id = $2", (100, 1))?;
/// tx.execute("UPDATE accounts SET balance = balance + $1 WHERE id = $2", (100, 2))?;
/// tx.commit()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c> {
    held: Held<'c>,
    /// To be rolled back by us. Not so in a closure, whose caller does that.
    open: bool,
}

#[derive(Debug)]
enum Held<'c> {
    Borrowed(&'c mut Conn),
    Owned(Conn),
    Scope(Session),
}

impl<'c> Transaction<'c> {
    pub(crate) fn begin(conn: &'c mut Conn, options: &TransactionOptions) -> Result<Self> {
        (**conn).begin(options)?;
        Ok(Self { held: Held::Borrowed(conn), open: true })
    }

    /// In a closure, between the library's BEGIN and COMMIT.
    pub(crate) fn scope(session: Session) -> Self {
        Self { held: Held::Scope(session), open: false }
    }

    /// Commits; what cannot be committed is rolled back.
    ///
    /// [`Error::is_outcome_unknown`](crate::Error::is_outcome_unknown): the connection was lost before the answer.
    pub fn commit(mut self) -> Result<()> {
        let done = (*self).commit();
        // SQLite leaves it open, for a deferred constraint; who has given the guard away could not end it.
        self.open = done.is_err();
        done
    }

    /// Rolls back, as dropping it does, and tells whether that went well.
    pub fn rollback(mut self) -> Result<()> {
        self.open = false;
        (*self).rollback()
    }

    /// Sets a savepoint. What comes after it is undone when it is dropped without a [`commit`](Savepoint::commit).
    pub fn savepoint(&mut self, name: &str) -> Result<Savepoint<'_>> {
        Savepoint::begin(self, name)
    }
}

impl Transaction<'static> {
    pub(crate) fn begin_owned(conn: Conn, options: &TransactionOptions) -> Result<Self> {
        (*conn).begin(options)?;
        Ok(Self { held: Held::Owned(conn), open: true })
    }
}

impl Deref for Transaction<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        match &self.held {
            Held::Borrowed(conn) => conn,
            Held::Owned(conn) => conn,
            Held::Scope(session) => session,
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // Should it fail, the release of the connection makes sure.
            let _ = (**self).rollback();
        }
    }
}

/// A part of a transaction that can be undone alone.
#[derive(Debug)]
#[must_use = "what comes after a savepoint that is dropped is undone"]
pub struct Savepoint<'t> {
    session: &'t Session,
    name: String,
    open: bool,
}

impl<'t> Savepoint<'t> {
    fn begin(session: &'t Session, name: &str) -> Result<Self> {
        session.savepoint(sys::dbpool_conn_savepoint, name)?;
        Ok(Self { session, name: name.to_string(), open: true })
    }

    /// Keeps what came after it, as far as the transaction is committed.
    pub fn commit(mut self) -> Result<()> {
        self.open = false;
        self.session.savepoint(sys::dbpool_conn_release_savepoint, &self.name)
    }

    /// Undoes what came after it, as dropping it does, and tells whether that went well.
    pub fn rollback(mut self) -> Result<()> {
        self.open = false;
        self.undo()
    }

    /// A savepoint in this one.
    pub fn savepoint(&mut self, name: &str) -> Result<Savepoint<'_>> {
        Savepoint::begin(self.session, name)
    }

    /// Undoes what came after it, and forgets it: a rollback alone leaves it set.
    fn undo(&self) -> Result<()> {
        self.session.savepoint(sys::dbpool_conn_rollback_to, &self.name)?;
        self.session.savepoint(sys::dbpool_conn_release_savepoint, &self.name)
    }
}

impl Deref for Savepoint<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.open {
            // Should it fail, the transaction has failed, and says so.
            let _ = self.undo();
        }
    }
}
