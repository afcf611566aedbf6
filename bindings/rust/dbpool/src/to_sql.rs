use std::borrow::Cow;

use crate::sys;
use crate::value::{ConversionError, Value, ValueRef};

/// What a parameter is sent as.
#[derive(Debug, Clone, PartialEq)]
pub enum Param<'a> {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text, also of what has no number of its own: dates, uuid, json, numeric ...
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Param<'_> {
    /// What C takes. It borrows from `self`.
    pub(crate) fn to_c(&self) -> Result<sys::dbpool_value, ConversionError> {
        let (r#type, bytes, num): (_, &[u8], _) = match self {
            Self::Null => (sys::DBPOOL_NULL, &[], sys::dbpool_number { i64: 0 }),
            Self::Bool(value) => {
                (sys::DBPOOL_BOOL, &[], sys::dbpool_number { i64: (*value).into() })
            }
            Self::Int(number) => (sys::DBPOOL_INT64, &[], sys::dbpool_number { i64: *number }),
            Self::Float(number) => (sys::DBPOOL_FLOAT64, &[], sys::dbpool_number { f64: *number }),
            Self::Text(text) => (sys::DBPOOL_TEXT, text.as_bytes(), sys::dbpool_number { i64: 0 }),
            Self::Bytes(bytes) => (sys::DBPOOL_BYTES, bytes, sys::dbpool_number { i64: 0 }),
        };
        let size = u32::try_from(bytes.len())
            .map_err(|_| ConversionError::out_of_range("a parameter (4 GiB)", bytes.len()))?;
        Ok(sys::dbpool_value {
            data: bytes.as_ptr().cast(),
            size,
            r#type,
            flags: 0,
            reserved: 0,
            num,
        })
    }
}

/// A type that can be a parameter. `Option` of it can be NULL.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter",
    note = "conversions of chrono, uuid and serde_json are behind features of dbpool of these names"
)]
pub trait ToSql: Sync {
    /// As what it is sent.
    fn to_sql(&self) -> Result<Param<'_>, ConversionError>;
}

/// What points to a parameter is one, also to a `dyn ToSql`.
macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: ToSql + ?Sized> ToSql for $pointer
        where
            Self: Sync,
        {
            fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
                (**self).to_sql()
            }
        }
    )*};
}
pointers! { &T Box<T> std::sync::Arc<T> }

impl<T: ToSql + ToOwned<Owned: Sync> + ?Sized> ToSql for Cow<'_, T> {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        (**self).to_sql()
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        self.as_ref().map_or(Ok(Param::Null), T::to_sql)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
                i64::try_from(*self)
                    .map(Param::Int)
                    .map_err(|_| ConversionError::out_of_range("a 64-bit integer", self))
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

/// `$type`, seen as `$value`, is sent as `$param`.
macro_rules! plain {
    ($($type:ty, $value:ident => $param:expr;)*) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
                let $value = self;
                Ok($param)
            }
        }
    )*};
}
plain! {
    bool, value => Param::Bool(*value);
    f32, number => Param::Float((*number).into());
    f64, number => Param::Float(*number);
    str, text => Param::Text(text.into());
    String, text => Param::Text(text.into());
    [u8], bytes => Param::Bytes(bytes.into());
    Vec<u8>, bytes => Param::Bytes(bytes.into());
}

impl<const N: usize> ToSql for [u8; N] {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(Param::Bytes(self.as_slice().into()))
    }
}

impl ToSql for ValueRef<'_> {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(match *self {
            ValueRef::Null => Param::Null,
            ValueRef::Bool(value) => Param::Bool(value),
            ValueRef::Int(number) => Param::Int(number),
            ValueRef::Float(number) => Param::Float(number),
            ValueRef::Text(_) => Param::Text(self.as_str()?.into()),
            ValueRef::Bytes(bytes) => Param::Bytes(bytes.into()),
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(match self {
            Value::Null => Param::Null,
            Value::Bool(value) => Param::Bool(*value),
            Value::Int(number) => Param::Int(*number),
            Value::Float(number) => Param::Float(*number),
            Value::Text(text) => Param::Text(text.into()),
            Value::Bytes(bytes) => Param::Bytes(bytes.into()),
        })
    }
}
