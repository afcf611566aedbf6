use std::borrow::Cow;
use std::sync::Arc;

use dbpool::{Error, FromRow, FromSql, Kind, ToSql, Value, ValueRef};

use crate::support::{on_both, on_postgres, Database};

on_both! {
    values_come_back_as_they_went
    null_is_an_option
    unicode_stays_what_it_is
    large_blobs_come_back_whole
    numbers_out_of_range_are_errors
    empty_text_and_empty_bytes_are_not_null
    owned_values_hold_any_cell
}

on_postgres! {
    types_without_a_number_of_their_own_are_text_told_apart_by_kind
}

/// What a column of a type gives back for a parameter.
fn round_trip<T: FromRow>(db: &Database, column: &str, value: impl ToSql) -> dbpool::Result<T> {
    let pool = db.single();
    pool.execute("DROP TABLE IF EXISTS one", ())?;
    pool.execute(&format!("CREATE TABLE one (v {column})"), ())?;
    pool.execute("INSERT INTO one VALUES ($1)", (value,))?;
    pool.query_one("SELECT v FROM one", ())
}

fn values_come_back_as_they_went(db: &Database) {
    let bytes = if db.is_postgres() { "BYTEA" } else { "BLOB" };
    for number in [i64::MIN, -1, 0, 1, i64::MAX] {
        assert_eq!(round_trip::<i64>(db, "BIGINT", number).unwrap(), number);
    }
    for number in [f64::MIN, -0.1, 0.0, 1e-300, 0.1 + 0.2, f64::MAX, f64::INFINITY] {
        assert_eq!(round_trip::<f64>(db, "DOUBLE PRECISION", number).unwrap(), number);
    }
    assert!(round_trip::<bool>(db, "BOOLEAN", true).unwrap());
    assert!(!round_trip::<bool>(db, "BOOLEAN", false).unwrap());
    assert_eq!(round_trip::<f32>(db, "REAL", 0.5_f32).unwrap(), 0.5);
    assert_eq!(round_trip::<u8>(db, "SMALLINT", 200_u8).unwrap(), 200);
    assert_eq!(round_trip::<u64>(db, "BIGINT", 7_u64).unwrap(), 7);
    assert_eq!(&*round_trip::<Box<str>>(db, "TEXT", Cow::from("t")).unwrap(), "t");
    assert_eq!(&*round_trip::<Arc<str>>(db, "TEXT", Arc::<str>::from("t")).unwrap(), "t");
    assert_eq!(round_trip::<Vec<u8>>(db, bytes, [0_u8, 255, 39, 92]).unwrap(), [0, 255, 39, 92]);
    assert_eq!(&*round_trip::<Box<[u8]>>(db, bytes, vec![1_u8].into_boxed_slice()).unwrap(), [1]);
}

fn null_is_an_option(db: &Database) {
    assert_eq!(round_trip::<Option<i64>>(db, "BIGINT", None::<i64>).unwrap(), None);
    assert_eq!(round_trip::<Option<i64>>(db, "BIGINT", Some(1)).unwrap(), Some(1));
    let error = round_trip::<i64>(db, "BIGINT", None::<i64>).unwrap_err();
    assert!(matches!(&error, Error::Conversion { place, .. } if place == "v"));
    assert!(error.to_string().contains("NULL"), "{error}");
}

fn unicode_stays_what_it_is(db: &Database) {
    let text = "Grüße, Ζεύς, 日本語, 🦀, e\u{301}, \u{feff}, '\"\\, \u{1}, \n";
    assert_eq!(round_trip::<String>(db, "TEXT", text).unwrap(), text);
    let pool = db.single();
    let mut rows = pool.query("SELECT 1 AS \"Größe 🦀\"", ()).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().get::<_, i64>("Größe 🦀").unwrap(), 1);
}

