use dbpool::{params, Error, Kind, QueryOptions, ToSql};

use crate::support::{on_both, Database};

on_both! {
    one_row_is_an_error_unless_there_is_exactly_one
    one_or_none_is_an_error_if_there_are_more
    all_rows_come_in_their_order
    execute_tells_how_many_rows_it_changed
    parameters_may_be_tuples_arrays_slices_and_a_mixture
    a_statement_can_be_described
    several_statements_give_their_results_one_after_the_other
    a_read_only_statement_runs
}

fn one_row_is_an_error_unless_there_is_exactly_one(db: &Database) {
    let pool = db.single();
    assert_eq!(pool.query_one::<i64>(&db.numbers(1), ()).unwrap(), 1);
    assert!(matches!(pool.query_one::<i64>("SELECT 1 WHERE 1 = 2", ()), Err(Error::NoRows)));
    assert!(matches!(pool.query_one::<i64>(&db.numbers(2), ()), Err(Error::TooManyRows)));
}

fn one_or_none_is_an_error_if_there_are_more(db: &Database) {
    let pool = db.single();
    assert_eq!(pool.query_opt::<i64>(&db.numbers(1), ()).unwrap(), Some(1));
    assert_eq!(pool.query_opt::<i64>("SELECT 1 WHERE 1 = 2", ()).unwrap(), None);
    assert!(matches!(pool.query_opt::<i64>(&db.numbers(2), ()), Err(Error::TooManyRows)));
}

fn all_rows_come_in_their_order(db: &Database) {
    let all: Vec<u32> = db.single().query_all(&db.numbers(5000), ()).unwrap();
    assert!(all.into_iter().eq(1..=5000));
}

fn execute_tells_how_many_rows_it_changed(db: &Database) {
    let pool = db.single();
    assert_eq!(pool.execute("CREATE TABLE t (n INTEGER)", ()).unwrap(), 0);
    assert_eq!(pool.execute("INSERT INTO t VALUES (1), (2), (3)", ()).unwrap(), 3);
    assert_eq!(pool.execute("DELETE FROM t WHERE n > $1", (1,)).unwrap(), 2);
    let rows = pool.query("UPDATE t SET n = 4", ()).unwrap();
    assert_eq!((rows.affected(), rows.command()), (1, "UPDATE"));
    assert_eq!(rows.columns().len(), 0);
}

fn parameters_may_be_tuples_arrays_slices_and_a_mixture(db: &Database) {
    let pool = db.single();
    pool.execute("CREATE TABLE t (a INTEGER, b TEXT, c INTEGER)", ()).unwrap();
    let insert = "INSERT INTO t VALUES ($1, $2, $3)";
    pool.execute(insert, (1, "one", None::<i64>)).unwrap();
    pool.execute(insert, params![2, String::from("two"), Some(2)]).unwrap();
    let sum = "SELECT count(*) FROM t WHERE a IN ($1, $2)";
    assert_eq!(pool.query_one::<i64>(sum, [1, 2]).unwrap(), 2);
    assert_eq!(pool.query_one::<i64>(sum, &vec![1, 2]).unwrap(), 2);
    assert_eq!(pool.query_one::<i64>(sum, [1, 2].as_slice()).unwrap(), 2);
    assert_eq!(pool.query_one::<i64>(sum, &[1, 2]).unwrap(), 2);
    let gathered: Vec<Box<dyn ToSql>> = vec![Box::new(3), Box::new("three"), Box::new(None::<i8>)];
    pool.execute(insert, &gathered).unwrap();
    let kept: (i64, String) = pool.query_one("SELECT a, b FROM t WHERE a = 3", ()).unwrap();
    assert_eq!(kept, (3, "three".to_string()));
}

fn a_statement_can_be_described(db: &Database) {
    let pool = db.single();
    pool.execute("CREATE TABLE t (id INTEGER, name TEXT)", ()).unwrap();
    let conn = pool.get().unwrap();
    let described = conn.describe("SELECT name, id FROM t WHERE id = $1").unwrap();
    assert_eq!(described.params().len(), 1);
    let columns: Vec<_> =
        described.columns().map(|column| (column.name(), column.kind())).collect();
    assert_eq!(columns, [("name".into(), Kind::Text), ("id".into(), Kind::Integer)]);
    let first = described.columns().next().unwrap();
    assert_eq!(first.native_column(), db.is_postgres().then_some(2));
    assert_eq!(first.native_table().is_some(), db.is_postgres());
}

fn several_statements_give_their_results_one_after_the_other(db: &Database) {
    let pool = db.single();
    let mut rows = pool.query("SELECT 1; SELECT 'two' AS t", ()).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().get::<_, i64>(0).unwrap(), 1);
    assert!(rows.next_result().unwrap());
    assert_eq!(rows.next().unwrap().unwrap().get::<_, &str>("t").unwrap(), "two");
    assert!(rows.next().unwrap().is_none());
    assert!(!rows.next_result().unwrap());
}

fn a_read_only_statement_runs(db: &Database) {
    let options = QueryOptions::new().read_only(true);
    let rows = db.single().query_with("SELECT 1", (), &options).unwrap();
    assert_eq!(rows.one::<i64>().unwrap(), 1);
}

#[test]
fn sqlite_tells_the_rowid_it_inserted() {
    let db = Database::sqlite();
    let pool = db.single();
    pool.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)", ()).unwrap();
    let rows = pool.query("INSERT INTO t VALUES (41), (42)", ()).unwrap();
    assert_eq!(rows.last_insert_id(), 42);
}
