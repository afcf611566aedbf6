use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dbpool::{Error, Phase};

use crate::support::{on_both, until_waiting, Database};

on_both! {
    an_exhausted_pool_gives_nothing_without_waiting
    a_time_out_says_who_holds_what
    callers_are_served_in_the_order_they_came
    a_waiting_caller_gets_the_connection_that_is_released
    too_many_waiters_are_refused_at_once
}

fn an_exhausted_pool_gives_nothing_without_waiting(db: &Database) {
    let pool = db.single();
    let conn = pool.try_get().unwrap().expect("one is idle");
    assert!(pool.try_get().unwrap().is_none());
    drop(conn);
    assert!(pool.try_get().unwrap().is_some());
}

fn a_time_out_says_who_holds_what(db: &Database) {
    let pool = db.single();
    let _conn = pool.get().unwrap();
    let error = pool.get_timeout(Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, Error::Timeout(_)));
    assert!(error.is_timeout() && error.is_retryable());
    let details = error.details().unwrap();
    assert_eq!(details.phase(), Phase::Queue);
    let counts = details.pool_counts().unwrap();
    assert_eq!((counts.leased, counts.idle, counts.waiting), (1, 0, 1));
}

fn callers_are_served_in_the_order_they_came(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let (served, order) = mpsc::channel();
    let callers: Vec<_> = (0..8)
        .map(|number| {
            let (pool_of_caller, served) = (pool.clone(), served.clone());
            let caller = thread::spawn(move || {
                let _conn = pool_of_caller.get().unwrap();
                served.send(number).unwrap();
            });
            until_waiting(&pool, number + 1);
            caller
        })
        .collect();
    drop(conn);
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

fn a_waiting_caller_gets_the_connection_that_is_released(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let number = conn.id();
    let waiter = thread::spawn({
        let pool = pool.clone();
        move || pool.get().unwrap().id()
    });
    until_waiting(&pool, 1);
    drop(conn);
    assert_eq!(waiter.join().unwrap(), number);
}

fn too_many_waiters_are_refused_at_once(db: &Database) {
    let pool = db.builder().pool_size(1).max_waiters(1).build().unwrap();
    let conn = pool.get().unwrap();
    let waiter = thread::spawn({
        let pool = pool.clone();
        move || pool.get().map(drop)
    });
    until_waiting(&pool, 1);
    assert!(matches!(pool.get(), Err(Error::Full(_))));
    drop(conn);
    waiter.join().unwrap().unwrap();
}
