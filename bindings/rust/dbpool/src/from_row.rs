use crate::error::Result;
use crate::from_sql::FromSql;
use crate::row::{OwnedRow, Row};
use crate::tuples::each_tuple;
use crate::value::Value;

/// A type that a row can become: a tuple by position, a single value by the first column, [`OwnedRow`], or a struct
/// of one's own, for which [`from_row!`](crate::from_row) writes this.
#[diagnostic::on_unimplemented(
    message = "no row can become `{Self}`",
    note = "a type that is made of one cell (`FromSql`) is a row in a tuple: `({Self},)`",
    note = "for a struct of named fields `dbpool::from_row!` writes this"
)]
pub trait FromRow: Sized {
    /// Makes it of a row.
    fn from_row(row: Row<'_>) -> Result<Self>;
}

impl FromRow for OwnedRow {
    fn from_row(row: Row<'_>) -> Result<Self> {
        row.to_owned()
    }
}

/// Nothing of the row is of interest.
impl FromRow for () {
    fn from_row(_: Row<'_>) -> Result<Self> {
        Ok(())
    }
}

/// Types that are made of the first column.
macro_rules! single {
    ($($type:ty)*) => {$(
        impl $crate::FromRow for $type {
            fn from_row(row: $crate::Row<'_>) -> $crate::Result<Self> {
                row.get(0)
            }
        }
        impl $crate::FromRow for Option<$type> {
            fn from_row(row: $crate::Row<'_>) -> $crate::Result<Self> {
                row.get(0)
            }
        }
    )*};
}

#[allow(unused_imports)] // without features nobody else needs it
pub(crate) use single;

single! { bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 String Box<str> std::sync::Arc<str> Vec<u8> Box<[u8]> }

impl FromRow for Value {
    fn from_row(row: Row<'_>) -> Result<Self> {
        row.get(0)
    }
}

macro_rules! tuples {
    ($(($($type:ident $index:tt),+))*) => {$(
        impl<$($type: for<'a> FromSql<'a>),+> FromRow for ($($type,)+) {
            fn from_row(row: Row<'_>) -> Result<Self> {
                Ok(($(row.get::<usize, $type>($index)?,)+))
            }
        }
    )*};
}
each_tuple!(tuples);

/// Makes rows into a struct, field by field, by the columns' names: that of `r#type` is `type`.
///
/// ```
/// struct Person {
///     name: String,
///     age: Option<i64>,
/// }
/// dbpool::from_row!(Person { name, age });
///
/// # fn main() -> dbpool::Result<()> {
/// # let pool = dbpool::Pool::new("sqlite::memory:")?;
/// let ada: Person = pool.query_one("SELECT 36 AS age, 'Ada' AS name", ())?;
/// assert_eq!((ada.name.as_str(), ada.age), ("Ada", Some(36)));
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! from_row {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::FromRow for $type {
            fn from_row(row: $crate::Row<'_>) -> $crate::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field).trim_start_matches("r#"))?),* })
            }
        }
    };
}
