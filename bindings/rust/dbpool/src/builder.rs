use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::ffi::{c_string, call, milliseconds};
use crate::hooks::{self, Hooks};
use crate::pool::{self, Pool};
use crate::server::Server;
use crate::session::Session;
use crate::sys;

/// Settings for a pool. All of them are options by name, too: [`options()`](crate::options()) lists them.
///
/// ```
/// use std::time::Duration;
///
/// # fn main() -> dbpool::Result<()> {
/// let pool = dbpool::Pool::builder()
///     .uri("sqlite::memory:")
///     .pool_size(4)
///     .acquire_timeout(Duration::from_secs(2))
///     .option("statement_cache", "100")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "a pool is made by `build()`"]
pub struct Builder {
    uri: Option<String>,
    options: Vec<(String, String)>,
    environment: Option<String>,
    hooks: Hooks,
}

impl Builder {
    /// No settings but the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The database: `postgresql://user@host/db`, `sqlite:file.db`, `sqlite::memory:`. Options may follow it:
    /// `?pool_size=20`.
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// Any option by its name, as text. The last call for an option counts. What is wrong with it is told by
    /// [`build`](Self::build).
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Reads options from the environment: the prefix and the option's name in capitals, `DBPOOL_POOL_SIZE`. Other settings
    /// are stronger. No other thread may change the environment meanwhile.
    pub fn environment(mut self, prefix: impl Into<String>) -> Self {
        self.environment = Some(prefix.into());
        self
    }

    fn duration(self, name: &str, duration: Duration) -> Self {
        let text = match duration {
            Duration::MAX => "none".to_string(),
            duration => format!("{}ms", milliseconds(Some(duration))),
        };
        self.option(name, text)
    }

    /// How many connections it keeps.
    pub fn pool_size(self, connections: u32) -> Self {
        self.option("pool_size", connections.to_string())
    }

    /// How many more it may open under load.
    pub fn max_overflow(self, connections: u32) -> Self {
        self.option("max_overflow", connections.to_string())
    }

    /// How many it opens at once and keeps whatever `idle_timeout` says.
    pub fn min_size(self, connections: u32) -> Self {
        self.option("min_size", connections.to_string())
    }

    /// Whether it opens nothing before it is used.
    pub fn lazy(self, lazy: bool) -> Self {
        self.option("lazy", lazy.to_string())
    }

    /// How many callers may wait at once.
    pub fn max_waiters(self, callers: u32) -> Self {
        self.option("max_waiters", callers.to_string())
    }

    /// How long a caller waits for a connection; `Duration::MAX`, here and below: without end.
    pub fn acquire_timeout(self, timeout: Duration) -> Self {
        self.duration("acquire_timeout", timeout)
    }

