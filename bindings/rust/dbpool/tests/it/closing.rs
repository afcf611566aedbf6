use std::thread;
use std::time::Duration;

use dbpool::Error;

use crate::support::{on_both, until_waiting, Database};

on_both! {
    closing_fails_those_who_wait
    a_closed_pool_lends_nothing
    closing_twice_is_fine
    a_lease_that_is_not_returned_is_cut_off
}

fn closing_fails_those_who_wait(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let pool = pool.clone();
            thread::spawn(move || pool.get().map(drop))
        })
        .collect();
    until_waiting(&pool, 4);
    let closer = thread::spawn({
        let pool = pool.clone();
        move || pool.close(Some(Duration::from_secs(60)))
    });
    for waiter in waiters {
        assert!(matches!(waiter.join().unwrap(), Err(Error::Closed(_))));
    }
    drop(conn);
    closer.join().unwrap().unwrap();
}

fn a_closed_pool_lends_nothing(db: &Database) {
    let pool = db.pool();
    pool.close(None).unwrap();
    assert!(matches!(pool.get(), Err(Error::Closed(_))));
    assert!(matches!(pool.query("SELECT 1", ()), Err(Error::Closed(_))));
}

fn closing_twice_is_fine(db: &Database) {
    let pool = db.pool();
    pool.close(None).unwrap();
    pool.close(None).unwrap();
}

fn a_lease_that_is_not_returned_is_cut_off(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    assert!(matches!(pool.close(Some(Duration::ZERO)), Err(Error::Timeout(_))));
    assert!(conn.query("SELECT 1", ()).is_err());
}
