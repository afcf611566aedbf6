use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dbpool::{Error, Phase, QueryOptions};

use crate::support::{on_both, Database};

on_both! {
    another_thread_cancels_a_statement
    a_cancel_without_a_statement_does_nothing
    a_statement_ends_at_its_time_out
}

fn another_thread_cancels_a_statement(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let cancel = conn.cancel_handle();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Asked before the statement has begun a cancel does nothing, so it is asked until it has been heard.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                cancel.cancel().unwrap();
                thread::yield_now();
            }
        });
        let error = conn.query(db.endless(), ()).map(drop).unwrap_err();
        over.store(true, Ordering::Relaxed);
        assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    });
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1, "the connection stays usable");
}

fn a_cancel_without_a_statement_does_nothing(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    conn.cancel_handle().cancel().unwrap();
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn a_statement_ends_at_its_time_out(db: &Database) {
    let pool = db.single();
    let options = QueryOptions::new().timeout(Duration::from_millis(30));
    let error = pool.query_with(db.endless(), (), &options).map(drop).unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    assert_eq!(error.details().unwrap().phase(), Phase::Query);
    assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}
