//! The calls on a lease that differ in their function alone.

use std::ffi::{c_void, CStr};
use std::ptr;

use super::call::on_done;
use crate::sys;

/// What starts a call on a lease: token, user_data, out_op, error.
pub(crate) trait Submit:
    FnOnce(
    sys::dbpool_conn,
    *mut c_void,
    *mut sys::dbpool_op,
    *mut *mut sys::dbpool_error,
) -> sys::dbpool_status
{
}
impl<F> Submit for F where
    F: FnOnce(
        sys::dbpool_conn,
        *mut c_void,
        *mut sys::dbpool_op,
        *mut *mut sys::dbpool_error,
    ) -> sys::dbpool_status
{
}

/// `dbpool_conn_savepoint_async()` and the two like it.
pub(crate) type SavepointVerb = unsafe extern "C" fn(
    sys::dbpool_conn,
    *mut sys::dbpool_loop,
    *const sys::c_char,
    sys::dbpool_done_cb,
    *mut c_void,
    *mut sys::dbpool_op,
    *mut *mut sys::dbpool_error,
) -> sys::dbpool_status;

pub(crate) fn submit_rollback(
    token: sys::dbpool_conn,
    user: *mut c_void,
    op: *mut sys::dbpool_op,
    error: *mut *mut sys::dbpool_error,
) -> sys::dbpool_status {
    // SAFETY: a token may be any number.
    unsafe {
        sys::dbpool_conn_rollback_async(token, ptr::null_mut(), Some(on_done), user, op, error)
    }
}

pub(crate) fn submit_savepoint(verb: SavepointVerb, name: &CStr) -> impl Submit + use<'_> {
    move |token, user, op, error| {
        // SAFETY: the name is copied.
        unsafe { verb(token, ptr::null_mut(), name.as_ptr(), Some(on_done), user, op, error) }
    }
}
