//! A panic in a caller's code goes to that caller, or no further: never into the library, never into a process's end.

use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::task::{Context, Wake};

use dbpool::{ConversionError, Error, FromRow, Param, Pool, Row, ToSql};

use crate::support::{block_on, on_both, until, until_nothing_is_lent, Database};

on_both! {
    a_hook_that_panics_refuses_the_connection
    a_pool_whose_every_connection_is_refused_says_so
    hooks_that_only_see_may_panic
    a_watch_that_panics_hears_of_the_next_event
    a_waker_that_panics_costs_no_answer
    a_panic_in_a_closure_of_aio_rolls_back_and_goes_on
    a_type_that_panics_leaves_the_connection_usable
}

/// Panics the first time it is asked.
#[derive(Clone, Default)]
struct Once(Arc<AtomicU32>);

impl Once {
    fn panic(&self) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            panic!("on purpose");
        }
    }

    fn times(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

fn works(pool: &Pool) {
    assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn a_hook_that_panics_refuses_the_connection(db: &Database) {
    let once = Once::default();
    let hook = once.clone();
    let pool = db
        .builder()
        .on_lent(move |_| {
            hook.panic();
            Ok(())
        })
        .build()
        .unwrap();
    works(&pool);
    assert_eq!(once.times(), 2);
    until(|| pool.statistics().unwrap().closed_hook == 1); // it is closed beside the next attempt
}

fn a_pool_whose_every_connection_is_refused_says_so(db: &Database) {
    let error = db.builder().on_opened(|_| panic!("on purpose")).build().unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error:?}");
    assert!(error.to_string().contains("`opened` hook"), "{error}");
}

fn hooks_that_only_see_may_panic(db: &Database) {
    let (returned, closed) = (Once::default(), Once::default());
    let (on_returned, on_closed) = (returned.clone(), closed.clone());
    let pool = db
        .builder()
        .on_returned(move |_| on_returned.panic())
        .on_closed(move |_| on_closed.panic())
        .build()
        .unwrap();
    works(&pool);
    works(&pool);
    pool.close(None).unwrap();
    assert_eq!(returned.times(), 2);
    until(|| closed.times() >= 1);
}

fn a_watch_that_panics_hears_of_the_next_event(db: &Database) {
    let pool = db.builder().lazy(true).min_size(0).build().unwrap();
    let once = Once::default();
    let hear = once.clone();
    let _watch = pool.watch(move |_| hear.panic()).unwrap();
    works(&pool);
    pool.invalidate().unwrap();
    until(|| once.times() >= 2);
}

fn a_waker_that_panics_costs_no_answer(db: &Database) {
    struct Panics(Once);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.panic();
        }
    }
    let pool = dbpool::aio::Pool::from(db.single());
    let once = Once::default();
    let waker = Arc::new(Panics(once.clone())).into();
    let mut query = Box::pin(pool.query_one::<i64>("SELECT 1", ()));
    if query.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        until(|| once.times() == 1);
        assert_eq!(block_on(query).unwrap(), 1);
    }
    until_nothing_is_lent(pool.as_blocking());
}

fn a_panic_in_a_closure_of_aio_rolls_back_and_goes_on(db: &Database) {
    let pool = dbpool::aio::Pool::from(db.single());
    block_on(pool.execute("CREATE TABLE t (n INTEGER)", ())).unwrap();
    let work = pool.transaction(async |tx| -> dbpool::Result<()> {
        let mut savepoint = tx.savepoint("part").await?;
        savepoint.execute("INSERT INTO t VALUES (1)", ()).await?;
        panic!("on purpose");
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(work)));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"on purpose"));
    assert_eq!(block_on(pool.query_one::<i64>("SELECT count(*) FROM t", ())).unwrap(), 0);
    until_nothing_is_lent(pool.as_blocking());
}

struct Panics;

impl FromRow for Panics {
    fn from_row(_: Row<'_>) -> dbpool::Result<Self> {
        panic!("on purpose");
    }
}

impl ToSql for Panics {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        panic!("on purpose");
    }
}

fn a_type_that_panics_leaves_the_connection_usable(db: &Database) {
    fn panics<T>(run: impl FnOnce() -> T) {
        assert!(catch_unwind(AssertUnwindSafe(|| drop(run()))).is_err());
    }
    let pool = db.single();
    let conn = pool.get().unwrap();
    panics(|| conn.execute("SELECT $1", (1, Panics)));
    panics(|| conn.query_one::<Panics>("SELECT 1", ()));
    panics(|| conn.stream(&db.numbers(5000), ()).unwrap().all::<Panics>());
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
    drop(conn);
    let pool = dbpool::aio::Pool::from(pool);
    let mut conn = block_on(pool.get()).unwrap();
    panics(|| block_on(conn.execute("SELECT $1", (Panics,))));
    panics(|| block_on(conn.query_all::<Panics>("SELECT 1", ())));
    assert_eq!(block_on(conn.query_one::<i64>("SELECT 1", ())).unwrap(), 1);
    drop(conn);
    until_nothing_is_lent(pool.as_blocking());
}
