//! A transaction as a closure, over the library's `dbpool_transaction()`, which runs it again where that helps.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::Arc;

use crate::call_options::TransactionOptions;
use crate::details::Details;
use crate::error::Error;
use crate::note::Note;
use crate::session::Session;
use crate::sys;
use crate::transaction::Transaction;

/// What the closure is, and what it answered last.
struct Work<F, T, E> {
    function: F,
    answer: Option<Result<T, E>>,
    /// What the library was told of a failure, to know it again.
    told: Option<Details>,
    panic: Option<Box<dyn Any + Send>>,
}

/// # Safety
/// The pool is alive.
pub(crate) unsafe fn transaction<F, T, E>(
    pool: *mut sys::dbpool,
    options: &TransactionOptions,
    function: F,
) -> Result<T, E>
where
    F: FnMut(&mut Transaction<'_>) -> Result<T, E>,
    E: From<Error>,
{
    let mut work = Work { function, answer: None, told: None, panic: None };
    let mut error = ptr::null_mut();
    // SAFETY: `work` is what attempt() takes, and outlives the call.
    let status = unsafe {
        sys::dbpool_transaction(
            pool,
            Some(attempt::<F, T, E>),
            ptr::from_mut(&mut work).cast(),
            &options.to_c(),
            &mut error,
        )
    };
    if let Some(panic) = work.panic {
        // SAFETY: the error is ours.
        unsafe { sys::dbpool_error_free(error) };
        resume_unwind(panic);
    }
    if status >= 0 {
        return work.answer.expect("it is committed, so that the closure has answered");
    }
    // SAFETY: the call failed, so that the error is ours.
    let failure = unsafe { Error::take(status, error) };
    match work.answer {
        Some(Err(answer)) if failure.details() == work.told.as_ref() => Err(answer),
        _ => Err(failure.into()), // of the pool, BEGIN or COMMIT
    }
}

/// Once between BEGIN and COMMIT.
unsafe extern "C" fn attempt<F, T, E>(
    work: *mut c_void,
    conn: sys::dbpool_conn,
    error: *mut *mut sys::dbpool_error,
) -> sys::dbpool_status
where
    F: FnMut(&mut Transaction<'_>) -> Result<T, E>,
{
    // SAFETY: transaction() gave this, and it is lent to nobody else.
    let work = unsafe { &mut *work.cast::<Work<F, T, E>>() };
    let note = Arc::new(Note::new());
    let mut tx = Transaction::scope(Session::new(conn, Some(note.clone())));
    let run = AssertUnwindSafe(|| {
        work.answer = None; // of the attempt before, whose drop is the caller's code, too
        (work.function)(&mut tx)
    });
    let failure = match catch_unwind(run) {
        Ok(Ok(value)) => {
            work.answer = Some(Ok(value));
            return sys::DBPOOL_OK;
        }
        Ok(Err(answer)) => {
            work.answer = Some(Err(answer));
            note.take()
        }
        Err(panic) => {
            work.panic = Some(panic);
            ptr::null_mut()
        }
    };
    // SAFETY: the error is ours until the library gets it; NULL is fine.
    unsafe {
        // An error of the caller's own, which is no reason to try again.
        let failure = if failure.is_null() {
            sys::dbpool_error_new(
                sys::DBPOOL_ERR_INVALID,
                c"the transaction's closure failed".as_ptr(),
            )
        } else {
            failure
        };
        let code = sys::dbpool_error_code(failure);
        work.told = Some(Details::read(failure));
        *error = failure;
        if code < 0 {
            code
        } else {
            sys::DBPOOL_ERR_NOMEM
        }
    }
}
