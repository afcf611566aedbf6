//! The same pool without blocking: plain futures, on any runtime.
//!
//! A thread of the library drives all calls and wakes whoever waits; there is nothing to start and no runtime to
//! name. PostgreSQL's sockets are driven by that thread itself; SQLite is given to a few threads of the library.
//!
//! ```
//! # fn main() -> dbpool::Result<()> { block_on(async {
//! let pool = dbpool::aio::Pool::connect("sqlite::memory:").await?;
//! let mut conn = pool.get().await?;
//! let answer: i64 = conn.query_one("SELECT $1 * 7", (6,)).await?;
//! assert_eq!(answer, 42);
//! # Ok(()) }) }
//! # fn block_on<T>(future: impl std::future::Future<Output = T>) -> T {
//! #     struct Unpark(std::thread::Thread);
//! #     impl std::task::Wake for Unpark { fn wake(self: std::sync::Arc<Self>) { self.0.unpark() } }
//! #     let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         let mut context = std::task::Context::from_waker(&waker);
//! #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) { return value }
//! #         std::thread::park();
//! #     }
//! # }
//! ```
//!
//! **Dropping a future cancels its call**: a wait leaves the queue, a statement is cancelled on the server, and nothing is
//! lost: a connection that was on its way goes back to the pool, and the next call on a connection first waits until
//! the one that was given up has ended. A dropped transaction or savepoint is rolled back before the next call on its
//! connection.

mod acquire;
mod armed;
#[cfg(test)]
mod block_on;
mod call;
mod conn;
mod pause;
mod pool;
mod retry;
mod rows;
mod session;
mod submit;
mod transaction;
mod undo;

pub use acquire::Acquire;
pub use conn::Conn;
pub use pool::Pool;
pub use rows::RowStream;
pub use session::Session;
pub use transaction::{Savepoint, Transaction};