    /// How long opening a connection may take.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.duration("connect_timeout", timeout)
    }

    /// How long a statement may run.
    pub fn query_timeout(self, timeout: Duration) -> Self {
        self.duration("query_timeout", timeout)
    }

    /// How long a connection may be idle before it is closed.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.duration("idle_timeout", timeout)
    }

    /// How old a connection may become.
    pub fn max_lifetime(self, lifetime: Duration) -> Self {
        self.duration("max_lifetime", lifetime)
    }

    /// SQL to run on each new connection.
    pub fn init_sql(self, sql: impl Into<String>) -> Self {
        self.option("init_sql", sql)
    }

    /// Sees each new connection before anyone gets it. An error refuses the connection. Session state set here is gone
    /// with the connection's first reset: what shall last belongs into [`init_sql`](Self::init_sql).
    ///
    /// Hooks run on any thread that uses the pool and on the library's own. They must not get connections of the same
    /// pool or close it. A panic in one goes no further: here and in [`on_lent`](Self::on_lent) it refuses the
    /// connection, as an error does. Hooks are dropped after the last connection, which may outlive the pool's last handle.
    pub fn on_opened(
        mut self,
        hook: impl Fn(&Session) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.opened = Some(Arc::new(hook));
        self
    }

    /// Sees each connection that is about to be lent. An error closes it, and the caller gets another one.
    pub fn on_lent(
        mut self,
        hook: impl Fn(&Session) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.lent = Some(Arc::new(hook));
        self
    }

    /// Sees each connection that comes back, before it is reset.
    pub fn on_returned(mut self, hook: impl Fn(&Session) + Send + Sync + 'static) -> Self {
        self.hooks.returned = Some(Arc::new(hook));
        self
    }

    /// Hears of each connection that was closed, and why.
    pub fn on_closed(mut self, hook: impl Fn(crate::CloseReason) + Send + Sync + 'static) -> Self {
        self.hooks.closed = Some(Arc::new(hook));
        self
    }

    /// Makes the pool, and connects it unless it is lazy.
    pub fn build(self) -> Result<Pool> {
        let (uri, options) = self.into_c()?;
        pool::create(|out, error| {
            // SAFETY: both live during the call.
            unsafe { sys::dbpool_create(as_ptr(&uri), options.0.as_ptr(), out, error) }
        })
    }

    /// Opens one connection without a pool, asks it who it is, and closes it. Without a time-out `connect_timeout`
    /// counts.
    pub fn probe(self, timeout: Option<Duration>) -> Result<Server> {
        let (uri, options) = self.into_c()?;
        let mut out = Server::empty();
        call(|error| {
            // SAFETY: both live during the call, and the size is set.
            unsafe {
                sys::dbpool_probe(
                    as_ptr(&uri),
                    options.0.as_ptr(),
                    milliseconds(timeout),
                    &mut out,
                    error,
                )
            }
        })?;
        Ok(Server::new(&out))
    }

    /// Nothing of the settings is lost when the pool is made: it has its own copy.
    pub(crate) fn into_c(self) -> Result<(Option<CString>, Options)> {
        let uri = self.uri.map(|uri| c_string(&uri, "the URI")).transpose()?;
        let options = Options::new()?;
        if let Some(prefix) = &self.environment {
            let prefix = c_string(prefix, "the prefix")?;
            // SAFETY: both are alive.
            call(|error| unsafe {
                sys::dbpool_options_from_env(options.0.as_ptr(), prefix.as_ptr(), error)
            })?;
        }
        for (name, value) in &self.options {
            let (name, value) =
                (c_string(name, "the name of an option")?, c_string(value, "an option")?);
            // SAFETY: all three are alive.
            call(|error| unsafe {
                sys::dbpool_options_set(options.0.as_ptr(), name.as_ptr(), value.as_ptr(), error)
            })?;
        }
        if let Some(hooks) = self.hooks.into_c() {
            // SAFETY: the hooks are copied, and what they point to lives until their destroy().
            call(|error| unsafe {
                sys::dbpool_options_set_hooks(options.0.as_ptr(), &hooks, error)
            })
            // SAFETY: they were not taken.
            .inspect_err(|_| unsafe { hooks::destroy(hooks.user_data) })?;
        }
        Ok((uri, options))
    }
}

pub(crate) fn as_ptr(uri: &Option<CString>) -> *const sys::c_char {
    uri.as_ref().map_or(ptr::null(), |uri| uri.as_ptr())
}

/// The library's settings, freed with this.
pub(crate) struct Options(pub(crate) NonNull<sys::dbpool_options>);

impl Options {
    fn new() -> Result<Self> {
        // SAFETY: NULL is a lack of memory.
        let options = NonNull::new(unsafe { sys::dbpool_options_new() });
        // SAFETY: NULL is an error that says nothing.
        options
            .map(Self)
            .ok_or_else(|| unsafe { Error::take(sys::DBPOOL_ERR_NOMEM, ptr::null_mut()) })
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: they are ours.
        unsafe { sys::dbpool_options_free(self.0.as_ptr()) }
    }
}

/// Without the URI and the values: there may be a password in them.
impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.options.iter().map(|(name, _)| name).collect();
        f.debug_struct("Builder").field("options", &names).finish_non_exhaustive()
    }
}
