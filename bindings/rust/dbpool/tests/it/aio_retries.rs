//! Closures that are run again: on an executor that has no clock.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use dbpool::aio::{Pool, Session};
use dbpool::{Error, Isolation, TransactionOptions};

use crate::support::{block_on, on_both, on_postgres, Database, Refusal};

on_both! {
    a_failure_that_no_repetition_helps_is_the_answer
    an_error_of_the_closures_own_is_the_answer
    the_wait_for_a_connection_ends_with_the_transactions_time
}

on_postgres! {
    attempts_are_limited
    time_is_limited
    what_follows_a_failure_hides_no_reason_to_run_again
    a_serialization_failure_runs_the_closure_again
}

fn a_failure_that_no_repetition_helps_is_the_answer(db: &Database) {
    let pool = Pool::from(db.single());
    let mut runs = 0;
    let failed: dbpool::Result<()> = block_on(pool.transaction(async |tx| {
        runs += 1;
        tx.execute("SELECT * FROM no_such_table", ()).await.map(drop)
    }));
    assert!(matches!(failed, Err(Error::Sql(_))));
    assert_eq!(runs, 1);
    assert_eq!(pool.as_blocking().statistics().unwrap().leased, 0);
}

fn an_error_of_the_closures_own_is_the_answer(db: &Database) {
    let pool = Pool::from(db.single());
    let work = async |tx: &mut Session| {
        tx.execute("CREATE TABLE t (n INTEGER)", ()).await?;
        Err::<(), _>(Refusal::TooPoor)
    };
    for _ in 0..2 {
        assert!(matches!(block_on(pool.transaction(work)), Err(Refusal::TooPoor)));
    }
    block_on(pool.close(None)).unwrap();
    let closed = block_on(pool.transaction(work));
    assert!(matches!(closed, Err(Refusal::Database(Error::Closed(_)))));
}

fn the_wait_for_a_connection_ends_with_the_transactions_time(db: &Database) {
    let pool = Pool::from(db.single());
    let _conn = block_on(pool.get()).unwrap();
    let options = TransactionOptions::new().timeout(Duration::from_millis(20));
    let waited: dbpool::Result<()> = block_on(pool.transaction_with(&options, async |_| Ok(())));
    assert!(matches!(waited, Err(Error::Timeout(_))), "{waited:?}");
}

const AGAIN: &str = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";

fn attempts_are_limited(db: &Database) {
    let pool = Pool::from(db.single());
    let mut runs = 0;
    let options = TransactionOptions::new().max_attempts(3);
    let failed: dbpool::Result<()> = block_on(pool.transaction_with(&options, async |tx| {
        runs += 1;
        tx.execute(AGAIN, ()).await.map(drop)
    }));
    assert_eq!(failed.unwrap_err().sqlstate(), Some("40001"));
    assert_eq!(runs, 3);
}

fn what_follows_a_failure_hides_no_reason_to_run_again(db: &Database) {
    let pool = Pool::from(db.single());
    let mut runs = 0;
    let done: dbpool::Result<()> = block_on(pool.transaction(async |tx| {
        runs += 1;
        if runs == 1 {
            let failed = tx.execute(AGAIN, ()).await;
            tx.execute("SELECT 1", ()).await.unwrap_err();
            failed?;
        }
        Ok(())
    }));
    done.unwrap();
    assert_eq!(runs, 2);
}

fn time_is_limited(db: &Database) {
    let pool = Pool::from(db.single());
    let options =
        TransactionOptions::new().max_attempts(u32::MAX).timeout(Duration::from_millis(200));
    let failed: dbpool::Result<()> =
        block_on(pool.transaction_with(&options, async |tx| tx.execute(AGAIN, ()).await.map(drop)));
    // The last attempt may have been cut short.
    let error = failed.unwrap_err();
    assert!(error.sqlstate() == Some("40001") || error.is_timeout(), "{error:?}");
}

/// Both read before either writes; the database lets one through and asks the other to begin again.
fn a_serialization_failure_runs_the_closure_again(db: &Database) {
    let pool = Pool::from(db.pool());
    block_on(pool.execute("CREATE TABLE t AS SELECT 0 AS n", ())).unwrap();
    let options = TransactionOptions::new().isolation(Isolation::Serializable);
    let both_have_read = Barrier::new(2);
    let runs = |pool: &Pool| {
        let mut runs = 0;
        let done: dbpool::Result<u64> = block_on(pool.transaction_with(&options, async |tx| {
            runs += 1;
            let n: i64 = tx.query_one("SELECT n FROM t", ()).await?;
            if runs == 1 {
                both_have_read.wait();
            }
            tx.execute("UPDATE t SET n = $1", (n + 1,)).await
        }));
        done.unwrap();
        runs
    };
    let total = thread::scope(|scope| {
        let other = scope.spawn(|| runs(&pool));
        runs(&pool) + other.join().unwrap()
    });
    assert!(total > 2, "somebody had to run again");
    assert_eq!(block_on(pool.query_one::<i64>("SELECT n FROM t", ())).unwrap(), 2);
}
