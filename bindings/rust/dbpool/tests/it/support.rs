use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use dbpool::{Builder, CancelHandle, Error, Pool};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database of the test's own: a file, or a schema.
pub struct Database {
    uri: String,
    schema: Option<String>,
    directory: Option<PathBuf>,
}

impl Database {
    pub fn sqlite() -> Self {
        let directory = unique("dbpool-rust");
        let directory = std::env::temp_dir().join(directory);
        fs::create_dir(&directory).unwrap();
        let uri = format!("sqlite:{}/test.db", directory.display());
        Self { uri, schema: None, directory: Some(directory) }
    }

    /// `None` without a server to test with.
    pub fn postgres() -> Option<Self> {
        let Ok(uri) = std::env::var("DBPOOL_TEST_POSTGRES_URL") else {
            eprintln!("SKIPPED: DBPOOL_TEST_POSTGRES_URL is not set");
            return None;
        };
        let schema = unique("rust").replace('-', "_");
        let pool = Pool::builder().uri(&uri).pool_size(1).build().unwrap();
        pool.execute(&format!("CREATE SCHEMA {schema}"), ()).unwrap();
        Some(Self { uri, schema: Some(schema), directory: None })
    }

    pub fn is_postgres(&self) -> bool {
        self.schema.is_some()
    }

    /// Up to two connections, opened as they are needed. A busy machine is no reason to fail: time-outs are long.
    pub fn builder(&self) -> Builder {
        let patience = Duration::from_secs(600);
        let builder = Pool::builder()
            .uri(&self.uri)
            .pool_size(2)
            .max_overflow(0)
            .min_size(1)
            .acquire_timeout(patience)
            .connect_timeout(patience)
            .query_timeout(patience);
        match &self.schema {
            Some(schema) => builder.option("search_path", schema),
            None => builder,
        }
    }

    pub fn pool(&self) -> Pool {
        self.builder().build().unwrap()
    }

    pub fn single(&self) -> Pool {
        self.builder().pool_size(1).build().unwrap()
    }

    /// A statement that ends only when it is cancelled.
    pub fn endless(&self) -> &'static str {
        if self.is_postgres() {
            "SELECT count(*) FROM (SELECT pg_sleep(600)) AS s"
        } else {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        }
    }

    /// Numbers from 1 in a column `n`.
    pub fn numbers(&self, count: u32) -> String {
        if self.is_postgres() {
            format!("SELECT n FROM generate_series(1, {count}) AS n")
        } else {
            format!(
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s"
            )
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(schema) = &self.schema {
            let pool = Pool::builder().uri(&self.uri).pool_size(1).build().unwrap();
            pool.execute(&format!("DROP SCHEMA {schema} CASCADE"), ()).unwrap();
        }
        if let Some(directory) = &self.directory {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

fn unique(prefix: &str) -> String {
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Each function is a test on both databases.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&$crate::support::Database::sqlite()) })*
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(database) = $crate::support::Database::postgres() {
                    super::$name(&database)
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// Each function is a test on PostgreSQL.
macro_rules! on_postgres {
    ($($name:ident)*) => {
        mod postgres_alone {
            $(#[test] fn $name() {
                if let Some(database) = $crate::support::Database::postgres() {
                    super::$name(&database)
                }
            })*
        }
    };
}
pub(crate) use on_postgres;

/// Waits for something that will be, without deciding by time.
pub fn until(mut condition: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(600);
    while !condition() {
        assert!(Instant::now() < patience, "it did not come about");
        thread::yield_now();
    }
}

pub fn until_waiting(pool: &Pool, callers: u32) {
    until(|| pool.statistics().unwrap().waiting == callers);
}

pub fn until_nothing_is_lent(pool: &Pool) {
    until(|| pool.statistics().unwrap().leased == 0);
}

/// Asked before the statement has begun a cancel does nothing, so it is asked again: seldom, as PostgreSQL opens a
/// connection and starts a process for each.
pub fn cancel_until(cancel: &CancelHandle, mut over: impl FnMut() -> bool) {
    until(|| {
        cancel.cancel().unwrap();
        let next = Instant::now() + Duration::from_millis(50);
        loop {
            if over() {
                return true;
            }
            if Instant::now() >= next {
                return false;
            }
            thread::yield_now();
        }
    });
}

/// A table whose constraint is looked at by COMMIT; of `parents (id)`.
pub const DEFERRED: &str =
    "CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)";

/// An error of a caller's own, beside those of the database.
#[derive(Debug)]
pub enum Refusal {
    TooPoor,
    Database(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// An executor of one's own: no runtime.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}

/// Polls once, and nobody is woken.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
