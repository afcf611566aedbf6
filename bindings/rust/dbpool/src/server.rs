use std::ffi::CStr;
use std::time::Duration;

use crate::sys;

/// What a database says of itself: the answer to [`Builder::probe`](crate::Builder::probe).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// `PostgreSQL` or `SQLite`.
    pub product: String,
    /// As the server says: `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// Name, or path of the file.
    pub database: String,
    /// Who we are there.
    pub user: String,
    /// Protocol and cipher; empty without TLS.
    pub tls: String,
    /// Writes are refused: a standby, a read-only file or setting.
    pub read_only: bool,
    /// It is a standby.
    pub in_recovery: bool,
    /// The server's limit; `None`: there is none, or it is not known.
    pub max_connections: Option<u64>,
    /// Sessions in use on the server, if that is known.
    pub sessions: Option<u64>,
    /// The time it took to connect.
    pub connect: Duration,
    /// The time one ping took then.
    pub round_trip: Duration,
}

impl Server {
    pub(crate) fn empty() -> sys::dbpool_server {
        // SAFETY: it is made of numbers and characters alone.
        let zero: sys::dbpool_server = unsafe { std::mem::zeroed() };
        sys::dbpool_server { struct_size: size_of::<sys::dbpool_server>(), ..zero }
    }

    pub(crate) fn new(c: &sys::dbpool_server) -> Self {
        Self {
            product: text(&c.product),
            version: text(&c.version),
            database: text(&c.database),
            user: text(&c.user),
            tls: text(&c.tls),
            read_only: c.read_only != 0,
            in_recovery: c.in_recovery != 0,
            max_connections: c.max_connections.try_into().ok(),
            sessions: c.sessions.try_into().ok(),
            connect: Duration::from_nanos(c.connect_ns.try_into().unwrap_or(0)),
            round_trip: Duration::from_nanos(c.round_trip_ns.try_into().unwrap_or(0)),
        }
    }
}

fn text(array: &[sys::c_char]) -> String {
    // SAFETY: the library ends each text with a NUL.
    unsafe { CStr::from_ptr(array.as_ptr()) }.to_string_lossy().into_owned()
}
