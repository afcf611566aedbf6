//! Getting a connection that is idle, and giving it back. The peers' managers do nothing at all; ours has SQLite.

use std::convert::Infallible;
use std::hint::black_box;

use deadpool::managed::{Metrics, RecycleResult};

use crate::Outcome;
use crate::measure::{Clock, Entry, Table};

struct Nothing;

impl r2d2::ManageConnection for Nothing {
    type Connection = ();
    type Error = std::fmt::Error;

    fn connect(&self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn is_valid(&self, _: &mut ()) -> Result<(), Self::Error> {
        Ok(())
    }

    fn has_broken(&self, _: &mut ()) -> bool {
        false
    }
}

impl deadpool::managed::Manager for Nothing {
    type Type = ();
    type Error = Infallible;

    async fn create(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn recycle(&self, _: &mut (), _: &Metrics) -> RecycleResult<Infallible> {
        Ok(())
    }
}

impl bb8::ManageConnection for Nothing {
    type Connection = ();
    type Error = Infallible;

    async fn connect(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn is_valid(&self, _: &mut ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _: &mut ()) -> bool {
        false
    }
}

pub fn run(table: &mut Table) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ours = dbpool::Pool::builder().uri("sqlite::memory:").pool_size(4).build()?;
    let ours_async = dbpool::aio::Pool::from(ours.clone());
    let r2d2 = r2d2::Pool::builder().max_size(4).build(Nothing)?;
    let deadpool = deadpool::managed::Pool::<Nothing>::builder(Nothing).max_size(4).build()?;
    let bb8 = runtime.block_on(bb8::Pool::builder().max_size(4).build(Nothing))?;

    let n = table.operations(200_000);
    let blocking = || Entry {
        name: "dbpool",
        work: Box::new(|| (0..n).for_each(|_| drop(black_box(ours.get().unwrap())))),
    };
    // All in one future, as in a task.
    macro_rules! in_a_task {
        ($name:literal, $pool:ident) => {
            Entry {
                name: $name,
                work: Box::new(|| {
                    runtime.block_on(async {
                        for _ in 0..n {
                            drop(black_box($pool.get().await.unwrap()));
                        }
                    })
                }),
            }
        };
    }
    table.compare(
        "get and drop, nobody in the way",
        Clock::Thread,
        n,
        vec![
            blocking(),
            Entry {
                name: "r2d2",
                work: Box::new(|| (0..n).for_each(|_| drop(black_box(r2d2.get().unwrap())))),
            },
            in_a_task!("deadpool", deadpool),
            in_a_task!("bb8", bb8),
        ],
        &[4.0, 4.0, 4.0],
    );
    table.compare(
        "the same, as a future",
        Clock::Thread,
        n,
        vec![
            in_a_task!("dbpool::aio", ours_async),
            in_a_task!("deadpool", deadpool),
            in_a_task!("bb8", bb8),
        ],
        &[],
    );
    Ok(())
}
