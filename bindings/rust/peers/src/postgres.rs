//! Sixty-four tasks of tokio over eight connections, each a prepared point select.

use std::future::Future;
use std::hint::black_box;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};

use crate::Outcome;
use crate::measure::{Clock, Entry, Table};

const TASKS: u32 = 64;
const CONNECTIONS: u32 = 8;
const POINT: &str = "SELECT name, score FROM peers_t WHERE id = $1";

/// Each task does `each` operations.
async fn in_tasks<F: Future<Output = ()> + Send + 'static>(mut task: impl FnMut(u32) -> F) {
    let tasks: Vec<_> = (0..TASKS).map(|index| tokio::spawn(task(index))).collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
}

pub fn run(table: &mut Table, url: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ours = dbpool::Pool::builder().uri(url).pool_size(CONNECTIONS).max_overflow(0).build()?;
    ours.execute("DROP TABLE IF EXISTS peers_t", ())?;
    ours.execute("CREATE TABLE peers_t (id INTEGER PRIMARY KEY, name TEXT, score FLOAT8)", ())?;
    ours.execute("INSERT INTO peers_t SELECT n, 'name of ' || n, n / 3.0 FROM generate_series(1, 10000) AS n", ())?;
    ours.execute("ANALYZE peers_t", ())?;
    let ours = dbpool::aio::Pool::from(ours);

    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(url.parse()?, tokio_postgres::NoTls, config);
    let theirs = deadpool_postgres::Pool::builder(manager).max_size(CONNECTIONS as usize).build()?;

    let each = table.operations(100);
    table.compare(
        "PostgreSQL: point select, 64 tasks",
        Clock::Wall,
        each * TASKS,
        vec![
            Entry {
                name: "dbpool::aio, pool.query_one",
                work: Box::new(|| {
                    runtime.block_on(in_tasks(|task| {
                        let pool = ours.clone();
                        async move {
                            for n in 0..each {
                                let id = (task * each + n) % 10_000 + 1;
                                let row: (String, f64) = pool.query_one(POINT, (id,)).await.unwrap();
                                black_box(row);
                            }
                        }
                    }))
                }),
            },
            Entry {
                name: "deadpool-postgres",
                work: Box::new(|| {
                    runtime.block_on(in_tasks(|task| {
                        let pool = theirs.clone();
                        async move {
                            for n in 0..each {
                                let id = ((task * each + n) % 10_000 + 1) as i32;
                                let client = pool.get().await.unwrap();
                                let statement = client.prepare_cached(POINT).await.unwrap();
                                let row = client.query_one(&statement, &[&id]).await.unwrap();
                                black_box((row.get::<_, String>(0), row.get::<_, f64>(1)));
                            }
                        }
                    }))
                }),
            },
            Entry {
                name: "dbpool::aio, get and query_one",
                work: Box::new(|| {
                    runtime.block_on(in_tasks(|task| {
                        let pool = ours.clone();
                        async move {
                            for n in 0..each {
                                let id = (task * each + n) % 10_000 + 1;
                                let mut conn = pool.get().await.unwrap();
                                let row: (String, f64) = conn.query_one(POINT, (id,)).await.unwrap();
                                black_box(row);
                            }
                        }
                    }))
                }),
            },
        ],
        &[1.2],
    );
    runtime.block_on(ours.execute("DROP TABLE peers_t", ()))?;
    Ok(())
}
