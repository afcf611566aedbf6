use dbpool::{from_row, Error, OwnedRow, Value};

use crate::support::{on_both, Database};

on_both! {
    cells_are_had_by_name_and_by_position
    text_is_lent_without_a_copy
    an_owned_row_outlives_its_result
    rows_become_tuples_and_structs
    a_raw_identifier_names_the_column_without_its_mark
    a_column_that_is_not_there_is_an_error
    streamed_rows_keep_the_connection_until_their_end
    a_stream_that_is_dropped_gives_the_connection_back
    a_second_statement_on_a_streaming_connection_is_refused
    rows_are_an_iterator
    an_empty_result_has_columns
}

fn cells_are_had_by_name_and_by_position(db: &Database) {
    let mut rows = db.single().query("SELECT 7 AS seven, 'x' AS letter", ()).unwrap();
    let names: Vec<_> = rows.columns().map(|column| column.name().into_owned()).collect();
    assert_eq!(names, ["seven", "letter"]);
    let row = rows.next().unwrap().unwrap();
    assert_eq!((row.len(), row.is_empty()), (2, false));
    assert_eq!(row.get::<_, i64>(0).unwrap(), row.get::<_, i64>("seven").unwrap());
    assert_eq!(row.get::<_, String>("letter").unwrap(), "x");
    assert!(format!("{row:?}").contains("seven"));
}

fn text_is_lent_without_a_copy(db: &Database) {
    let mut rows = db.single().query("SELECT 'lent'", ()).unwrap();
    let row = rows.next().unwrap().unwrap();
    let (first, second): (&str, &str) = (row.get(0).unwrap(), row.get(0).unwrap());
    assert_eq!(first, "lent");
    assert_eq!(first.as_ptr(), second.as_ptr());
}

fn an_owned_row_outlives_its_result(db: &Database) {
    let row: OwnedRow = db.single().query_one("SELECT 1 AS a, NULL AS b", ()).unwrap();
    assert_eq!(row.get::<_, i64>("a").unwrap(), 1);
    assert_eq!(row.get::<_, Option<i64>>(1).unwrap(), None);
    assert_eq!(row.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(row.into_values(), [Value::Int(1), Value::Null]);
}

struct Person {
    name: String,
    age: Option<u8>,
}
from_row!(Person { name, age });

fn rows_become_tuples_and_structs(db: &Database) {
    let pool = db.single();
    let sql = "SELECT 36 AS age, 'Ada' AS name UNION ALL SELECT NULL, 'Grace'";
    let people: Vec<Person> = pool.query_all(sql, ()).unwrap();
    assert_eq!(people[0].name, "Ada");
    assert_eq!((people[0].age, people[1].age), (Some(36), None));
    let tuples: Vec<(Option<i64>, String)> = pool.query_all(sql, ()).unwrap();
    assert_eq!(tuples[1], (None, "Grace".into()));
}

struct Kept {
    r#type: String,
}
from_row!(Kept { r#type });

fn a_raw_identifier_names_the_column_without_its_mark(db: &Database) {
    let kept: Kept = db.single().query_one("SELECT 'x' AS \"type\"", ()).unwrap();
    assert_eq!(kept.r#type, "x");
}

fn a_column_that_is_not_there_is_an_error(db: &Database) {
    let mut rows = db.single().query("SELECT 1 AS a", ()).unwrap();
    let row = rows.next().unwrap().unwrap();
    assert!(matches!(row.get::<_, i64>("b"), Err(Error::NoColumn(name)) if name == "b"));
    assert!(matches!(row.get::<_, i64>(1), Err(Error::NoColumn(_))));
    let error = row.get::<_, String>("a").unwrap_err();
    assert!(error.to_string().starts_with("a: "), "{error}");
}

fn streamed_rows_keep_the_connection_until_their_end(db: &Database) {
    let pool = db.single();
    let mut rows = pool.stream(&db.numbers(20_000), ()).unwrap();
    let mut sum = 0;
    let mut busy = 0;
    while let Some(row) = rows.next().unwrap() {
        sum += row.get::<_, i64>(0).unwrap();
        busy |= pool.statistics().unwrap().leased;
    }
    assert_eq!((sum, busy), (20_000 * 20_001 / 2, 1));
    assert_eq!(pool.statistics().unwrap().leased, 0);
}

fn a_stream_that_is_dropped_gives_the_connection_back(db: &Database) {
    let pool = db.single();
    let mut rows = pool.stream(&db.numbers(1_000_000), ()).unwrap();
    rows.next().unwrap().unwrap();
    drop(rows);
    assert_eq!(pool.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn a_second_statement_on_a_streaming_connection_is_refused(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let mut rows = conn.stream(&db.numbers(100_000), ()).unwrap();
    rows.next().unwrap().unwrap();
    assert!(matches!(conn.query("SELECT 1", ()), Err(Error::Busy(_))));
    drop(rows);
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn rows_are_an_iterator(db: &Database) {
    let pool = db.single();
    let rows = pool.query(&db.numbers(3), ()).unwrap();
    let values: Vec<i64> = rows.into_iter().map(|row| row.unwrap().get("n").unwrap()).collect();
    assert_eq!(values, [1, 2, 3]);
    let rows = pool.query(&db.numbers(3), ()).unwrap();
    assert_eq!(rows.iter_as::<i64>().sum::<Result<i64, _>>().unwrap(), 6);
}

fn an_empty_result_has_columns(db: &Database) {
    let mut rows = db.single().query("SELECT 1 AS a WHERE 1 = 2", ()).unwrap();
    assert_eq!(rows.columns().len(), 1);
    assert!(rows.next().unwrap().is_none());
    assert!(rows.next().unwrap().is_none());
}
