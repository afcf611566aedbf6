use std::borrow::Cow;

use crate::value::{ConversionError, Value, ValueRef};

/// A type that a cell can become. `Option` of it takes NULL.
///
/// ```
/// use dbpool::{ConversionError, FromSql, ValueRef};
///
/// struct Celsius(f64);
///
/// impl<'a> FromSql<'a> for Celsius {
///     fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
///         f64::from_sql(value).map(Celsius)
///     }
/// }
/// assert_eq!(Celsius::from_sql(ValueRef::Float(21.5)).unwrap().0, 21.5);
/// ```
#[diagnostic::on_unimplemented(
    message = "no cell can become `{Self}`",
    note = "conversions of chrono, uuid and serde_json are behind features of dbpool of these names"
)]
pub trait FromSql<'a>: Sized {
    /// Makes it of a cell.
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError>;
}

impl<'a, T: FromSql<'a>> FromSql<'a> for Option<T> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_sql(value).map(Some),
        }
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl<'a> FromSql<'a> for $type {
            fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
                match value {
                    ValueRef::Int(number) => number
                        .try_into()
                        .map_err(|_| ConversionError::out_of_range(stringify!($type), number)),
                    other => Err(ConversionError::wrong_type("an integer", other)),
                }
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

/// SQLite keeps booleans as 0 and 1.
impl<'a> FromSql<'a> for bool {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            ValueRef::Int(number @ (0 | 1)) => Ok(number == 1),
            other => Err(ConversionError::wrong_type("a boolean", other)),
        }
    }
}

/// SQLite may keep a whole number in a column of floating-point ones.
impl<'a> FromSql<'a> for f64 {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Float(number) => Ok(number),
            ValueRef::Int(number) => Ok(number as f64),
            other => Err(ConversionError::wrong_type("a number", other)),
        }
    }
}

impl<'a> FromSql<'a> for f32 {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        f64::from_sql(value).map(|number| number as f32)
    }
}

impl<'a> FromSql<'a> for &'a str {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        value.as_str()
    }
}

impl<'a> FromSql<'a> for &'a [u8] {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Bytes(bytes) => Ok(bytes),
            other => Err(ConversionError::wrong_type("bytes", other)),
        }
    }
}

/// `$type` is what `$borrowed` becomes by `From`.
macro_rules! owned {
    ($($type:ty: $borrowed:ty,)*) => {$(
        impl<'a> FromSql<'a> for $type {
            fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
                <$borrowed>::from_sql(value).map(<$type>::from)
            }
        }
    )*};
}
owned! {
    String: &'a str,
    Box<str>: &'a str,
    std::sync::Arc<str>: &'a str,
    Cow<'a, str>: &'a str,
    Vec<u8>: &'a [u8],
    Box<[u8]>: &'a [u8],
    Cow<'a, [u8]>: &'a [u8],
}

impl<'a> FromSql<'a> for ValueRef<'a> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        Ok(value)
    }
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Bool(value) => Self::Bool(value),
            ValueRef::Int(number) => Self::Int(number),
            ValueRef::Float(number) => Self::Float(number),
            ValueRef::Text(_) => Self::Text(value.as_str()?.to_string()),
            ValueRef::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        })
    }
}
