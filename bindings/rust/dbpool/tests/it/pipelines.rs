use dbpool::{Error, Pipeline};

use crate::support::{block_on, on_both, Database};

on_both! {
    a_pipeline_runs_all_or_nothing
    one_by_one_a_statement_fails_alone
    a_pipeline_may_run_again_and_be_filled_anew
    a_pipeline_runs_without_blocking
}

fn a_pipeline_runs_all_or_nothing(db: &Database) {
    let pool = db.single();
    pool.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)", ()).unwrap();
    let mut pipeline = Pipeline::transaction().unwrap();
    for n in [1, 2, 2] {
        pipeline.add("INSERT INTO t VALUES ($1)", (n,)).unwrap();
    }
    let error = pipeline.run(&pool.get().unwrap()).unwrap_err();
    assert_eq!(error.sqlstate(), Some("23505"));
    assert_eq!(pipeline.result(0).map(drop).unwrap_err().sqlstate(), Some("40000"));
    assert_eq!(pool.query_one::<i64>("SELECT count(*) FROM t", ()).unwrap(), 0);
}

fn one_by_one_a_statement_fails_alone(db: &Database) {
    let pool = db.single();
    let mut pipeline = Pipeline::new().unwrap();
    let fails = pipeline.add("SELECT * FROM no_such_table", ()).unwrap();
    let works = pipeline.add("SELECT 2", ()).unwrap();
    assert!(pipeline.run(&pool.get().unwrap()).is_err());
    assert!(matches!(pipeline.result(fails), Err(Error::Sql(_))));
    assert_eq!(pipeline.result(works).unwrap().one::<i64>().unwrap(), 2);
    assert!(matches!(pipeline.result(works), Err(Error::Invalid(_))), "taken already");
}

fn a_pipeline_may_run_again_and_be_filled_anew(db: &Database) {
    let pool = db.single();
    let conn = pool.get().unwrap();
    let mut pipeline = Pipeline::new().unwrap();
    pipeline.add("SELECT 1", ()).unwrap();
    pipeline.run(&conn).unwrap();
    pipeline.run(&conn).unwrap();
    assert_eq!(pipeline.result(0).unwrap().one::<i64>().unwrap(), 1);
    pipeline.clear().unwrap();
    assert!(pipeline.is_empty());
    let second = pipeline.add("SELECT $1 + 1", (1,)).unwrap();
    pipeline.run(&conn).unwrap();
    assert_eq!(pipeline.result(second).unwrap().one::<i64>().unwrap(), 2);
}

fn a_pipeline_runs_without_blocking(db: &Database) {
    let pool = dbpool::aio::Pool::from(db.single());
    block_on(async {
        let mut pipeline = Pipeline::transaction().unwrap();
        pipeline.add("CREATE TABLE t (n INTEGER)", ()).unwrap();
        let last = pipeline.add("SELECT count(*) FROM t", ()).unwrap();
        pool.get().await.unwrap().run_pipeline(&mut pipeline).await.unwrap();
        assert_eq!(pipeline.result(last).unwrap().one::<i64>().unwrap(), 0);
    });
}
