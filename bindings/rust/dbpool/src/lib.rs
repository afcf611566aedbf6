//! Connection pools for PostgreSQL and SQLite over [libdbpool](dbpool_sys), blocking and async.
#![cfg_attr(doctest, doc = include_str!("../../README.md"))]
//!
//! [`Pool`] lends [`Conn`]s; what is done with one is on [`Session`]. [`aio`] is the same without blocking, on any
//! runtime.

#![warn(missing_debug_implementations)]

mod builder;
mod call_options;
mod column;
mod conn;
mod description;
mod details;
#[cfg(doctest)]
mod does_not_compile;
mod error;
mod events;
mod farewell;
mod ffi;
mod from_row;
mod from_sql;
mod hooks;
mod note;
mod options;
mod params;
mod pipeline;
mod pool;
mod retry;
mod row;
mod rows;
mod server;
mod session;
mod statistics;
mod to_sql;
mod transaction;
mod tuples;
mod value;

pub mod aio;

#[cfg(feature = "chrono")]
mod with_chrono;
#[cfg(feature = "serde_json")]
mod with_serde_json;
#[cfg(feature = "uuid")]
mod with_uuid;

pub(crate) use dbpool_sys as sys;

pub use builder::Builder;
pub use call_options::{Access, AcquireOptions, Isolation, QueryOptions, TransactionOptions};
pub use column::Column;
pub use conn::{CancelHandle, Conn};
pub use description::Description;
pub use details::{Details, Phase, PoolCounts};
pub use error::{Error, Result};
pub use events::{CloseReason, Event, EventKind, Watch};
pub use from_row::FromRow;
pub use from_sql::FromSql;
pub use options::{options, version, OptionInfo};
pub use params::Params;
pub use pipeline::Pipeline;
pub use pool::Pool;
pub use row::{OwnedRow, Row, RowIndex};
pub use rows::{IntoIter, Rows};
pub use server::Server;
pub use session::Session;
pub use statistics::Statistics;
pub use to_sql::{Param, ToSql};
pub use transaction::{Savepoint, Transaction};
pub use value::{ConversionError, Kind, Value, ValueRef};
#[cfg(feature = "serde_json")]
pub use with_serde_json::Json;
