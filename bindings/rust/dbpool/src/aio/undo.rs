//! What dropped guards leave to be done: a drop cannot wait for the database, so the next call begins with it.

use std::ffi::{CStr, CString};

use super::call::OnDrop;
use super::session::Session;
use super::submit::{submit_rollback, submit_savepoint, SavepointVerb};
use crate::sys;

pub(super) enum Undo {
    Transaction,
    Savepoint(SavepointVerb, CString),
}

impl Session {
    /// Before the next call: of a transaction, its savepoints included.
    pub(super) fn roll_back_first(&mut self) {
        self.undo.clear();
        self.undo.push_back(Undo::Transaction);
    }

    /// Before the next call: undoes what came after a savepoint, and forgets it.
    pub(super) fn undo_first(&mut self, name: &CStr) {
        let verbs: [SavepointVerb; 2] =
            [sys::dbpool_conn_rollback_to_async, sys::dbpool_conn_release_savepoint_async];
        self.undo.extend(verbs.map(|verb| Undo::Savepoint(verb, name.into())));
    }

    /// Waits for a call that was given up, and undoes what dropped guards have left. Dropped itself, it is what the next
    /// call begins with: a step that was begun goes on.
    pub(super) async fn settle(&mut self) {
        loop {
            if self.is_in_use() {
                // Nobody wants the answer: a connection that is lost, and a transaction that has failed, say so in the
                // next call; one that is over needs no rollback.
                let _ = self.call().answer(OnDrop::Leave).await;
            }
            let Some(step) = self.undo.pop_front() else { return };
            let token = self.token();
            // What is refused at once was not needed: the connection is lost.
            let _ = self.call().start(|user, op, error| match &step {
                Undo::Transaction => submit_rollback(token, user, op, error),
                Undo::Savepoint(verb, name) => {
                    submit_savepoint(*verb, name)(token, user, op, error)
                }
            });
        }
    }
}
