//! How calls are made: statuses to results, text and times to what C takes.

use std::ffi::CString;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::sys;

/// A positive status is no failure and comes back: `DBPOOL_DONE`, `DBPOOL_PENDING`.
pub(crate) fn call(
    function: impl FnOnce(*mut *mut sys::dbpool_error) -> sys::dbpool_status,
) -> Result<sys::dbpool_status> {
    let mut error = std::ptr::null_mut();
    let status = function(&mut error);
    if status >= 0 {
        return Ok(status);
    }
    // SAFETY: the call failed, so that the error, if there is one, is ours.
    Err(unsafe { Error::take(status, error) })
}

/// For the functions that return a status alone.
pub(crate) fn check(status: sys::dbpool_status) -> Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: NULL is an error that says nothing.
    Err(unsafe { Error::take(status, std::ptr::null_mut()) })
}

/// Milliseconds, rounded up; without a duration -1, the default of the pool.
pub(crate) fn milliseconds(duration: Option<Duration>) -> i64 {
    match duration {
        None => -1,
        Some(duration) => {
            let whole = duration.as_nanos().div_ceil(1_000_000);
            i64::try_from(whole).unwrap_or(i64::MAX)
        }
    }
}

/// In the structs of options 0 is the default, too. Nobody who writes 0 means that.
pub(crate) fn option_milliseconds(duration: Option<Duration>) -> i64 {
    match milliseconds(duration) {
        0 => 1,
        milliseconds => milliseconds,
    }
}

pub(crate) fn c_string(text: &str, what: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid(format!("{what} has a NUL inside")))
}

/// Runs a caller's code where C, or a thread that serves others, is behind it: a panic, which the panic hook has told of,
/// ends here, and is `None`.
pub(crate) fn contain<T>(code: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(code)).ok()
}
