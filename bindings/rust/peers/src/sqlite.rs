//! A file in WAL mode, one for each.

use std::hint::black_box;

use crate::Outcome;
use crate::measure::{Clock, Entry, Table};

const CREATE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL NOT NULL)";
const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                    INSERT INTO t SELECT i, 'name of ' || i, i / 3.0 FROM n";
const POINT: &str = "SELECT name, score FROM t WHERE id = ?1";
const SCAN: &str = "SELECT id, name, score FROM t";

pub fn run(table: &mut Table) -> Outcome {
    let directory = std::env::temp_dir().join(format!("dbpool-peers-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let done = measure(table, &directory);
    std::fs::remove_dir_all(&directory)?;
    done
}

fn measure(table: &mut Table, directory: &std::path::Path) -> Outcome {
    let ours = dbpool::Pool::builder()
        .uri(format!("sqlite:{}/ours.db", directory.display()))
        .pool_size(4)
        .build()?;
    ours.execute(CREATE, ())?;
    ours.execute(FILL, ())?;
    let manager = r2d2_sqlite::SqliteConnectionManager::file(directory.join("theirs.db"))
        .with_init(|c| c.execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = normal"));
    let theirs = r2d2::Pool::builder().max_size(4).build(manager)?;
    theirs.get()?.execute_batch(&format!("{CREATE}; {FILL}"))?;

    let n = table.operations(20_000);
    table.compare(
        "SQLite: get, point select, drop",
        Clock::Thread,
        n,
        vec![
            Entry {
                name: "dbpool",
                work: Box::new(|| {
                    for id in 1..=n {
                        let conn = ours.get().unwrap();
                        let row: (String, f64) = conn.query_one(POINT, (id,)).unwrap();
                        black_box(row);
                    }
                }),
            },
            Entry {
                name: "r2d2 and rusqlite, prepare_cached",
                work: Box::new(|| {
                    for id in 1..=n {
                        let conn = theirs.get().unwrap();
                        let mut statement = conn.prepare_cached(POINT).unwrap();
                        let row: (String, f64) =
                            statement.query_one((id,), |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
                        black_box(row);
                    }
                }),
            },
        ],
        &[1.0],
    );
    let n = table.operations(100);
    table.compare(
        "SQLite: 100,000 rows of 3 columns",
        Clock::Thread,
        n.min(3),
        vec![
            Entry {
                name: "dbpool, streamed",
                work: Box::new(|| {
                    for _ in 0..n.min(3) {
                        let mut rows = ours.stream(SCAN, ()).unwrap();
                        while let Some(row) = rows.next().unwrap() {
                            let id: i64 = row.get(0).unwrap();
                            let name: &str = row.get(1).unwrap();
                            let score: f64 = row.get(2).unwrap();
                            black_box((id, name, score));
                        }
                    }
                }),
            },
            Entry {
                name: "r2d2 and rusqlite",
                work: Box::new(|| {
                    for _ in 0..n.min(3) {
                        let conn = theirs.get().unwrap();
                        let mut statement = conn.prepare_cached(SCAN).unwrap();
                        let mut rows = statement.query(()).unwrap();
                        while let Some(row) = rows.next().unwrap() {
                            let id: i64 = row.get(0).unwrap();
                            let name = row.get_ref(1).unwrap().as_str().unwrap();
                            let score: f64 = row.get(2).unwrap();
                            black_box((id, name, score));
                        }
                    }
                }),
            },
        ],
        &[],
    );
    Ok(())
}
