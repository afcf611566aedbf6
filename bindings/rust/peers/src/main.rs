//! dbpool beside the pools and drivers that Rust has. `bindings/rust/bench` runs it.

mod acquire;
mod measure;
mod postgres;
mod sqlite;

use measure::Table;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let names: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    let mut table = Table::new(quick);
    if wanted("acquire") {
        acquire::run(&mut table)?;
    }
    if wanted("sqlite") {
        sqlite::run(&mut table)?;
    }
    if wanted("postgres") {
        match std::env::var("DBPOOL_TEST_POSTGRES_URL") {
            Ok(url) => postgres::run(&mut table, &url)?,
            Err(_) => eprintln!("SKIPPED: postgres, as DBPOOL_TEST_POSTGRES_URL is not set"),
        }
    }
    table.print();
    Ok(())
}
