use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Barrier;
use std::thread;

use dbpool::{Error, Isolation, Pool, TransactionOptions};

use crate::support::{on_both, on_postgres, Database, Refusal, DEFERRED};

on_both! {
    a_committed_transaction_stays
    a_dropped_transaction_is_rolled_back
    a_commit_that_fails_leaves_no_transaction
    a_transaction_of_the_pool_keeps_its_connection
    a_savepoint_undoes_its_part_alone
    a_closure_commits_what_it_did
    an_error_of_a_closure_rolls_back_and_comes_back
    a_panic_in_a_closure_rolls_back_and_goes_on
    a_closure_may_fail_with_an_error_type_of_its_own
    a_closure_may_go_on_after_a_savepoint_failed
    a_second_begin_is_refused
    a_read_only_transaction_writes_nothing
}

on_postgres! {
    a_serialization_failure_runs_the_closure_again
    attempts_are_limited
    what_follows_a_failure_hides_no_reason_to_run_again
}

fn table(db: &Database) -> Pool {
    let pool = db.pool();
    pool.execute("CREATE TABLE t (n INTEGER)", ()).unwrap();
    pool
}

fn count(pool: &Pool) -> i64 {
    pool.query_one("SELECT count(*) FROM t", ()).unwrap()
}

fn a_committed_transaction_stays(db: &Database) {
    let pool = table(db);
    let mut conn = pool.get().unwrap();
    let tx = conn.begin().unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    tx.commit().unwrap();
    assert_eq!(count(&pool), 1);
}

fn a_dropped_transaction_is_rolled_back(db: &Database) {
    let pool = table(db);
    let mut conn = pool.get().unwrap();
    let tx = conn.begin().unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    drop(tx);
    assert_eq!(conn.query_one::<i64>("SELECT count(*) FROM t", ()).unwrap(), 0);
    let tx = conn.begin().unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    tx.rollback().unwrap();
    drop(conn);
    assert_eq!(count(&pool), 0);
}

/// SQLite by itself would leave the transaction open.
fn a_commit_that_fails_leaves_no_transaction(db: &Database) {
    let pool = db.pool();
    pool.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)", ()).unwrap();
    pool.execute(DEFERRED, ()).unwrap();
    let mut conn = pool.get().unwrap();
    let tx = conn.begin().unwrap();
    tx.execute("INSERT INTO children VALUES (1)", ()).unwrap();
    assert_eq!(tx.commit().unwrap_err().sqlstate(), Some("23503"));
    assert_eq!(conn.query_one::<i64>("SELECT count(*) FROM children", ()).unwrap(), 0);
    conn.begin().unwrap().commit().unwrap();
}

fn a_transaction_of_the_pool_keeps_its_connection(db: &Database) {
    let pool = table(db);
    let tx = pool.begin().unwrap();
    assert_eq!(pool.statistics().unwrap().leased, 1);
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    tx.commit().unwrap();
    assert_eq!(pool.statistics().unwrap().leased, 0);
    assert_eq!(count(&pool), 1);
}

fn a_savepoint_undoes_its_part_alone(db: &Database) {
    let pool = table(db);
    let mut tx = pool.begin().unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    let mut outer = tx.savepoint("outer \"one\"").unwrap();
    outer.execute("INSERT INTO t VALUES (2)", ()).unwrap();
    let inner = outer.savepoint("inner").unwrap();
    inner.execute("INSERT INTO t VALUES (3)", ()).unwrap();
    drop(inner);
    outer.commit().unwrap();
    let other = tx.savepoint("other").unwrap();
    other.execute("INSERT INTO t VALUES (4)", ()).unwrap();
    other.rollback().unwrap();
    tx.commit().unwrap();
    let kept: Vec<i64> = pool.query_all("SELECT n FROM t ORDER BY n", ()).unwrap();
    assert_eq!(kept, [1, 2]);
}

fn a_closure_commits_what_it_did(db: &Database) {
    let pool = table(db);
    let changed: dbpool::Result<u64> = pool.transaction(|tx| {
        tx.execute("INSERT INTO t VALUES (1)", ())?;
        tx.execute("UPDATE t SET n = 2", ())
    });
    assert_eq!((changed.unwrap(), count(&pool)), (1, 1));
}

fn an_error_of_a_closure_rolls_back_and_comes_back(db: &Database) {
    let pool = table(db);
    let runs = Cell::new(0);
    let failed: dbpool::Result<()> = pool.transaction(|tx| {
        runs.set(runs.get() + 1);
        tx.execute("INSERT INTO t VALUES (1)", ())?;
        tx.execute("SELECT * FROM no_such_table", ())?;
        Ok(())
    });
    let error = failed.unwrap_err();
    assert!(matches!(error, Error::Sql(_)), "{error:?}");
    assert!(error.to_string().contains("no_such_table"), "{error}");
    assert_eq!((runs.get(), count(&pool)), (1, 0));
}

