use std::sync::Arc;

use crate::column::{Column, Columns};
use crate::error::{Error, Result};
use crate::from_sql::FromSql;
use crate::sys;
use crate::value::{Value, ValueRef};

/// A row, lent until the next one is asked for. What it gives borrows from it: `&str` is not copied.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    cells: &'a [sys::dbpool_value],
    columns: &'a Columns,
}

// SAFETY: nobody writes to cells and columns while they are lent.
unsafe impl Send for Row<'_> {}
// SAFETY: the same.
unsafe impl Sync for Row<'_> {}

impl<'a> Row<'a> {
    pub(crate) fn new(cells: &'a [sys::dbpool_value], columns: &'a Columns) -> Self {
        Self { cells, columns }
    }

    /// How many columns it has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no column.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Its columns.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'a>> + use<'a> {
        self.columns.iter()
    }

    /// A cell by position, from 0, or by the column's name: `row.get::<_, &str>("name")?`.
    pub fn get<I: RowIndex, T: FromSql<'a>>(&self, index: I) -> Result<T> {
        let at = index.find(self.len(), |name| self.columns.find(name))?;
        // SAFETY: the cell lives for 'a.
        let value = unsafe { ValueRef::of_cell(&self.cells[at]) };
        T::from_sql(value).map_err(|source| Error::conversion(self.columns.name(at), source))
    }

    /// A row of its own.
    pub fn to_owned(&self) -> Result<OwnedRow> {
        let values = (0..self.len()).map(|index| self.get(index)).collect::<Result<_>>()?;
        Ok(OwnedRow { names: self.columns.names(), values })
    }
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // SAFETY: the cells live as long as the row.
        let values = self.cells.iter().map(|cell| unsafe { ValueRef::of_cell(cell) });
        let names = self.columns.iter().map(|column| column.name());
        f.debug_map().entries(names.zip(values)).finish()
    }
}

/// A row of its own, which outlives its result.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedRow {
    names: Arc<[Box<str>]>,
    values: Box<[Value]>,
}

impl OwnedRow {
    /// As [`Row::get`].
    pub fn get<'a, I: RowIndex, T: FromSql<'a>>(&'a self, index: I) -> Result<T> {
        let by_name = |name: &str| self.names.iter().position(|known| **known == *name);
        let at = index.find(self.values.len(), by_name)?;
        T::from_sql((&self.values[at]).into())
            .map_err(|source| Error::conversion(&*self.names[at], source))
    }

    /// The names of its columns.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Its values.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Its values, without a copy.
    pub fn into_values(self) -> Vec<Value> {
        self.values.into()
    }
}

/// What names a column: its position, from 0, or its name.
pub trait RowIndex: private::Find {}

mod private {
    use super::*;

    pub trait Find {
        fn find(&self, count: usize, by_name: impl Fn(&str) -> Option<usize>) -> Result<usize>;
    }

    impl Find for usize {
        fn find(&self, count: usize, _: impl Fn(&str) -> Option<usize>) -> Result<usize> {
            if *self < count {
                Ok(*self)
            } else {
                Err(Error::NoColumn(self.to_string()))
            }
        }
    }

    impl Find for &str {
        fn find(&self, _: usize, by_name: impl Fn(&str) -> Option<usize>) -> Result<usize> {
            by_name(self).ok_or_else(|| Error::NoColumn((*self).to_string()))
        }
    }
}

impl RowIndex for usize {}
impl RowIndex for &str {}
