use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;

use dbpool::{Access, AcquireOptions, Conn, Error, Pool};

use crate::support::{on_both, until, until_nothing_is_lent, Database};

on_both! {
    a_dropped_connection_is_back_at_once
    a_released_connection_is_back_and_says_so
    an_open_transaction_is_rolled_back_at_release
    a_connection_moves_between_threads
    a_pool_outlives_its_handles_while_a_connection_is_lent
    a_stream_outlives_the_handles_of_its_pool
    a_clone_is_the_same_pool
    a_tag_names_who_holds_a_connection
}

fn a_dropped_connection_is_back_at_once(db: &Database) {
    let pool = db.single();
    for _ in 0..10 {
        let conn = pool.get().unwrap();
        assert_eq!(pool.statistics().unwrap().leased, 1);
        drop(conn);
        assert_eq!(pool.statistics().unwrap().leased, 0);
    }
}

fn a_released_connection_is_back_and_says_so(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let cancel = conn.cancel_handle();
    conn.release().unwrap();
    assert_eq!(pool.statistics().unwrap().leased, 0);
    assert!(
        matches!(cancel.cancel(), Err(Error::Stale(_))),
        "a second release is not even possible"
    );
}

fn an_open_transaction_is_rolled_back_at_release(db: &Database) {
    let pool = db.single();
    pool.execute("CREATE TABLE t (n INTEGER)", ()).unwrap();
    let conn = pool.get().unwrap();
    conn.execute("BEGIN", ()).unwrap();
    conn.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    drop(conn);
    assert_eq!(pool.query_one::<i64>("SELECT count(*) FROM t", ()).unwrap(), 0);
}

fn a_connection_moves_between_threads(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let one = thread::spawn(move || conn.query_one::<i64>("SELECT 1", ())).join().unwrap();
    assert_eq!(one.unwrap(), 1);
    until_nothing_is_lent(&pool);
}

fn a_pool_outlives_its_handles_while_a_connection_is_lent(db: &Database) {
    let closed = Arc::new(AtomicBool::new(false));
    let hear = closed.clone();
    let builder = db.builder().pool_size(1);
    let pool = builder.on_closed(move |_| hear.store(true, Ordering::Relaxed)).build().unwrap();
    let mut conn = pool.get().unwrap();
    drop(pool);
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
    let tx = conn.begin().unwrap();
    tx.execute("CREATE TABLE t (n INTEGER)", ()).unwrap();
    tx.commit().unwrap();
    assert!(!closed.load(Ordering::Relaxed));
    drop(conn);
    until(|| closed.load(Ordering::Relaxed));
    assert_eq!(db.single().query_one::<i64>("SELECT count(*) FROM t", ()).unwrap(), 0);
}

fn a_stream_outlives_the_handles_of_its_pool(db: &Database) {
    let mut rows = db.single().stream(&db.numbers(20_000), ()).unwrap();
    let mut seen = 0;
    while let Some(row) = rows.next().unwrap() {
        seen += 1;
        assert_eq!(row.get::<_, i64>(0).unwrap(), seen);
    }
    assert_eq!(seen, 20_000);
}

fn a_clone_is_the_same_pool(db: &Database) {
    let pool = db.single();
    let clone = pool.clone();
    let _conn = pool.get().unwrap();
    assert!(clone.try_get().unwrap().is_none());
}

fn a_tag_names_who_holds_a_connection(db: &Database) {
    let pool = db.single();
    let _conn = pool.get_with(&AcquireOptions::new().tag("nightly import")).unwrap();
    let error = pool.get_with(&AcquireOptions::new().no_wait(true)).unwrap_err();
    let hint = error.details().unwrap().hint().unwrap_or_default();
    assert!(hint.contains("nightly import"), "{error:?}");
}

#[test]
fn a_reading_connection_of_sqlite_refuses_to_write() {
    let db = Database::sqlite();
    let pool = db.single();
    let reader = pool.get_with(&AcquireOptions::new().access(Access::Read)).unwrap();
    let error = reader.execute("CREATE TABLE t (n INTEGER)", ()).unwrap_err();
    assert_eq!(error.sqlstate(), Some("25006"));
}

#[test]
fn pools_and_connections_may_be_sent_as_the_types_say() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Pool>();
    sync::<Pool>();
    send::<Conn>();
    send::<dbpool::Rows<'_>>();
    send::<dbpool::OwnedRow>();
    send::<dbpool::Transaction<'_>>();
    sync::<dbpool::CancelHandle>();
    send::<Error>();
    sync::<Error>();
    send::<dbpool::aio::Conn>();
    send::<dbpool::aio::Acquire<'_>>();
    send::<dbpool::aio::RowStream<'_>>();
}
