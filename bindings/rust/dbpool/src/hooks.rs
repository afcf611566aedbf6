use std::ffi::c_void;
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
    /// The closures live until `destroy`, after the last connection of the pool, which may be later than its last handle.
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
        Some(sys::dbpool_hooks {
            struct_size: size_of::<sys::dbpool_hooks>(),
            opened: self.opened.as_ref().map(|_| opened as _),
            lent: self.lent.as_ref().map(|_| lent as _),
            returned: self.returned.as_ref().map(|_| returned as _),
            closed: self.closed.as_ref().map(|_| closed as _),
            destroy: Some(destroy),
            user_data: Box::into_raw(Box::new(self)).cast(),
        })
    }
}

/// # Safety
/// `hooks` is the user_data of into_c().
unsafe fn hooks<'a>(hooks: *mut c_void) -> &'a Hooks {
    // SAFETY: it is there until destroy(), and nobody writes to it.
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

/// # Safety
/// `user_data` is that of into_c(), and nobody has it any more.
pub(crate) unsafe extern "C" fn destroy(user_data: *mut c_void) {
    // SAFETY: into_c() made it of a box.
    let hooks = unsafe { Box::from_raw(user_data.cast::<Hooks>()) };
    contain(|| drop(hooks));
}
