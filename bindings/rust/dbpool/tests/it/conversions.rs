//! Types of other crates, behind features.

#[cfg(feature = "chrono")]
mod with_chrono {
    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

    use crate::support::{on_both, Database};

    on_both! { dates_and_times_come_back_as_they_went }

    fn dates_and_times_come_back_as_they_went(db: &Database) {
        let pool = db.single();
        let create = "CREATE TABLE t (d DATE, t TIME, ts TIMESTAMP, tz TIMESTAMP WITH TIME ZONE)";
        pool.execute(create, ()).unwrap();
        let at: DateTime<FixedOffset> = "2024-02-29T23:59:58.123456+05:30".parse().unwrap();
        let given = (at.date_naive(), at.time(), at.naive_local(), at);
        pool.execute("INSERT INTO t VALUES ($1, $2, $3, $4)", given).unwrap();
        let got: (NaiveDate, NaiveTime, NaiveDateTime, DateTime<Utc>) =
            pool.query_one("SELECT * FROM t", ()).unwrap();
        assert_eq!(got, (given.0, given.1, given.2, at.to_utc()));
        let with_zone: DateTime<FixedOffset> = pool.query_one("SELECT tz FROM t", ()).unwrap();
        assert_eq!(with_zone, at);
    }

    /// SQLite keeps what other programs wrote.
    #[test]
    fn timestamps_may_have_the_t_and_the_z_of_iso_8601() {
        let db = Database::sqlite();
        let pool = db.single();
        let naive: NaiveDateTime = pool.query_one("SELECT '2024-02-29T12:00:00.5'", ()).unwrap();
        assert_eq!(naive.to_string(), "2024-02-29 12:00:00.500");
        for (text, utc) in [
            ("2024-02-29T12:00:00", "12:00:00"),
            ("2024-02-29T12:00:00Z", "12:00:00"),
            ("2024-02-29 12:00:00Z", "12:00:00"),
            ("2024-02-29T12:00:00+02:00", "10:00:00"),
        ] {
            let at: DateTime<Utc> = pool.query_one("SELECT $1", (text,)).unwrap();
            assert_eq!(at.to_rfc3339(), format!("2024-02-29T{utc}+00:00"), "{text}");
        }
    }

    #[test]
    fn a_timestamp_of_sqlite_without_a_zone_is_utc() {
        let db = Database::sqlite();
        let pool = db.single();
        let at: DateTime<Utc> = pool.query_one("SELECT '2024-02-29 12:00:00'", ()).unwrap();
        assert_eq!(at.to_rfc3339(), "2024-02-29T12:00:00+00:00");
        assert!(pool.query_one::<DateTime<Utc>>("SELECT 'noon'", ()).is_err());
    }
}

#[cfg(feature = "uuid")]
mod with_uuid {
    use uuid::Uuid;

    use crate::support::{on_both, Database};

    on_both! { a_uuid_comes_back_as_it_went }

    fn a_uuid_comes_back_as_it_went(db: &Database) {
        let pool = db.single();
        pool.execute("CREATE TABLE t (id UUID)", ()).unwrap();
        let id = Uuid::from_u128(0xc0ffee);
        pool.execute("INSERT INTO t VALUES ($1)", (id,)).unwrap();
        assert_eq!(pool.query_one::<Uuid>("SELECT id FROM t", ()).unwrap(), id);
    }
}

#[cfg(feature = "serde_json")]
mod with_serde_json {
    use std::collections::BTreeMap;

    use dbpool::Json;
    use serde_json::json;

    use crate::support::{on_both, Database};

    on_both! { json_comes_back_as_it_went }

    fn json_comes_back_as_it_went(db: &Database) {
        let pool = db.single();
        pool.execute("CREATE TABLE t (j JSON)", ()).unwrap();
        let value = json!({"dark 🦀": [1, 2], "empty": []});
        pool.execute("INSERT INTO t VALUES ($1)", (&value,)).unwrap();
        assert_eq!(pool.query_one::<serde_json::Value>("SELECT j FROM t", ()).unwrap(), value);
        let (Json(map),): (Json<BTreeMap<String, Vec<u32>>>,) =
            pool.query_one("SELECT j FROM t", ()).unwrap();
        assert_eq!(map["dark 🦀"], [1, 2]);
        pool.execute("UPDATE t SET j = $1", (Json(&map),)).unwrap();
        let alone: Json<BTreeMap<String, Vec<u32>>> =
            pool.query_one("SELECT j FROM t", ()).unwrap();
        assert_eq!(alone, Json(map));
        let none: Option<Json<u32>> = pool.query_one("SELECT NULL", ()).unwrap();
        assert_eq!(none, None);
        assert_eq!(pool.query_one::<serde_json::Value>("SELECT j FROM t", ()).unwrap(), value);
    }
}
