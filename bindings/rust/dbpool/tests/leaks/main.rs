//! Nothing is left behind. `DBPOOL_TEST_LONG=1` runs the counts that the project promises.

#[path = "../it/support.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod support;

use std::fs;
use std::sync::{Mutex, PoisonError};

use dbpool::aio;

use support::{block_on, poll_once, until_nothing_is_lent, until_waiting, Database};

/// One test at a time: they look at the memory of the process.
static ALONE: Mutex<()> = Mutex::new(());

/// The whole counts, or a hundredth of them.
fn times(long: usize) -> usize {
    if std::env::var_os("DBPOOL_TEST_LONG").is_some() {
        long
    } else {
        long / 100
    }
}

/// Of this process, in KiB.
fn resident() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Asserts that rounds of so many leave nothing: what leaks grows in each of them.
fn leave_nothing(count: usize, mut round: impl FnMut()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    round();
    let growths = [(); 3].map(|()| {
        let before = resident();
        round();
        resident() - before
    });
    let least = growths.into_iter().min().unwrap();
    assert!(least < 512, "{count} times, {growths:?} KiB");
}

#[test]
fn connections_that_come_and_go_leave_nothing() {
    let db = Database::sqlite();
    let pool = db.single();
    let count = times(1_000_000);
    leave_nothing(count, || (0..count).for_each(|_| drop(pool.get().unwrap())));
    assert_eq!(pool.statistics().unwrap().leased, 0);
}

#[test]
fn futures_that_come_and_go_leave_nothing() {
    let db = Database::sqlite();
    let pool = aio::Pool::from(db.single());
    let count = times(1_000_000);
    leave_nothing(count, || (0..count).for_each(|_| drop(block_on(pool.get()).unwrap())));
    until_nothing_is_lent(pool.as_blocking());
}

#[test]
fn futures_that_were_given_up_leave_nothing() {
    let db = Database::sqlite();
    let pool = aio::Pool::from(db.single());
    let conn = block_on(pool.get()).unwrap();
    let count = times(100_000);
    leave_nothing(count, || {
        for _ in 0..count / 100 {
            let mut futures: Vec<_> = (0..100).map(|_| pool.get()).collect();
            futures.iter_mut().for_each(|future| assert!(poll_once(future).is_pending()));
            drop(futures);
            until_waiting(pool.as_blocking(), 0);
        }
    });
    drop(conn);
    drop(block_on(pool.get()).unwrap());
}

#[test]
fn queries_that_were_given_up_leave_nothing() {
    let db = Database::sqlite();
    let pool = aio::Pool::from(db.single());
    let count = times(10_000);
    leave_nothing(count, || {
        for _ in 0..count {
            let mut query = Box::pin(pool.query("SELECT 1, 'two'", ()));
            let _ = poll_once(&mut query);
        }
        block_on(pool.execute("SELECT 1", ())).unwrap(); // behind all of them
        until_nothing_is_lent(pool.as_blocking());
    });
}

#[test]
fn errors_and_results_leave_nothing() {
    let db = Database::sqlite();
    let pool = db.single();
    let count = times(100_000);
    leave_nothing(count, || {
        for _ in 0..count {
            pool.execute("SELECT * FROM no_such_table", ()).unwrap_err();
            drop(pool.query("SELECT 1, 'two'", ()).unwrap());
        }
    });
}
