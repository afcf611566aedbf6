//! Any runtime will do: tokio with one thread and with many, and an executor of a few lines (`support::block_on`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dbpool::aio::Pool;
use dbpool::{params, AcquireOptions, Pipeline};
use tokio::runtime::{Builder, Runtime};

use crate::support::{on_both, until_nothing_is_lent, Database};

async fn sixty_four_tasks_share(pool: Pool) {
    let pool = Arc::new(pool);
    pool.execute("CREATE TABLE t (n INTEGER)", ()).await.unwrap();
    let tasks: Vec<_> = (0..64_i64)
        .map(|n| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut conn = pool.get().await?;
                let mut tx = conn.begin().await?;
                tx.execute("INSERT INTO t VALUES ($1)", (n,)).await?;
                tx.commit().await?;
                drop(conn);
                pool.query_one::<i64>("SELECT $1 * 2", (n,)).await
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap(), 2 * n as i64);
    }
    let (count, sum): (i64, i64) =
        pool.query_one("SELECT count(*), CAST(sum(n) AS BIGINT) FROM t", ()).await.unwrap();
    assert_eq!((count, sum), (64, 64 * 63 / 2));
}

/// A closure's future can be spawned, too.
async fn a_closure_is_spawned(pool: Pool) {
    let one = tokio::spawn(async move {
        pool.transaction(async |tx| tx.query_one::<i64>("SELECT 1", ()).await).await
    });
    assert_eq!(one.await.unwrap().unwrap(), 1);
}

/// What it needs it has for itself, so that its future is `Send`.
async fn a_closure_that_has_moved_is_spawned(pool: Pool) {
    let texts = vec!["a".to_string(), "b".to_string()];
    let joined = tokio::spawn(async move {
        pool.transaction(async move |tx| {
            let mut joined = String::new();
            for text in &texts {
                let mut savepoint = tx.savepoint("one").await?;
                joined += &savepoint.query_one::<String>("SELECT $1", (text,)).await?;
                savepoint.commit().await?;
            }
            Ok::<_, dbpool::Error>(joined)
        })
        .await
    });
    assert_eq!(joined.await.unwrap().unwrap(), "ab");
}

/// Whatever is awaited in a task: their futures are `Send`, and so is what they give.
#[test]
fn futures_may_move_between_threads() {
    fn send<T>(make: impl Fn(Pool) -> T) -> impl Fn(Pool) -> T
    where
        T: Future<Output = dbpool::Result<()>> + Send + 'static,
    {
        make
    }
    let _ = send(|pool| async move {
        let name = String::from("x");
        let mut rows = pool.query("SELECT $1", params![name]).await?;
        let mut conn = pool.get_with(AcquireOptions::new().tag("x")).await?;
        conn.query_opt::<String>("SELECT $1", (&name,)).await?;
        while rows.next()?.is_some() {
            conn.ping(None).await?;
        }
        let mut stream = conn.stream("SELECT $1", [&name]).await?;
        while let Some(row) = stream.next().await? {
            pool.execute("SELECT $1", (row.get::<_, &str>(0)?,)).await?;
        }
        let described = conn.describe("SELECT 1").await?;
        let mut tx = conn.begin().await?;
        let mut pipeline = Pipeline::new()?;
        tx.run_pipeline(&mut pipeline).await?;
        let mut savepoint = tx.savepoint("s").await?;
        savepoint.execute("SELECT 1", ()).await?;
        savepoint.rollback().await?;
        tx.commit().await?;
        drop(described);
        drop(conn.into_blocking().await);
        pool.close(None).await
    });
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn many_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap()
}

on_both! {
    tokio_with_one_thread_runs_it
    tokio_with_many_threads_runs_it
    a_time_out_of_the_runtime_cancels_a_query
}

fn tokio_with_one_thread_runs_it(db: &Database) {
    one_thread().block_on(async {
        sixty_four_tasks_share(Pool::connect_with(db.builder()).await.unwrap()).await;
    });
}

fn tokio_with_many_threads_runs_it(db: &Database) {
    many_threads().block_on(async {
        let pool = Pool::connect_with(db.builder()).await.unwrap();
        sixty_four_tasks_share(pool.clone()).await;
        a_closure_is_spawned(pool.clone()).await;
        a_closure_that_has_moved_is_spawned(pool).await;
    });
}

fn a_time_out_of_the_runtime_cancels_a_query(db: &Database) {
    one_thread().block_on(async {
        let pool = Pool::connect_with(db.builder().pool_size(1)).await.unwrap();
        let mut conn = pool.get().await.unwrap();
        let late =
            tokio::time::timeout(Duration::from_millis(20), conn.query(db.endless(), ())).await;
        assert!(late.is_err());
        assert_eq!(conn.query_one::<i64>("SELECT 1", ()).await.unwrap(), 1);
        drop(conn);
        until_nothing_is_lent(pool.as_blocking());
    });
}
