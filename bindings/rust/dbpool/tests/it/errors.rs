use dbpool::{ConversionError, Error, Pool};

use crate::support::{on_both, Database};

on_both! {
    a_violated_constraint_is_told_by_its_sqlstate
    a_syntax_error_has_a_position
    a_failure_leaves_the_connection_usable
    an_error_in_a_function_tells_where
    errors_of_this_crate_have_no_sqlstate
    an_error_says_nothing_twice
    a_wrong_number_of_parameters_is_invalid
    a_nul_inside_text_is_invalid
}

fn a_violated_constraint_is_told_by_its_sqlstate(db: &Database) {
    let pool = db.single();
    pool.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)", ()).unwrap();
    pool.execute("INSERT INTO t VALUES (1)", ()).unwrap();
    let error = pool.execute("INSERT INTO t VALUES (1)", ()).unwrap_err();
    assert!(matches!(error, Error::Sql(_)));
    assert_eq!(error.sqlstate(), Some("23505"));
    assert!(!error.is_retryable() && !error.is_connection_lost());
    assert!(error.to_string().contains("23505"), "{error}");
    if db.is_postgres() {
        let details = error.details().unwrap();
        assert_eq!(details.constraint(), Some("t_pkey"));
        assert_eq!(details.table(), Some("t"));
        assert_eq!(details.detail(), Some("Key (id)=(1) already exists."));
    }
}

fn a_syntax_error_has_a_position(db: &Database) {
    let error = db.single().execute("SELECT 1 FROMM t", ()).unwrap_err();
    assert_eq!(error.sqlstate(), Some("42601"), "{error:?}");
    assert!(error.details().unwrap().position().is_some());
}

fn a_failure_leaves_the_connection_usable(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    conn.execute("SELECT * FROM no_such_table", ()).unwrap_err();
    assert_eq!(conn.query_one::<i64>("SELECT 1", ()).unwrap(), 1);
}

fn an_error_in_a_function_tells_where(db: &Database) {
    let pool = db.single();
    if !db.is_postgres() {
        let error = pool.execute("SELECT * FROM no_such_table", ()).unwrap_err();
        let details = error.details().unwrap();
        assert_eq!((details.severity(), details.file(), details.line()), (None, None, None));
        return;
    }
    let conn = pool.get().unwrap();
    conn.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)", ()).unwrap();
    let error = conn.execute("SELECT (-1)::positive", ()).unwrap_err();
    assert_eq!(error.details().unwrap().data_type(), Some("positive"));
    let error = conn.execute("DO $$ BEGIN\n PERFORM 1 FROM no_such_table; END $$", ()).unwrap_err();
    let details = error.details().unwrap();
    assert_eq!(details.severity(), Some("ERROR"));
    assert_eq!(details.position(), None);
    assert_eq!(details.internal_query(), Some("SELECT 1 FROM no_such_table"));
    assert_eq!(details.internal_position(), Some(15));
    assert_eq!(details.where_(), Some("PL/pgSQL function inline_code_block line 2 at PERFORM"));
    assert_eq!(details.file(), Some("parse_relation.c"));
    assert_eq!(details.routine(), Some("parserOpenTable"));
    assert!(details.line().is_some_and(|line| line > 100), "{:?}", details.line());
}

fn errors_of_this_crate_have_no_sqlstate(db: &Database) {
    let pool = db.single();
    let error = pool.query_one::<i64>("SELECT 1 WHERE 1 = 2", ()).unwrap_err();
    assert!(matches!(error, Error::NoRows));
    assert!(error.details().is_none() && error.sqlstate().is_none() && !error.is_retryable());
    let error = pool.query_one::<i64>("SELECT 'text'", ()).unwrap_err();
    assert!(matches!(error, Error::Conversion { .. }));
}

/// As reporters do, which print an error and all that is behind it.
fn chain(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(|e| e.to_string()).collect()
}

fn an_error_says_nothing_twice(db: &Database) {
    let pool = db.single();
    let error = pool.query_one::<i64>("SELECT 'text' AS n", ()).unwrap_err();
    assert_eq!(chain(&error), ["n: expected an integer, found text"]);
    let Error::Conversion { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(chain(source), ["expected an integer, found text"]);
}

#[test]
fn the_reason_of_a_conversion_that_failed_can_be_had() {
    let reason = "x".parse::<i32>().unwrap_err();
    let error = ConversionError::other(reason.clone());
    assert_eq!(error.get_ref().downcast_ref(), Some(&reason));
}

fn a_wrong_number_of_parameters_is_invalid(db: &Database) {
    let error = db.single().execute("SELECT $1", ()).unwrap_err();
    assert!(matches!(error, Error::Invalid(_) | Error::Sql(_)), "{error:?}");
    let error = db.single().execute("SELECT 1", (1, 2)).unwrap_err();
    assert!(matches!(error, Error::Invalid(_) | Error::Sql(_)), "{error:?}");
}

fn a_nul_inside_text_is_invalid(db: &Database) {
    let pool = db.single();
    assert!(matches!(pool.execute("SELECT '\0'", ()), Err(Error::Invalid(_))));
    if db.is_postgres() {
        assert!(matches!(pool.execute("SELECT $1", ("a\0b",)), Err(Error::Invalid(_))));
    }
    let mut conn = pool.get().unwrap();
    let mut tx = conn.begin().unwrap();
    assert!(matches!(tx.savepoint("a\0b"), Err(Error::Invalid(_))));
}

#[test]
fn a_wrong_option_is_named() {
    let error = Pool::new("sqlite::memory:?pool_sise=3").unwrap_err();
    assert!(matches!(error, Error::Option(_)));
    assert!(error.to_string().contains("pool_sise"), "{error}");
    let error =
        Pool::builder().uri("sqlite::memory:").option("pool_size", "0").build().unwrap_err();
    assert!(error.to_string().contains("pool_size"), "{error}");
    assert!(matches!(Pool::new("sqlite:a\0b"), Err(Error::Invalid(_))));
}

#[test]
fn no_error_tells_the_password() {
    let error = Pool::builder()
        .uri("postgresql://somebody:very-secret@127.0.0.1:1/nowhere?connect_timeout=1")
        .build()
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("very-secret"));
    let builder =
        Pool::builder().uri("postgresql://a:very-secret@b/c").option("password", "very-secret");
    assert!(!format!("{builder:?}").contains("very-secret"));
}
