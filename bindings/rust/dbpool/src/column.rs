use std::borrow::Cow;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

use crate::sys;
use crate::value::Kind;

/// A column of a result, or a parameter of a described statement.
#[derive(Clone, Copy)]
pub struct Column<'a>(&'a sys::dbpool_column);

impl<'a> Column<'a> {
    /// As the database gives it; empty for a parameter.
    pub fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(text(self.0.name))
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        Kind::of(self.0.kind)
    }

    /// PostgreSQL: the type's OID; SQLite: 0.
    pub fn native_type(&self) -> u32 {
        self.0.native_type
    }

    /// PostgreSQL: `int4` ..., empty outside of pg_catalog; SQLite: the declared type or empty.
    pub fn native_name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(text(self.0.native_name))
    }

    /// PostgreSQL: the OID of the table it comes from, if it comes from one.
    pub fn native_table(&self) -> Option<u32> {
        Some(self.0.native_table).filter(|oid| *oid != 0)
    }

    /// Its number in that table, from 1; of a system column below 0.
    pub fn native_column(&self) -> Option<i32> {
        self.native_table().map(|_| self.0.native_column)
    }
}

impl std::fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Column")
            .field("name", &self.name())
            .field("kind", &self.kind())
            .field("native_name", &self.native_name())
            .finish()
    }
}

fn text<'a>(text: *const sys::c_char) -> &'a [u8] {
    // SAFETY: the texts of a column end with a NUL and live as long as it does.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

/// The columns of one result. The library's array; the names for rows that outlive it are copied once.
pub(crate) struct Columns {
    array: *const sys::dbpool_column,
    count: usize,
    names: OnceLock<Arc<[Box<str>]>>,
}

impl Columns {
    /// # Safety
    /// The array lives as long as what this makes, or until its next change.
    pub(crate) unsafe fn new(array: *const sys::dbpool_column, count: u32) -> Self {
        Self { array, count: count as usize, names: OnceLock::new() }
    }

    pub(crate) fn as_slice(&self) -> &[sys::dbpool_column] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: by the contract of new().
        unsafe { std::slice::from_raw_parts(self.array, self.count) }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.as_slice().iter().map(Column)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.as_slice().iter().position(|column| text(column.name) == name.as_bytes())
    }

    pub(crate) fn name(&self, index: usize) -> String {
        self.as_slice().get(index).map_or_else(String::new, |column| Column(column).name().into())
    }

    pub(crate) fn names(&self) -> Arc<[Box<str>]> {
        self.names.get_or_init(|| self.iter().map(|column| column.name().into()).collect()).clone()
    }
}

impl std::fmt::Debug for Columns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
