//! Misuse that the compiler refuses.
//!
//! A connection after its release:
//! ```compile_fail,E0382
//! fn misuse(conn: dbpool::Conn) {
//!     conn.release().unwrap();
//!     conn.execute("SELECT 1", ()).unwrap();
//! }
//! ```
//! A connection beside its transaction, and a transaction after its commit:
//! ```compile_fail,E0502
//! fn misuse(conn: &mut dbpool::Conn) {
//!     let tx = conn.begin().unwrap();
//!     conn.execute("SELECT 1", ()).unwrap();
//!     tx.commit().unwrap();
//! }
//! ```
//! ```compile_fail,E0382
//! fn misuse(tx: dbpool::Transaction) {
//!     tx.commit().unwrap();
//!     tx.execute("SELECT 1", ()).unwrap();
//! }
//! ```
//! A row, and what it lends, after the next one was asked for; a row after its result:
//! ```compile_fail,E0499
//! fn misuse(rows: &mut dbpool::Rows) {
//!     let first = rows.next().unwrap();
//!     rows.next().unwrap();
//!     drop(first);
//! }
//! ```
//! ```compile_fail,E0499
//! fn misuse(rows: &mut dbpool::Rows) {
//!     let text: &str = rows.next().unwrap().unwrap().get(0).unwrap();
//!     rows.next_result().unwrap();
//!     println!("{text}");
//! }
//! ```
//! ```compile_fail,E0515
//! fn misuse(mut rows: dbpool::Rows) -> Option<dbpool::Row> {
//!     rows.next().unwrap()
//! }
//! ```
//! A stream after its connection:
//! ```compile_fail,E0505
//! fn misuse(conn: dbpool::Conn) {
//!     let rows = conn.stream("SELECT 1", ()).unwrap();
//!     drop(conn);
//!     drop(rows);
//! }
//! ```
//! Without blocking: a connection whose stream, or whose call, is not over:
//! ```compile_fail,E0499
//! async fn misuse(conn: &mut dbpool::aio::Conn) {
//!     let rows = conn.stream("SELECT 1", ()).await.unwrap();
//!     conn.execute("SELECT 1", ()).await.unwrap();
//!     drop(rows);
//! }
//! ```
//! ```compile_fail,E0499
//! async fn misuse(conn: &mut dbpool::aio::Conn) {
//!     let call = conn.execute("SELECT 1", ());
//!     conn.execute("SELECT 1", ()).await.unwrap();
//!     call.await.unwrap();
//! }
//! ```
//! One connection, transaction or result that two threads share:
//! ```compile_fail,E0277
//! fn sync<T: Sync>() {}
//! sync::<dbpool::Conn>();
//! ```
//! ```compile_fail,E0277
//! fn sync<T: Sync>() {}
//! sync::<dbpool::Transaction>();
//! ```
//! ```compile_fail,E0277
//! fn sync<T: Sync>() {}
//! sync::<dbpool::Rows>();
//! ```
//! ```compile_fail,E0277
//! fn sync<T: Sync>() {}
//! sync::<dbpool::Pipeline>();
//! ```
//! A session that a hook was lent, kept:
//! ```compile_fail
//! static KEPT: std::sync::Mutex<Option<&'static dbpool::Session>> = std::sync::Mutex::new(None);
//! let _ = dbpool::Pool::builder().on_opened(|session| {
//!     *KEPT.lock().unwrap() = Some(session);
//!     Ok(())
//! });
//! ```
