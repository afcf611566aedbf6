use std::ptr::{self, NonNull};

use crate::call_options::QueryOptions;
use crate::error::Result;
use crate::ffi::call;
use crate::params::Params;
use crate::rows::{ResultHandle, Rows};
use crate::session::{Session, Statement};
use crate::sys;

/// Statements that are run together: PostgreSQL gets all of them without waiting for an answer in between.
///
/// ```
/// # fn main() -> dbpool::Result<()> {
/// # let pool = dbpool::Pool::new("sqlite::memory:")?;
/// # pool.execute("CREATE TABLE items (name TEXT)", ())?;
/// let mut pipeline = dbpool::Pipeline::transaction()?;
/// for name in ["pen", "paper"] {
///     pipeline.add("INSERT INTO items VALUES ($1)", (name,))?;
/// }
/// let count = pipeline.add("SELECT count(*) FROM items", ())?;
/// let conn = pool.get()?;
/// pipeline.run(&conn)?;
/// assert_eq!(pipeline.result(count)?.one::<i64>()?, 2);
/// # Ok(())
/// # }
/// ```
pub struct Pipeline(NonNull<sys::dbpool_pipeline>);

// SAFETY: a pipeline may move between threads; it is used by one at a time.
unsafe impl Send for Pipeline {}

impl Pipeline {
    /// One by one: each statement commits on its own, and one that fails fails alone. In an open transaction a failure
    /// means what it always does there.
    pub fn new() -> Result<Self> {
        Self::create(0)
    }

    /// All or nothing. In an open transaction a savepoint does the same.
    pub fn transaction() -> Result<Self> {
        Self::create(sys::DBPOOL_PIPELINE_TRANSACTION)
    }

    fn create(flags: u32) -> Result<Self> {
        let mut pipeline = ptr::null_mut();
        // SAFETY: `pipeline` is written during the call.
        call(|error| unsafe { sys::dbpool_pipeline_create(flags, &mut pipeline, error) })?;
        Ok(Self(NonNull::new(pipeline).expect("a pipeline was made")))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::dbpool_pipeline {
        self.0.as_ptr()
    }

    /// Adds a statement behind the others, and tells its number for [`result`](Self::result). What is wrong with the
    /// SQL comes out when it runs.
    pub fn add(&mut self, sql: &str, params: impl Params) -> Result<usize> {
        let index = self.len();
        Statement::with(sql, &params, None, |s| {
            // SAFETY: the pipeline is alive; it copies the statement and its parameters.
            call(|error| unsafe {
                sys::dbpool_pipeline_add(
                    self.as_ptr(),
                    s.sql,
                    s.sql_size,
                    s.params,
                    s.param_count,
                    error,
                )
            })
        })??;
        Ok(index)
    }

    /// How many statements it has.
    pub fn len(&self) -> usize {
        // SAFETY: the pipeline is alive.
        unsafe { sys::dbpool_pipeline_size(self.as_ptr()) }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs all statements. It fails with what the first that failed answered; each has a
    /// [`result`](Self::result) of its own. It may be run again.
    pub fn run(&mut self, session: &Session) -> Result<()> {
        self.run_with(session, &QueryOptions::new())
    }

    /// [`run`](Self::run), with options, which are for all together.
    pub fn run_with(&mut self, session: &Session, options: &QueryOptions) -> Result<()> {
        let options = options.to_c(false);
        session.call(|error| {
            // SAFETY: the pipeline is alive, the options during the call.
            unsafe { sys::dbpool_pipeline_run(self.as_ptr(), session.token(), &options, error) }
        })
    }

    /// What a statement gave in the last run. A result can be taken once; a failure can be asked for again.
    pub fn result(&mut self, index: usize) -> Result<Rows<'static>> {
        let mut result = ptr::null_mut();
        // SAFETY: the pipeline is alive.
        call(|error| unsafe {
            sys::dbpool_pipeline_result(self.as_ptr(), index, &mut result, error)
        })?;
        // SAFETY: the call succeeded, and the result is ours.
        Ok(Rows::new(unsafe { ResultHandle::new(result) }, None))
    }

    /// Empties it: statements and results. Results that were taken stay.
    pub fn clear(&mut self) -> Result<()> {
        // SAFETY: the pipeline is alive.
        crate::ffi::check(unsafe { sys::dbpool_pipeline_reset(self.as_ptr()) })
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // SAFETY: it is ours. While it runs asynchronously the library keeps what that needs.
        unsafe { sys::dbpool_pipeline_free(self.as_ptr()) }
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("len", &self.len()).finish()
    }
}