fn large_blobs_come_back_whole(db: &Database) {
    let column = if db.is_postgres() { "BYTEA" } else { "BLOB" };
    let blob: Vec<u8> =
        (0..16_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(round_trip::<Vec<u8>>(db, column, &blob).unwrap() == blob);
}

fn numbers_out_of_range_are_errors(db: &Database) {
    let pool = db.single();
    assert!(matches!(pool.query_one::<i8>("SELECT 128", ()), Err(Error::Conversion { .. })));
    assert!(matches!(pool.query_one::<u64>("SELECT -1", ()), Err(Error::Conversion { .. })));
    let error = pool.execute("SELECT $1", (u64::MAX,)).unwrap_err();
    assert!(matches!(error, Error::Conversion { place, .. } if place == "$1"));
}

fn empty_text_and_empty_bytes_are_not_null(db: &Database) {
    let column = if db.is_postgres() { "BYTEA" } else { "BLOB" };
    assert_eq!(round_trip::<Option<String>>(db, "TEXT", "").unwrap(), Some(String::new()));
    assert_eq!(round_trip::<Option<Vec<u8>>>(db, column, [0_u8; 0]).unwrap(), Some(vec![]));
}

fn owned_values_hold_any_cell(db: &Database) {
    let values = [Value::Null, Value::Text("t".into())];
    for value in values {
        assert_eq!(round_trip::<Value>(db, "TEXT", &value).unwrap(), value);
    }
    assert_eq!(round_trip::<Value>(db, "BIGINT", ValueRef::Int(5)).unwrap(), Value::Int(5));
    assert_eq!(round_trip::<Value>(db, "DOUBLE PRECISION", 0.5).unwrap(), Value::Float(0.5));
}

fn types_without_a_number_of_their_own_are_text_told_apart_by_kind(db: &Database) {
    let cases = [
        ("12.30::numeric", Kind::Numeric, "12.30"),
        ("'2024-02-29'::date", Kind::Date, "2024-02-29"),
        ("'12:34:56.5'::time", Kind::Time, "12:34:56.5"),
        ("'2024-02-29 12:00'::timestamp", Kind::Timestamp, "2024-02-29 12:00:00"),
        ("interval '1 day'", Kind::Interval, "1 day"),
        ("'{\"a\": 1}'::jsonb", Kind::Json, "{\"a\": 1}"),
        ("ARRAY[1, 2]", Kind::Array, "{1,2}"),
        (
            "'c0ffee00-0000-4000-8000-000000000001'::uuid",
            Kind::Uuid,
            "c0ffee00-0000-4000-8000-000000000001",
        ),
        ("'10.0.0.1'::inet", Kind::Other, "10.0.0.1"),
    ];
    let pool = db.single();
    for (sql, kind, text) in cases {
        let mut rows = pool.query(&format!("SELECT {sql}"), ()).unwrap();
        assert_eq!(rows.columns().next().unwrap().kind(), kind, "{sql}");
        assert_eq!(rows.next().unwrap().unwrap().get::<_, &str>(0).unwrap(), text);
    }
}

#[test]
fn text_of_sqlite_that_is_not_utf_8_is_an_error_and_can_be_had_as_it_is() {
    let db = Database::sqlite();
    let pool = db.single();
    let mut rows = pool.query("SELECT CAST(x'ff41' AS TEXT)", ()).unwrap();
    let row = rows.next().unwrap().unwrap();
    assert!(row.get::<_, &str>(0).is_err());
    assert_eq!(row.get::<_, ValueRef>(0).unwrap(), ValueRef::Text(b"\xffA"));
}

struct Even(i64);

impl<'a> FromSql<'a> for Even {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, dbpool::ConversionError> {
        match i64::from_sql(value)? {
            n if n % 2 == 0 => Ok(Self(n)),
            n => Err(dbpool::ConversionError::other(format!("{n} is odd"))),
        }
    }
}

#[test]
fn a_type_of_ones_own_may_refuse() {
    let db = Database::sqlite();
    let pool = db.single();
    let (Even(two),) = pool.query_one("SELECT 2", ()).unwrap();
    assert_eq!(two, 2);
    let error = pool.query_one::<(Even,)>("SELECT 3 AS n", ()).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "n: 3 is odd");
}
