//! `<dbpool/options.h>`: settings by name and text, and hooks.

use crate::{c_char, c_void, dbpool_conn, dbpool_error, dbpool_options, dbpool_status};

/// One line of the table of options. Strings are constants of the library.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_option {
    /// Set by the caller.
    pub struct_size: usize,
    /// `pool_size`.
    pub name: *const c_char,
    /// Comma separated, or "".
    pub aliases: *const c_char,
    /// `integer`, `duration`, `boolean`, `text`, `choice`, `percent`.
    pub r#type: *const c_char,
    /// What is allowed, in words.
    pub range: *const c_char,
    /// As text; "" for none.
    pub default_value: *const c_char,
    /// `connection`, `size`, `time`, `session`, `sqlite`.
    pub group: *const c_char,
    /// One sentence.
    pub help: *const c_char,
}

/// Unused for `idle_timeout`.
pub const DBPOOL_CLOSED_IDLE: u32 = 1;
/// Older than `max_lifetime`.
pub const DBPOOL_CLOSED_LIFETIME: u32 = 2;
/// Lent `max_uses` times.
pub const DBPOOL_CLOSED_USES: u32 = 3;
/// The server or the network ended it, or a statement left it unusable.
pub const DBPOOL_CLOSED_BROKEN: u32 = 4;
/// It did not answer a ping.
pub const DBPOOL_CLOSED_PING: u32 = 5;
/// It could not be cleaned in `reset_timeout`.
pub const DBPOOL_CLOSED_RESET: u32 = 6;
/// `dbpool_invalidate()` or `dbpool_reconnect()`.
pub const DBPOOL_CLOSED_INVALIDATED: u32 = 7;
/// A hook refused it.
pub const DBPOOL_CLOSED_HOOK: u32 = 8;
/// `dbpool_resize()` made the pool smaller, or pooling is off.
pub const DBPOOL_CLOSED_SHRUNK: u32 = 9;
/// The pool was closed.
pub const DBPOOL_CLOSED_POOL: u32 = 10;

/// Functions of the caller's that see each connection; any of them may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dbpool_hooks {
    /// Set by the caller.
    pub struct_size: usize,
    /// Given to each function; must live until `destroy`.
    pub user_data: *mut c_void,
    /// A new connection, before anyone gets it.
    pub opened: Option<unsafe extern "C" fn(*mut c_void, dbpool_conn) -> dbpool_status>,
    /// About to be lent.
    pub lent: Option<unsafe extern "C" fn(*mut c_void, dbpool_conn) -> dbpool_status>,
    /// Given back, before it is reset.
    pub returned: Option<unsafe extern "C" fn(*mut c_void, dbpool_conn)>,
    /// Closed; the reason is `DBPOOL_CLOSED_*`.
    pub closed: Option<unsafe extern "C" fn(*mut c_void, u32)>,
    /// The end of `user_data`: no function of these is running or will run.
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

extern "C" {
    /// New, empty settings.
    pub fn dbpool_options_new() -> *mut dbpool_options;
    /// Frees settings. NULL is fine. Pools made of them are not affected.
    pub fn dbpool_options_free(options: *mut dbpool_options);
    /// Sets one option by its name or an alias; the last call for an option counts.
    pub fn dbpool_options_set(
        options: *mut dbpool_options,
        name: *const c_char,
        value: *const c_char,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// Reads options from the environment: prefix + NAME in capitals, aliases included.
    pub fn dbpool_options_from_env(
        options: *mut dbpool_options,
        prefix: *const c_char,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
    /// The option at a place of the table.
    pub fn dbpool_option_at(index: usize, out: *mut dbpool_option) -> dbpool_status;
    /// Sets the hooks of the pools made of these settings. NULL removes them.
    pub fn dbpool_options_set_hooks(
        options: *mut dbpool_options,
        hooks: *const dbpool_hooks,
        error: *mut *mut dbpool_error,
    ) -> dbpool_status;
}
