use std::time::Duration;

use dbpool::aio::Pool;
use dbpool::{Error, Kind, QueryOptions};

use crate::support::{block_on, on_both, poll_once, until_waiting, Database};

on_both! {
    statements_give_what_they_give_when_blocking
    one_shots_run_on_a_connection_of_the_pools_choice
    one_shots_that_go_alone_share_no_connection
    streamed_rows_come_as_they_are_asked_for
    a_stream_that_is_dropped_leaves_the_connection_usable
    a_statement_can_be_described
    a_connection_can_go_on_blocking
    a_pool_is_connected_and_closed_without_blocking
}

fn pool(db: &Database) -> Pool {
    db.pool().into()
}

fn statements_give_what_they_give_when_blocking(db: &Database) {
    let pool = pool(db);
    block_on(async {
        let mut conn = pool.get().await.unwrap();
        conn.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        assert_eq!(conn.execute("INSERT INTO t VALUES ($1), ($2)", (1, 2)).await.unwrap(), 2);
        assert_eq!(conn.query_all::<i64>("SELECT n FROM t ORDER BY n", ()).await.unwrap(), [1, 2]);
        assert_eq!(conn.query_opt::<i64>("SELECT n FROM t WHERE n = 9", ()).await.unwrap(), None);
        let many = conn.query_one::<i64>("SELECT n FROM t", ()).await;
        assert!(matches!(many, Err(Error::TooManyRows)));
        let refused = conn.query("SELECT * FROM no_such_table", ()).await.map(drop);
        assert!(matches!(refused, Err(Error::Sql(_))));
        conn.ping(None).await.unwrap();
    });
}

fn one_shots_run_on_a_connection_of_the_pools_choice(db: &Database) {
    let pool = pool(db);
    block_on(async {
        assert_eq!(pool.query_one::<i64>("SELECT $1 + 1", (1,)).await.unwrap(), 2);
        pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
        assert_eq!(pool.query_opt::<i64>("SELECT n FROM t", ()).await.unwrap(), None);
        assert!(pool.query_all::<i64>("SELECT n FROM t", ()).await.unwrap().is_empty());
    });
}

fn one_shots_that_go_alone_share_no_connection(db: &Database) {
    if !db.is_postgres() {
        return; // nothing is shared
    }
    let (pool, holder) = (Pool::from(db.single()), db.single());
    let mut holder = holder.get().unwrap();
    holder.execute("CREATE TABLE t (n INTEGER)", ()).unwrap();
    let lock = holder.begin().unwrap();
    lock.execute("LOCK TABLE t", ()).unwrap();
    let alone = QueryOptions::new().alone(true);
    let mut queries: Vec<_> =
        (0..4).map(|_| Box::pin(pool.query_with("SELECT count(*) FROM t", (), &alone))).collect();
    for query in &mut queries {
        assert!(poll_once(query).is_pending());
    }
    until_waiting(pool.as_blocking(), 3);
    lock.rollback().unwrap();
    for query in queries {
        block_on(query).unwrap();
    }
}

fn streamed_rows_come_as_they_are_asked_for(db: &Database) {
    let pool = pool(db);
    block_on(async {
        let mut rows = pool.stream(&db.numbers(20_000), ()).await.unwrap();
        let mut sum = 0;
        while let Some(row) = rows.next().await.unwrap() {
            sum += row.get::<_, i64>("n").unwrap();
        }
        assert_eq!(sum, 20_000 * 20_001 / 2);
        let mut conn = pool.get().await.unwrap();
        let rows = conn.stream(&db.numbers(5000), ()).await.unwrap();
        assert_eq!(rows.columns().len(), 1);
        assert_eq!(rows.all::<i64>().await.unwrap().len(), 5000);
    });
}

fn a_stream_that_is_dropped_leaves_the_connection_usable(db: &Database) {
    let pool = pool(db);
    block_on(async {
        let mut conn = pool.get().await.unwrap();
        let mut rows = conn.stream(&db.numbers(1_000_000), ()).await.unwrap();
        rows.next().await.unwrap().unwrap();
        drop(rows);
        assert_eq!(conn.query_one::<i64>("SELECT 1", ()).await.unwrap(), 1);
        let mut rows = pool.stream(&db.numbers(1_000_000), ()).await.unwrap();
        rows.next().await.unwrap().unwrap();
        drop(rows);
        assert_eq!(pool.query_one::<i64>("SELECT 1", ()).await.unwrap(), 1);
    });
}

fn a_statement_can_be_described(db: &Database) {
    let pool = pool(db);
    block_on(async {
        pool.execute("CREATE TABLE t (id INTEGER)", ()).await.unwrap();
        let mut conn = pool.get().await.unwrap();
        let described = conn.describe("SELECT id FROM t WHERE id = $1").await.unwrap();
        assert_eq!(described.params().len(), 1);
        assert_eq!(described.columns().next().unwrap().kind(), Kind::Integer);
    });
}

fn a_connection_can_go_on_blocking(db: &Database) {
    let pool = pool(db);
    let conn = block_on(async { pool.get().await.unwrap().into_blocking().await });
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
    drop(conn);
    assert_eq!(pool.as_blocking().statistics().unwrap().leased, 0);
}

fn a_pool_is_connected_and_closed_without_blocking(db: &Database) {
    block_on(async {
        let pool = Pool::connect_with(db.builder()).await.unwrap();
        assert_eq!(pool.query_one::<i64>("SELECT 1", ()).await.unwrap(), 1);
        pool.close(Some(Duration::from_secs(60))).await.unwrap();
        assert!(matches!(pool.get().await, Err(Error::Closed(_))));
        let wrong = Pool::connect("sqlite::memory:?pool_sise=1").await;
        assert!(matches!(wrong, Err(Error::Option(_))));
    });
}
