//! The end of a pool that nobody names any more. Connections may still be lent: they are awaited without a thread, so
//! that a connection needs no share in its pool, which would cost as much as getting it.

use std::ffi::c_void;
use std::ptr;

use crate::statistics::Statistics;
use crate::sys;

/// Gives the reference back, as soon as no connection is lent.
///
/// # Safety
/// The reference is the caller's, who does not use it again.
pub(crate) unsafe fn end(pool: *mut sys::dbpool) {
    // SAFETY: by the contract of this function; the callback takes the reference, unless the call says that none comes.
    unsafe {
        if !lends(pool) || close(pool) != sys::DBPOOL_PENDING {
            sys::dbpool_unref(pool);
        }
    }
}

/// # Safety
/// The pool is alive.
unsafe fn lends(pool: *mut sys::dbpool) -> bool {
    let mut now = Statistics::empty();
    // SAFETY: by the contract of this function; the size is set. It can fail in a forked child alone, where all is over.
    unsafe { sys::dbpool_stats(pool, &mut now) == sys::DBPOOL_OK && now.leased > 0 }
}

/// # Safety
/// The pool is alive; pending, it is so until the callback.
unsafe fn close(pool: *mut sys::dbpool) -> sys::dbpool_status {
    // SAFETY: by the contract of this function.
    unsafe {
        sys::dbpool_close_async(
            pool,
            ptr::null_mut(),
            i64::MAX,
            Some(on_closed),
            pool.cast(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    }
}

unsafe extern "C" fn on_closed(
    pool: *mut c_void,
    _: sys::dbpool_status,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: the reference is that of end(), the error ours.
    unsafe {
        sys::dbpool_error_free(error);
        sys::dbpool_unref(pool.cast());
    }
}
