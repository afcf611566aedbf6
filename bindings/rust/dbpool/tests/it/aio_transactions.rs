use std::pin::pin;

use dbpool::aio::Pool;
use dbpool::{Error, Isolation, TransactionOptions};

use crate::support::{block_on, on_both, poll_once, Database, DEFERRED};

on_both! {
    a_committed_transaction_stays
    a_dropped_transaction_is_rolled_back_before_the_next_call
    a_commit_that_fails_leaves_no_transaction
    a_savepoint_undoes_its_part_alone
    a_dropped_savepoint_is_undone_before_the_next_call
    dropped_savepoints_of_one_name_are_undone_each
    a_savepoint_whose_rollback_is_given_up_is_undone
    a_closure_commits_or_rolls_back
}

fn pool(db: &Database) -> Pool {
    db.pool().into()
}

fn table(db: &Database) -> Pool {
    let pool = pool(db);
    block_on(pool.execute("CREATE TABLE t (n INTEGER)", ())).unwrap();
    pool
}

fn kept(pool: &Pool) -> Vec<i64> {
    block_on(pool.query_all("SELECT n FROM t ORDER BY n", ())).unwrap()
}

fn a_committed_transaction_stays(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        let options = TransactionOptions::new().isolation(Isolation::Serializable);
        let mut tx = pool.begin_with(&options).await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(pool.query_one::<i64>("SELECT count(*) FROM t", ()).await.unwrap(), 1);
    });
}

fn a_dropped_transaction_is_rolled_back_before_the_next_call(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        let mut conn = pool.get().await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        drop(tx);
        assert_eq!(conn.query_one::<i64>("SELECT count(*) FROM t", ()).await.unwrap(), 0);
        let mut tx = conn.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(conn.query_one::<i64>("SELECT count(*) FROM t", ()).await.unwrap(), 0);
    });
}

/// SQLite by itself would leave the transaction open.
fn a_commit_that_fails_leaves_no_transaction(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)", ()).await.unwrap();
        pool.execute(DEFERRED, ()).await.unwrap();
        let mut conn = pool.get().await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        tx.execute("INSERT INTO children VALUES (1)", ()).await.unwrap();
        assert_eq!(tx.commit().await.unwrap_err().sqlstate(), Some("23503"));
        let left: i64 = conn.query_one("SELECT count(*) FROM children", ()).await.unwrap();
        assert_eq!(left, 0);
        conn.begin().await.unwrap().commit().await.unwrap();
    });
}

fn a_savepoint_undoes_its_part_alone(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        let mut tx = pool.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        let mut kept = tx.savepoint("kept").await.unwrap();
        kept.execute("INSERT INTO t VALUES (2)", ()).await.unwrap();
        let mut undone = kept.savepoint("undone").await.unwrap();
        undone.execute("INSERT INTO t VALUES (3)", ()).await.unwrap();
        undone.rollback().await.unwrap();
        kept.commit().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(pool.query_all::<i64>("SELECT n FROM t ORDER BY n", ()).await.unwrap(), [1, 2]);
    });
}

fn a_dropped_savepoint_is_undone_before_the_next_call(db: &Database) {
    let pool = table(db);
    block_on(async {
        let mut tx = pool.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        let mut savepoint = tx.savepoint("part").await.unwrap();
        savepoint.execute("INSERT INTO t VALUES (2)", ()).await.unwrap();
        savepoint.execute("INSERT INTO no_such_table VALUES (3)", ()).await.unwrap_err();
        drop(savepoint);
        tx.execute("INSERT INTO t VALUES (4)", ()).await.unwrap();
        let mut last = tx.savepoint("part").await.unwrap();
        last.execute("INSERT INTO t VALUES (5)", ()).await.unwrap();
        drop(last);
        tx.commit().await.unwrap();
    });
    assert_eq!(kept(&pool), [1, 4]);
}

fn dropped_savepoints_of_one_name_are_undone_each(db: &Database) {
    let pool = table(db);
    block_on(async {
        let mut tx = pool.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
        let mut outer = tx.savepoint("same").await.unwrap();
        outer.execute("INSERT INTO t VALUES (2)", ()).await.unwrap();
        let mut inner = outer.savepoint("same").await.unwrap();
        inner.execute("INSERT INTO t VALUES (3)", ()).await.unwrap();
        drop(inner);
        drop(outer);
        tx.commit().await.unwrap();
    });
    assert_eq!(kept(&pool), [1]);
}

/// However far the rollback has come.
fn a_savepoint_whose_rollback_is_given_up_is_undone(db: &Database) {
    let pool = table(db);
    block_on(async {
        let mut tx = pool.begin().await.unwrap();
        for _ in 0..20 {
            let mut savepoint = tx.savepoint("undone").await.unwrap();
            savepoint.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
            let mut rollback = pin!(savepoint.rollback());
            let _ = poll_once(&mut rollback);
        }
        tx.execute("INSERT INTO t VALUES (2)", ()).await.unwrap();
        tx.commit().await.unwrap();
    });
    assert_eq!(kept(&pool), [2]);
}

fn a_closure_commits_or_rolls_back(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        let done: dbpool::Result<u64> =
            pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", ()).await).await;
        assert_eq!(done.unwrap(), 1);
        let failed: dbpool::Result<()> = pool
            .transaction(async |tx| {
                tx.execute("INSERT INTO t VALUES (2)", ()).await?;
                tx.execute("SELECT * FROM no_such_table", ()).await.map(drop)
            })
            .await;
        assert!(matches!(failed, Err(Error::Sql(_))));
        assert_eq!(pool.query_one::<i64>("SELECT count(*) FROM t", ()).await.unwrap(), 1);
    });
}
