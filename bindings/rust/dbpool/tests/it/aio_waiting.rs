use std::task::Poll;
use std::time::Duration;

use dbpool::aio::Pool;
use dbpool::{AcquireOptions, Error};

use crate::support::{
    block_on, on_both, poll_once, until_nothing_is_lent, until_waiting, Database,
};

on_both! {
    an_idle_connection_is_had_at_the_first_poll
    futures_are_served_in_the_order_they_were_polled
    a_wait_ends_at_its_time_out
    a_dropped_future_leaves_the_queue
    a_connection_for_a_dropped_future_goes_back
    closing_fails_futures_that_wait
}

fn an_idle_connection_is_had_at_the_first_poll(db: &Database) {
    let pool = Pool::from(db.single());
    let Poll::Ready(Ok(conn)) = poll_once(&mut pool.get()) else { panic!("it is idle") };
    drop(conn);
    assert_eq!(pool.as_blocking().statistics().unwrap().leased, 0);
}

fn futures_are_served_in_the_order_they_were_polled(db: &Database) {
    let pool = Pool::from(db.single());
    let conn = block_on(pool.get()).unwrap();
    let mut waiting: Vec<_> = (0..5).map(|_| pool.get()).collect();
    for future in &mut waiting {
        assert!(poll_once(future).is_pending());
    }
    until_waiting(pool.as_blocking(), 5);
    drop(conn);
    for (index, future) in waiting.into_iter().enumerate() {
        let conn = block_on(future).unwrap();
        assert_eq!(pool.as_blocking().statistics().unwrap().waiting, 4 - index as u32);
        drop(conn);
    }
}

fn a_wait_ends_at_its_time_out(db: &Database) {
    let pool = Pool::from(db.single());
    let _conn = block_on(pool.get()).unwrap();
    let waited = block_on(pool.get_timeout(Duration::from_millis(20)));
    assert!(matches!(waited, Err(Error::Timeout(_))));
    let refused = block_on(pool.get_with(AcquireOptions::new().no_wait(true).tag("impatient")));
    assert!(matches!(refused, Err(Error::Timeout(_))));
}

fn a_dropped_future_leaves_the_queue(db: &Database) {
    let pool = Pool::from(db.single());
    let conn = block_on(pool.get()).unwrap();
    let mut given_up = pool.get();
    assert!(poll_once(&mut given_up).is_pending());
    until_waiting(pool.as_blocking(), 1);
    drop(given_up);
    until_waiting(pool.as_blocking(), 0);
    drop(conn);
    drop(block_on(pool.get()).unwrap());
}

/// The future is dropped with its answer in the box.
fn a_connection_for_a_dropped_future_goes_back(db: &Database) {
    let pool = Pool::from(db.single());
    for _ in 0..100 {
        let conn = block_on(pool.get()).unwrap();
        let mut future = pool.get();
        assert!(poll_once(&mut future).is_pending());
        drop(conn);
        drop(future);
        until_nothing_is_lent(pool.as_blocking());
    }
}

fn closing_fails_futures_that_wait(db: &Database) {
    let pool = Pool::from(db.single());
    let conn = block_on(pool.get()).unwrap();
    let mut waiting = pool.get();
    assert!(poll_once(&mut waiting).is_pending());
    until_waiting(pool.as_blocking(), 1);
    let close = pool.close(Some(Duration::from_secs(60)));
    let mut close = std::pin::pin!(close);
    assert!(poll_once(&mut close).is_pending());
    assert!(matches!(block_on(waiting), Err(Error::Closed(_))));
    drop(conn);
    block_on(close).unwrap();
}
