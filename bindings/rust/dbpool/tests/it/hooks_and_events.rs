use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use dbpool::{CloseReason, EventKind};

use crate::support::{on_both, until, Database};

on_both! {
    hooks_see_each_connection
    a_hook_refuses_a_connection
    hooks_are_dropped_with_the_last_connection
    events_tell_of_connections_that_come_and_go
}

fn hooks_see_each_connection(db: &Database) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = |what: &'static str| {
        let seen = seen.clone();
        move |more: String| seen.lock().unwrap().push(format!("{what}{more}"))
    };
    let (opened, lent, returned, closed) =
        (note("opened"), note("lent"), note("returned"), note("closed"));
    let pool = db
        .builder()
        .pool_size(1)
        .on_opened(move |session| {
            let one: i64 = session.query_one("SELECT 1", ())?;
            opened(format!(" {one}"));
            Ok(())
        })
        .on_lent(move |_| {
            lent(String::new());
            Ok(())
        })
        .on_returned(move |_| returned(String::new()))
        .on_closed(move |reason| closed(format!(" {reason:?}")))
        .build()
        .unwrap();
    drop(pool.get().unwrap());
    pool.close(None).unwrap();
    until(|| seen.lock().unwrap().len() == 4);
    assert_eq!(*seen.lock().unwrap(), ["opened 1", "lent", "returned", "closed Pool"]);
}

fn hooks_are_dropped_with_the_last_connection(db: &Database) {
    let held = Arc::new(());
    let builder = db.builder().on_returned({
        let held = held.clone();
        move |_| drop(held.clone())
    });
    let pool = builder.build().unwrap();
    let conn = pool.get().unwrap();
    drop(pool);
    assert_eq!(Arc::strong_count(&held), 2, "a connection is borrowed");
    drop(conn);
    until(|| Arc::strong_count(&held) == 1);
}

fn a_hook_refuses_a_connection(db: &Database) {
    let refused = Arc::new(AtomicU32::new(0));
    let pool = db
        .builder()
        .pool_size(1)
        .on_lent({
            let refused = refused.clone();
            move |session| {
                if refused.fetch_add(1, Ordering::Relaxed) == 0 {
                    session.execute("SELECT * FROM no_such_table", ())?;
                }
                Ok(())
            }
        })
        .build()
        .unwrap();
    drop(pool.get().unwrap());
    assert_eq!(pool.statistics().unwrap().closed_hook, 1);
}

fn events_tell_of_connections_that_come_and_go(db: &Database) {
    let pool = db.builder().pool_size(1).lazy(true).min_size(0).build().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let watch = pool.watch({
        let heard = heard.clone();
        move |event| heard.lock().unwrap().push((event.kind, event.connection))
    });
    let number = pool.get().unwrap().id();
    pool.invalidate().unwrap();
    until(|| heard.lock().unwrap().len() >= 2);
    let expected =
        [(EventKind::Opened, number), (EventKind::Closed(CloseReason::Invalidated), number)];
    assert_eq!(heard.lock().unwrap()[..2], expected);
    drop(watch);
    assert!(number != 0);
    until(|| Arc::strong_count(&heard) == 1);
}
