//! The C interface of libdbpool, declared for Rust.
//!
//! Names, types and order are the headers'; their comments are the reference. There is one module for each
//! header, and everything is re-exported here. `tests/layout.rs` holds every struct, constant and function
//! against the C compiler. The safe interface is the crate `dbpool`.
//!
//! The library is found in the build tree that the environment variable `DBPOOL_BUILD_DIR` names, or else
//! by `pkg-config`.

#![no_std]
#![allow(non_camel_case_types)]

mod asynchronous;
mod conn;
mod error;
mod event_loop;
mod events;
mod options;
mod pipeline;
mod pool;
mod result;
mod types;

pub use asynchronous::*;
pub use conn::*;
pub use core::ffi::{c_char, c_int, c_void};
pub use error::*;
pub use event_loop::*;
pub use events::*;
pub use options::*;
pub use pipeline::*;
pub use pool::*;
pub use result::*;
pub use types::*;
