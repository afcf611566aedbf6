//! What a user of the crate sees, on SQLite and on a real PostgreSQL.
//!
//! PostgreSQL is at `DBPOOL_TEST_POSTGRES_URL`; without it its tests say so and do nothing. `bindings/rust/test` starts one.

mod support;

mod aio_cancelling;
mod aio_retries;
mod aio_runtimes;
mod aio_statements;
mod aio_transactions;
mod aio_waiting;
mod borrowing;
mod cancelling;
mod closing;
mod conversions;
mod errors;
mod hooks_and_events;
mod losing;
mod panics;
mod pipelines;
mod rows;
mod settings;
mod statements;
mod transactions;
mod types;
mod waiting;
