//! Calls that are kept ready. Most acquires are answered at once, and their call was made for nothing.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use super::call::Call;
use crate::error::{Error, Result};
use crate::sys;

/// A call as it is during its submission: pending, and with a reference of the library's.
struct Armed(Arc<Call>);

thread_local! {
    static SPARE: Cell<Option<Armed>> = const { Cell::new(None) };
}

impl Armed {
    fn new() -> Self {
        let call = Call::new_pending();
        let _of_the_library = Arc::into_raw(call.clone());
        Self(call)
    }

    fn user_data(&self) -> *mut c_void {
        Arc::as_ptr(&self.0).cast_mut().cast()
    }

    /// The callback takes the library's reference.
    fn into_call(self) -> Arc<Call> {
        let armed = ManuallyDrop::new(self);
        // SAFETY: it is not used again, as `armed` is not dropped.
        unsafe { ptr::read(&armed.0) }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        // SAFETY: nothing was submitted, so that the library's reference is ours.
        unsafe { Arc::decrement_strong_count(Arc::as_ptr(&self.0)) }
    }
}

/// Submits a call of its own; `submit` gets user_data, out_op and error. `None`: the library answered at once, and no
/// callback comes.
#[inline]
pub(crate) fn submit(
    submit: impl FnOnce(
        *mut c_void,
        *mut sys::dbpool_op,
        *mut *mut sys::dbpool_error,
    ) -> sys::dbpool_status,
) -> Result<Option<Arc<Call>>> {
    // At the end of a thread there are no spare ones any more.
    let armed = SPARE.try_with(Cell::take).ok().flatten().unwrap_or_else(Armed::new);
    let (mut op, mut error) = (0, ptr::null_mut());
    let status = submit(armed.user_data(), &mut op, &mut error);
    if status == sys::DBPOOL_PENDING {
        let call = armed.into_call();
        call.is_known_as(op);
        return Ok(Some(call));
    }
    let _ = SPARE.try_with(|spare| spare.set(Some(armed)));
    if status >= 0 {
        return Ok(None);
    }
    // SAFETY: the call failed, so that the error is ours.
    Err(unsafe { Error::take(status, error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit_and_answer(status: sys::dbpool_status) -> (*mut c_void, Result<Option<Arc<Call>>>) {
        let mut given = ptr::null_mut();
        let submitted = submit(|user, _, _| {
            given = user;
            status
        });
        (given, submitted)
    }

    #[test]
    fn a_call_that_was_not_needed_is_used_again() {
        let (first, answered) = submit_and_answer(sys::DBPOOL_OK);
        assert!(matches!(answered, Ok(None)));
        let (second, pending) = submit_and_answer(sys::DBPOOL_PENDING);
        assert!(first == second);
        let call = pending.unwrap().unwrap();
        assert!(call.is_open());
        assert_eq!(Arc::strong_count(&call), 2);
        // SAFETY: this is the one callback.
        unsafe { super::super::call::on_done(second, sys::DBPOOL_OK, ptr::null_mut()) };
        assert_eq!(Arc::strong_count(&call), 1);
    }

    #[test]
    #[cfg_attr(miri, ignore = "errors are read by the library")]
    fn a_call_that_was_refused_is_used_again() {
        let (first, refused) = submit_and_answer(sys::DBPOOL_ERR_CLOSED);
        assert!(matches!(refused, Err(Error::Closed(_))));
        let (second, _) = submit_and_answer(sys::DBPOOL_OK);
        assert!(first == second);
    }
}
