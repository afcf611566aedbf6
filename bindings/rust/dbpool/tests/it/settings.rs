use std::time::Duration;

use dbpool::{Error, Pool};

use crate::support::{on_both, Database};

on_both! {
    a_pool_is_resized_while_it_lives
    a_healthy_pool_says_so
    all_connections_can_be_replaced
    a_database_tells_what_it_is
    statistics_count
    init_sql_runs_on_each_connection
    a_connection_answers_a_ping
}

fn a_pool_is_resized_while_it_lives(db: &Database) {
    let pool = db.single();
    pool.resize(2, 1).unwrap();
    let now = pool.statistics().unwrap();
    assert_eq!((now.limit, now.pool_size, now.max_overflow), (3, 2, 1));
    assert!(matches!(pool.resize(0, 0), Err(Error::Invalid(_))));
}

fn a_healthy_pool_says_so(db: &Database) {
    let pool = db.single();
    pool.health(None).unwrap();
    pool.close(None).unwrap();
    assert!(matches!(pool.health(None), Err(Error::Closed(_))));
}

fn all_connections_can_be_replaced(db: &Database) {
    let pool = db.single();
    let before = pool.get().unwrap().id();
    pool.reconnect(None).unwrap();
    assert_ne!(pool.get().unwrap().id(), before);
    pool.invalidate().unwrap();
    assert!(pool.statistics().unwrap().closed_invalidated >= 1);
}

fn a_database_tells_what_it_is(db: &Database) {
    let server = db.builder().probe(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(server.product, if db.is_postgres() { "PostgreSQL" } else { "SQLite" });
    assert!(!server.version.is_empty() && !server.read_only && !server.in_recovery);
    assert_eq!(server.max_connections.is_some(), db.is_postgres());
}

fn statistics_count(db: &Database) {
    let pool = db.single();
    let before = pool.statistics().unwrap().acquired;
    drop(pool.get().unwrap());
    let now = pool.statistics().unwrap();
    assert_eq!((now.acquired - before, now.idle, now.leased, now.open), (1, 1, 0, 1));
    assert!(format!("{pool:?}").contains("open: 1"));
}

fn init_sql_runs_on_each_connection(db: &Database) {
    let sql =
        if db.is_postgres() { "SET TIME ZONE 'Asia/Tokyo'" } else { "PRAGMA cache_size = 123" };
    let pool = db.builder().init_sql(sql).build().unwrap();
    if db.is_postgres() {
        assert_eq!(pool.query_one::<String>("SHOW TimeZone", ()).unwrap(), "Asia/Tokyo");
    } else {
        assert_eq!(pool.query_one::<i64>("PRAGMA cache_size", ()).unwrap(), 123);
    }
}

fn a_connection_answers_a_ping(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    conn.ping(None).unwrap();
    assert!(!conn.native().is_null());
}

#[test]
fn typed_settings_are_options_by_name() {
    let second = Duration::from_secs(1);
    let pool = Pool::builder()
        .uri("sqlite::memory:")
        .pool_size(3)
        .max_overflow(2)
        .min_size(1)
        .max_waiters(10)
        .lazy(true)
        .acquire_timeout(second)
        .connect_timeout(second)
        .query_timeout(Duration::MAX)
        .idle_timeout(Duration::MAX)
        .max_lifetime(Duration::from_micros(1_500_500))
        .option("idle_order", "fifo")
        .build()
        .unwrap();
    let now = pool.statistics().unwrap();
    assert_eq!((now.pool_size, now.max_overflow, now.min_size, now.open), (3, 2, 1, 0));
}

#[test]
fn options_are_read_from_the_environment() {
    // SAFETY: no other test reads or writes these variables.
    unsafe {
        std::env::set_var("DBPOOL_RUST_TEST_URI", "sqlite::memory:");
        std::env::set_var("DBPOOL_RUST_TEST_POOL_SIZE", "7");
    }
    let pool = Pool::builder().environment("DBPOOL_RUST_TEST_").build().unwrap();
    assert_eq!(pool.statistics().unwrap().pool_size, 7);
    let pool = Pool::builder().environment("DBPOOL_RUST_TEST_").pool_size(2).build().unwrap();
    assert_eq!(pool.statistics().unwrap().pool_size, 2, "what is set is stronger");
}

#[test]
fn every_option_has_a_name_and_help() {
    assert!(dbpool::options().count() > 20);
    assert!(dbpool::options().all(|option| !option.name.is_empty() && !option.help.is_empty()));
    assert!(dbpool::version() >= (0, 1, 0));
}
