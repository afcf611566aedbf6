//! Dates and times, as both databases write them.

use chrono::format::ParseResult;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::from_row::single;
use crate::{ConversionError, FromSql, Param, ToSql, ValueRef};

/// How values are written comes first; how else they are read, behind it.
type Formats = &'static [&'static str];

const DATE: Formats = &["%Y-%m-%d"];
const TIME: Formats = &["%H:%M:%S%.f"];
/// Other programs write a `T`, as ISO 8601 has it, into the text columns of SQLite.
const TIMESTAMP: Formats = &["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
/// The zone as ISO 8601 has it: `+05:30`.
const TIMESTAMPTZ: &str = "%Y-%m-%d %H:%M:%S%.f%:z";
/// PostgreSQL writes `+00`, too, and others `Z`.
const ANY_TIMESTAMPTZ: Formats = &["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"];

/// By the first format that fits; or why the usual one does not.
fn parse<T>(
    value: ValueRef<'_>,
    formats: Formats,
    parse: fn(&str, &str) -> ParseResult<T>,
) -> Result<T, ConversionError> {
    let text = value.as_str()?;
    let usual = parse(text, formats[0]);
    let other = || formats[1..].iter().find_map(|format| parse(text, format).ok());
    usual.or_else(|error| other().ok_or(error)).map_err(ConversionError::other)
}

macro_rules! naive {
    ($($type:ty: $formats:expr;)*) => {$(
        impl<'a> FromSql<'a> for $type {
            fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
                parse(value, $formats, <$type>::parse_from_str)
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
                Ok(Param::Text(self.format($formats[0]).to_string().into()))
            }
        }
    )*};
}
naive! {
    NaiveDate: DATE;
    NaiveTime: TIME;
    NaiveDateTime: TIMESTAMP;
}

impl<'a> FromSql<'a> for DateTime<FixedOffset> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        parse(value, ANY_TIMESTAMPTZ, DateTime::parse_from_str)
    }
}

/// Without a zone, as SQLite's `CURRENT_TIMESTAMP`, it is UTC.
impl<'a> FromSql<'a> for DateTime<Utc> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        DateTime::<FixedOffset>::from_sql(value).map(DateTime::from).or_else(|error| {
            NaiveDateTime::from_sql(value).map(|at| at.and_utc()).map_err(|_| error)
        })
    }
}

impl<Z: TimeZone> ToSql for DateTime<Z>
where
    Z::Offset: Sync,
{
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(Param::Text(self.fixed_offset().format(TIMESTAMPTZ).to_string().into()))
    }
}

single! { NaiveDate NaiveTime NaiveDateTime DateTime<FixedOffset> DateTime<Utc> }
