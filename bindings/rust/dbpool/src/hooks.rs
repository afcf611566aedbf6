use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::error::Result;
use crate::events::CloseReason;
use crate::ffi::contain;
use crate::session::Session;
use crate::sys;

type Judge = Arc<dyn Fn(&Session) -> Result<()> + Send + Sync>;
type Witness = Arc<dyn Fn(&Session) + Send + Sync>;

/// Closures that see each connection.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) opened: Option<Judge>,
    pub(crate) lent: Option<Judge>,
    pub(crate) returned: Option<Witness>,
    pub(crate) closed: Option<Arc<dyn Fn(CloseReason) + Send + Sync>>,
}

impl Hooks {
    /// The closures live on until the process ends: connections may be closed after the last handle of their pool.
    pub(crate) fn into_c(self) -> Option<sys::dbpool_hooks> {
        let set = [
            self.opened.is_some(),
            self.lent.is_some(),
            self.returned.is_some(),
            self.closed.is_some(),
        ];
        if !set.contains(&true) {
            return None;
        }
        let kept: &'static Self = Box::leak(Box::new(self));
        Some(sys::dbpool_hooks {
            struct_size: size_of::<sys::dbpool_hooks>(),
            user_data: ptr::from_ref(kept).cast_mut().cast(),
            opened: kept.opened.as_ref().map(|_| opened as _),
            lent: kept.lent.as_ref().map(|_| lent as _),
            returned: kept.returned.as_ref().map(|_| returned as _),
            closed: kept.closed.as_ref().map(|_| closed as _),
        })
    }
}

/// # Safety
/// `hooks` is the user_data of into_c().
unsafe fn hooks<'a>(hooks: *mut c_void) -> &'a Hooks {
    // SAFETY: it was leaked, and nobody writes to it.
    unsafe { &*hooks.cast::<Hooks>() }
}

fn judge(hook: Option<&Judge>, conn: sys::dbpool_conn) -> sys::dbpool_status {
    let Some(hook) = hook else { return sys::DBPOOL_OK };
    match contain(|| hook(&Session::new(conn, None))) {
        Some(Ok(())) => sys::DBPOOL_OK,
        Some(Err(error)) => error.status(),
        None => sys::DBPOOL_ERR_INVALID, // it panicked: a bug of the caller's
    }
}

unsafe extern "C" fn opened(user_data: *mut c_void, conn: sys::dbpool_conn) -> sys::dbpool_status {
    // SAFETY: the library gives back what it got.
    judge(unsafe { hooks(user_data) }.opened.as_ref(), conn)
}

unsafe extern "C" fn lent(user_data: *mut c_void, conn: sys::dbpool_conn) -> sys::dbpool_status {
    // SAFETY: the same.
    judge(unsafe { hooks(user_data) }.lent.as_ref(), conn)
}

unsafe extern "C" fn returned(user_data: *mut c_void, conn: sys::dbpool_conn) {
    // SAFETY: the same.
    if let Some(hook) = &unsafe { hooks(user_data) }.returned {
        contain(|| hook(&Session::new(conn, None)));
    }
}

unsafe extern "C" fn closed(user_data: *mut c_void, reason: u32) {
    // SAFETY: the same.
    if let Some(hook) = &unsafe { hooks(user_data) }.closed {
        contain(|| hook(CloseReason::of(reason)));
    }
}
