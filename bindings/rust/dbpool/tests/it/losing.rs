use dbpool::Error;

use crate::support::{on_postgres, Database};

on_postgres! {
    a_killed_connection_is_broken_and_the_pool_heals
    a_transaction_whose_connection_was_killed_is_not_committed
}

fn a_killed_connection_is_broken_and_the_pool_heals(db: &Database) {
    let pool = db.pool();
    let victim = pool.get().unwrap();
    let backend: i32 = victim.query_one("SELECT pg_backend_pid()", ()).unwrap();
    let killed: bool =
        pool.query_one("SELECT pg_terminate_backend($1, 30000)", (backend,)).unwrap();
    assert!(killed);
    let error = victim.query("SELECT 1", ()).map(drop).unwrap_err();
    assert!(matches!(error, Error::Broken(_)) && error.is_connection_lost(), "{error:?}");
    let again = victim.query("SELECT 1", ()).map(drop).unwrap_err();
    assert!(matches!(again, Error::Broken(_)));
    drop(victim);
    for _ in 0..4 {
        assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
    }
}

fn a_transaction_whose_connection_was_killed_is_not_committed(db: &Database) {
    let pool = db.pool();
    pool.execute("CREATE TABLE t (n INTEGER)", ()).unwrap();
    let mut victim = pool.get().unwrap();
    let tx = victim.begin().unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    let backend: i32 = tx.query_one("SELECT pg_backend_pid()", ()).unwrap();
    pool.execute("SELECT pg_terminate_backend($1, 30000)", (backend,)).unwrap();
    assert!(tx.commit().unwrap_err().is_connection_lost());
    drop(victim);
    assert_eq!(pool.query_one::<i64>("SELECT count(*) FROM t", ()).unwrap(), 0);
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_says_so() {
    let error =
        dbpool::Pool::new("postgresql://127.0.0.1:1/nowhere?connect_timeout=2").unwrap_err();
    assert!(matches!(error, Error::Connect(_) | Error::Timeout(_)), "{error:?}");
}
