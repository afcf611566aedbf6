use std::fmt;

use crate::sys;

/// What a column holds, in terms both databases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// None of the others.
    Other,
    /// `boolean`.
    Bool,
    /// Whole numbers of up to 64 bits.
    Integer,
    /// `real`, `double precision`.
    Float,
    /// `numeric`: text, which keeps all its digits.
    Numeric,
    /// Text.
    Text,
    /// `bytea`, `BLOB`.
    Bytes,
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `timestamp`.
    Timestamp,
    /// `timestamp with time zone`.
    TimestampTz,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json`, `jsonb`.
    Json,
    /// Any array, as the database's text.
    Array,
}

impl Kind {
    pub(crate) fn of(number: u32) -> Self {
        match number {
            sys::DBPOOL_KIND_BOOL => Self::Bool,
            sys::DBPOOL_KIND_INTEGER => Self::Integer,
            sys::DBPOOL_KIND_FLOAT => Self::Float,
            sys::DBPOOL_KIND_NUMERIC => Self::Numeric,
            sys::DBPOOL_KIND_TEXT => Self::Text,
            sys::DBPOOL_KIND_BYTES => Self::Bytes,
            sys::DBPOOL_KIND_DATE => Self::Date,
            sys::DBPOOL_KIND_TIME => Self::Time,
            sys::DBPOOL_KIND_TIMESTAMP => Self::Timestamp,
            sys::DBPOOL_KIND_TIMESTAMPTZ => Self::TimestampTz,
            sys::DBPOOL_KIND_INTERVAL => Self::Interval,
            sys::DBPOOL_KIND_UUID => Self::Uuid,
            sys::DBPOOL_KIND_JSON => Self::Json,
            sys::DBPOOL_KIND_ARRAY => Self::Array,
            _ => Self::Other,
        }
    }
}

/// A cell, borrowed from its row. Types without a number of their own (numeric, dates, uuid, json, arrays ...) are
/// text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// A boolean. SQLite has none: it gives integers.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text. PostgreSQL's is UTF-8; SQLite keeps what it was given.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> ValueRef<'a> {
    /// # Safety
    /// `cell` is a cell of the library's whose batch lives for `'a`.
    pub(crate) unsafe fn of_cell(cell: &sys::dbpool_value) -> Self {
        // SAFETY: `type` says which number there is; data and size belong to text and bytes.
        unsafe {
            match cell.r#type {
                sys::DBPOOL_BOOL => Self::Bool(cell.num.i64 != 0),
                sys::DBPOOL_INT64 => Self::Int(cell.num.i64),
                sys::DBPOOL_FLOAT64 => Self::Float(cell.num.f64),
                sys::DBPOOL_TEXT => Self::Text(bytes(cell)),
                sys::DBPOOL_BYTES => Self::Bytes(bytes(cell)),
                _ => Self::Null,
            }
        }
    }

    /// The text, if it is text.
    pub fn as_str(self) -> Result<&'a str, ConversionError> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).map_err(ConversionError::other),
            other => Err(ConversionError::wrong_type("text", other)),
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a floating-point number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// # Safety
/// As [`ValueRef::of_cell`], of text or bytes.
unsafe fn bytes<'a>(cell: &sys::dbpool_value) -> &'a [u8] {
    if cell.size == 0 {
        return &[];
    }
    // SAFETY: the library says so.
    unsafe { std::slice::from_raw_parts(cell.data.cast(), cell.size as usize) }
}

/// A value of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Text(text) => Self::Text(text.as_bytes()),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

/// Why a value does not fit the type that was asked for.
#[derive(Debug)]
pub struct ConversionError(Box<dyn std::error::Error + Send + Sync>);

impl ConversionError {
    /// It is of another type.
    pub fn wrong_type(wanted: &str, found: ValueRef<'_>) -> Self {
        Self(format!("expected {wanted}, found {}", found.type_name()).into())
    }

    /// It is too large or too small.
    pub fn out_of_range(wanted: &str, found: impl fmt::Display) -> Self {
        Self(format!("{found} is out of the range of {wanted}").into())
    }

    /// For a reason of the type's own.
    pub fn other(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }

    /// The reason, which may be an error of another crate's: `get_ref().downcast_ref::<E>()`.
    pub fn get_ref(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConversionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
