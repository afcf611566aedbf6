use std::ptr;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::sys;

/// What PostgreSQL answers to all that follows a failure in a transaction.
const IN_FAILED_TRANSACTION: &str = "25P02";

/// Why a transaction that runs as a closure has failed: the last failure, but not that it has failed already.
///
/// The closure answers with an error of its own type; whether the database asked for the whole to run again is
/// judged by the library, by the error it gave itself. So that one is kept here.
pub(crate) struct Note(Mutex<*mut sys::dbpool_error>);

// SAFETY: an error may be used by any thread, and the mutex lets one thread at a time replace it.
unsafe impl Send for Note {}
// SAFETY: the same.
unsafe impl Sync for Note {}

impl Note {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(ptr::null_mut()))
    }

    /// What is left of the two is the caller's: the one noted before, or a consequence of it.
    fn keep(&self, error: *mut sys::dbpool_error, is_consequence: bool) -> *mut sys::dbpool_error {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_consequence && !kept.is_null() {
            return error;
        }
        std::mem::replace(&mut *kept, error)
    }

    /// The error, which the caller owns from now on; NULL if nothing has failed.
    pub(crate) fn take(&self) -> *mut sys::dbpool_error {
        self.keep(ptr::null_mut(), false)
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // SAFETY: it is ours; NULL is fine.
        unsafe { sys::dbpool_error_free(self.take()) }
    }
}

/// [`ffi::call`](crate::ffi::call), and a failure is noted, if there is a note.
pub(crate) fn call(
    note: Option<&Note>,
    function: impl FnOnce(*mut *mut sys::dbpool_error) -> sys::dbpool_status,
) -> Result<sys::dbpool_status> {
    let mut error = ptr::null_mut();
    let status = function(&mut error);
    if status >= 0 {
        return Ok(status);
    }
    // SAFETY: the call failed, so that the error, if there is one, is ours.
    Err(unsafe { failure(note, status, error) })
}

/// What the library said, which is noted, if there is a note, or else freed.
///
/// # Safety
/// `error` is NULL or an error that the library gave and nobody else frees.
pub(crate) unsafe fn failure(
    note: Option<&Note>,
    status: sys::dbpool_status,
    error: *mut sys::dbpool_error,
) -> Error {
    let Some(note) = note else {
        // SAFETY: by the contract of this function.
        return unsafe { Error::take(status, error) };
    };
    // SAFETY: the same.
    let failure = unsafe { Error::copy(status, error) };
    let is_consequence = failure.sqlstate() == Some(IN_FAILED_TRANSACTION);
    // SAFETY: the one that is not kept is ours.
    unsafe { sys::dbpool_error_free(note.keep(error, is_consequence)) };
    failure
}
