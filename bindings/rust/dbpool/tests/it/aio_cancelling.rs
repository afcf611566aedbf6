use std::future::{poll_fn, Future};
use std::pin::pin;
use std::task::Poll;

use dbpool::aio::Pool;
use dbpool::{Error, Pipeline};

use crate::support::{block_on, cancel_until, on_both, poll_once, until_nothing_is_lent, Database};

on_both! {
    a_dropped_query_is_cancelled_and_the_connection_goes_on
    a_connection_dropped_with_a_query_under_way_goes_back
    a_dropped_one_shot_gives_its_connection_back
    a_dropped_begin_leaves_no_transaction
    a_dropped_fetch_loses_no_row
    a_cancel_handle_ends_a_query
    work_that_is_dropped_at_any_await_leaves_nothing_behind
}

fn a_dropped_query_is_cancelled_and_the_connection_goes_on(db: &Database) {
    let pool = Pool::from(db.single());
    block_on(async {
        let mut conn = pool.get().await.unwrap();
        for _ in 0..5 {
            {
                let mut endless = pin!(conn.query(db.endless(), ()));
                assert!(poll_once(&mut endless).is_pending());
            }
            assert_eq!(conn.query_one::<i64>("SELECT 1", ()).await.unwrap(), 1);
        }
    });
}

fn a_connection_dropped_with_a_query_under_way_goes_back(db: &Database) {
    let pool = Pool::from(db.single());
    for _ in 0..5 {
        let mut conn = block_on(pool.get()).unwrap();
        {
            let mut endless = pin!(conn.query(db.endless(), ()));
            assert!(poll_once(&mut endless).is_pending());
        }
        drop(conn);
        until_nothing_is_lent(pool.as_blocking());
    }
    assert_eq!(block_on(pool.query_one::<i64>("SELECT 1", ())).unwrap(), 1);
}

fn a_dropped_one_shot_gives_its_connection_back(db: &Database) {
    let pool = Pool::from(db.single());
    for _ in 0..5 {
        let mut endless = Box::pin(pool.query(db.endless(), ()));
        assert!(poll_once(&mut endless).is_pending());
        drop(endless);
        assert_eq!(block_on(pool.query_one::<i64>("SELECT 1", ())).unwrap(), 1);
    }
    until_nothing_is_lent(pool.as_blocking());
}

fn a_dropped_begin_leaves_no_transaction(db: &Database) {
    let pool = Pool::from(db.single());
    block_on(async {
        let mut conn = pool.get().await.unwrap();
        for _ in 0..20 {
            {
                let mut begin = pin!(conn.begin());
                let _ = poll_once(&mut begin);
            }
            conn.begin().await.unwrap().commit().await.unwrap();
        }
    });
}

fn a_dropped_fetch_loses_no_row(db: &Database) {
    let pool = Pool::from(db.single());
    block_on(async {
        let mut rows = pool.stream(&db.numbers(3000), ()).await.unwrap();
        let mut seen = 0_i64;
        loop {
            {
                let mut given_up = pin!(rows.next());
                if let Poll::Ready(row) = poll_once(&mut given_up) {
                    let Some(row) = row.unwrap() else { break };
                    seen += 1;
                    assert_eq!(row.get::<_, i64>(0).unwrap(), seen);
                    continue;
                }
            }
            let Some(row) = rows.next().await.unwrap() else { break };
            seen += 1;
            assert_eq!(row.get::<_, i64>(0).unwrap(), seen);
        }
        assert_eq!(seen, 3000);
    });
}

fn a_cancel_handle_ends_a_query(db: &Database) {
    let pool = Pool::from(db.single());
    let mut conn = block_on(pool.get()).unwrap();
    let cancel = conn.cancel_handle();
    let mut endless = pin!(conn.query(db.endless(), ()));
    assert!(poll_once(&mut endless).is_pending());
    cancel_until(&cancel, || match poll_once(&mut endless) {
        Poll::Ready(ended) => {
            assert!(matches!(ended.map(drop), Err(Error::Cancelled(_))));
            true
        }
        Poll::Pending => false,
    });
}

/// All that can be awaited, and nothing of it to stay.
async fn work(db: &Database, pool: &Pool) -> dbpool::Result<()> {
    let mut conn = pool.get().await?;
    let mut tx = conn.begin().await?;
    tx.execute("INSERT INTO t VALUES (1)", ()).await?;
    let mut kept = tx.savepoint("kept").await?;
    kept.execute("INSERT INTO t VALUES (2)", ()).await?;
    kept.commit().await?;
    drop(tx.savepoint("dropped").await?);
    let mut rows = tx.stream(&db.numbers(2000), ()).await?;
    while rows.next().await?.is_some() {}
    drop(rows);
    tx.rollback().await?;
    conn.describe("SELECT 1").await?;
    conn.ping(None).await?;
    let mut pipeline = Pipeline::transaction()?;
    pipeline.add("SELECT 1", ())?;
    pipeline.add("SELECT 2", ())?;
    conn.run_pipeline(&mut pipeline).await?;
    drop(conn);
    let refused: dbpool::Result<()> = pool
        .transaction(async |tx| {
            tx.execute("INSERT INTO t VALUES (3)", ()).await?;
            Err(Error::NoRows)
        })
        .await;
    assert!(matches!(refused, Err(Error::NoRows)), "{refused:?}");
    pool.stream(&db.numbers(2000), ()).await?.all::<i64>().await.map(drop)
}

fn work_that_is_dropped_at_any_await_leaves_nothing_behind(db: &Database) {
    let pool = Pool::from(db.single());
    block_on(pool.execute("CREATE TABLE t (n INTEGER)", ())).unwrap();
    for polls in 1.. {
        let done = block_on(dropped_after(polls, work(db, &pool)));
        assert_eq!(block_on(pool.query_one::<i64>("SELECT count(*) FROM t", ())).unwrap(), 0);
        until_nothing_is_lent(pool.as_blocking());
        if let Some(done) = done {
            done.unwrap();
            break;
        }
    }
}

/// `None`: it was not ready by then.
async fn dropped_after<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
