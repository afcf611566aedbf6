//! Dates and times, as both databases write them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::from_row::single;
use crate::{ConversionError, FromSql, Param, ToSql, ValueRef};

const DATE: &str = "%Y-%m-%d";
const TIME: &str = "%H:%M:%S%.f";
const TIMESTAMP: &str = "%Y-%m-%d %H:%M:%S%.f";
/// The zone as ISO 8601 has it: `+05:30`.
const TIMESTAMPTZ: &str = "%Y-%m-%d %H:%M:%S%.f%:z";
/// PostgreSQL writes `+00`, too.
const ANY_TIMESTAMPTZ: &str = "%Y-%m-%d %H:%M:%S%.f%#z";

macro_rules! naive {
    ($($type:ty: $format:expr;)*) => {$(
        impl<'a> FromSql<'a> for $type {
            fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
                <$type>::parse_from_str(value.as_str()?, $format).map_err(ConversionError::other)
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
                Ok(Param::Text(self.format($format).to_string().into()))
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
        DateTime::parse_from_str(value.as_str()?, ANY_TIMESTAMPTZ).map_err(ConversionError::other)
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