fn a_panic_in_a_closure_rolls_back_and_goes_on(db: &Database) {
    let pool = table(db);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        pool.transaction(|tx| -> dbpool::Result<()> {
            tx.execute("INSERT INTO t VALUES (1)", ())?;
            panic!("on purpose");
        })
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"on purpose"));
    assert_eq!(count(&pool), 0);
    assert_eq!(pool.statistics().unwrap().leased, 0);
}

fn a_closure_may_fail_with_an_error_type_of_its_own(db: &Database) {
    let pool = table(db);
    let refused: Result<(), _> = pool.transaction(|tx| {
        tx.execute("INSERT INTO t VALUES (1)", ())?;
        Err(Refusal::TooPoor)
    });
    assert!(matches!(refused, Err(Refusal::TooPoor)));
    pool.close(None).unwrap();
    let closed: Result<(), _> = pool.transaction(|_| Err(Refusal::TooPoor));
    assert!(matches!(closed, Err(Refusal::Database(Error::Closed(_)))));
}

fn a_closure_may_go_on_after_a_savepoint_failed(db: &Database) {
    let pool = table(db);
    let done: dbpool::Result<()> = pool.transaction(|tx| {
        tx.execute("INSERT INTO t VALUES (1)", ())?;
        let savepoint = tx.savepoint("try")?;
        savepoint.execute("INSERT INTO no_such_table VALUES (1)", ()).unwrap_err();
        savepoint.rollback()
    });
    done.unwrap();
    assert_eq!(count(&pool), 1);
}

fn a_second_begin_is_refused(db: &Database) {
    let pool = table(db);
    let mut conn = pool.get().unwrap();
    conn.execute("BEGIN", ()).unwrap();
    assert_eq!(conn.begin().unwrap_err().sqlstate(), Some("25001"));
}

fn a_read_only_transaction_writes_nothing(db: &Database) {
    let pool = table(db);
    let options = TransactionOptions::new().read_only(true).isolation(Isolation::RepeatableRead);
    let tx = pool.begin_with(&options).unwrap();
    assert_eq!(tx.execute("INSERT INTO t VALUES (1)", ()).unwrap_err().sqlstate(), Some("25006"));
}

/// Two transactions read before either writes; the database lets one of them through and asks the other to begin again.
fn a_serialization_failure_runs_the_closure_again(db: &Database) {
    let pool = table(db);
    pool.execute("INSERT INTO t VALUES (0)", ()).unwrap();
    let options = TransactionOptions::new().isolation(Isolation::Serializable);
    let both_have_read = Barrier::new(2);
    let runs = |pool: &Pool| {
        let mut runs = 0;
        let done: Result<(), Refusal> = pool.transaction_with(&options, |tx| {
            runs += 1;
            let n: i64 = tx.query_one("SELECT n FROM t", ())?;
            if runs == 1 {
                both_have_read.wait();
            }
            tx.execute("UPDATE t SET n = $1", (n + 1,))?;
            Ok(())
        });
        done.unwrap();
        runs
    };
    let total = thread::scope(|scope| {
        let other = scope.spawn(|| runs(&pool));
        runs(&pool) + other.join().unwrap()
    });
    assert!(total > 2, "somebody had to run again");
    assert_eq!(pool.query_one::<i64>("SELECT n FROM t", ()).unwrap(), 2);
}

const AGAIN: &str = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";

/// After the first failure PostgreSQL says of all else that the transaction has failed.
fn what_follows_a_failure_hides_no_reason_to_run_again(db: &Database) {
    let mut runs = 0;
    let done: dbpool::Result<()> = db.pool().transaction(|tx| {
        runs += 1;
        if runs == 1 {
            let failed = tx.execute(AGAIN, ());
            assert_eq!(tx.execute("SELECT 1", ()).unwrap_err().sqlstate(), Some("25P02"));
            failed?;
        }
        Ok(())
    });
    done.unwrap();
    assert_eq!(runs, 2);
}

fn attempts_are_limited(db: &Database) {
    let pool = db.pool();
    let mut runs = 0;
    let failed: dbpool::Result<()> =
        pool.transaction_with(&TransactionOptions::new().max_attempts(3), |tx| {
            runs += 1;
            tx.execute(AGAIN, ()).map(drop)
        });
    assert_eq!(failed.unwrap_err().sqlstate(), Some("40001"));
    assert_eq!(runs, 3);
}
