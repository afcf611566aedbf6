use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dbpool::{Error, Phase, QueryOptions};

use crate::support::{cancel_until, on_both, Database};

on_both! {
    another_thread_cancels_a_statement
    a_cancel_without_a_statement_does_nothing
    a_transaction_of_the_pool_can_be_cancelled
    a_statement_ends_at_its_time_out
}

fn another_thread_cancels_a_statement(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let cancel = conn.cancel_handle();
    let running = thread::spawn({
        let sql = db.endless();
        move || {
            let error = conn.query(sql, ()).map(drop).unwrap_err();
            (conn, error)
        }
    });
    cancel_until(&cancel, || running.is_finished());
    let (conn, error) = running.join().unwrap();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    match conn.query_one::<i64>("SELECT 1", ()) {
        Ok(one) => assert_eq!(one, 1, "the connection stays usable"),
        // A server that needs a second for a cancel costs the connection, so that no later statement is hit.
        Err(error) => assert!(db.is_postgres() && matches!(error, Error::Broken(_)), "{error:?}"),
    }
    drop(conn);
    assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn a_transaction_of_the_pool_can_be_cancelled(db: &Database) {
    let pool = db.single();
    let endless = db.endless();
    let ((tell, cancel), (end, ended), (go_on, wait)) =
        (mpsc::channel(), mpsc::channel(), mpsc::channel::<()>());
    let running = thread::spawn(move || {
        pool.transaction(|tx| {
            tell.send(tx.cancel_handle()).unwrap();
            let done = tx.execute(endless, ());
            end.send(()).unwrap();
            wait.recv().unwrap_err(); // the lease lasts as long as it is asked to be cancelled
            done
        })
    });
    let cancel = cancel.recv().unwrap();
    cancel_until(&cancel, || ended.try_recv().is_ok());
    drop(go_on);
    let error = running.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
}

fn a_cancel_without_a_statement_does_nothing(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    conn.cancel_handle().cancel().unwrap();
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn a_statement_ends_at_its_time_out(db: &Database) {
    let pool = db.single();
    let options = QueryOptions::new().timeout(Duration::from_millis(30));
    let error = pool.query_with(db.endless(), (), &options).map(drop).unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    assert_eq!(error.details().unwrap().phase(), Phase::Query);
    assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}
