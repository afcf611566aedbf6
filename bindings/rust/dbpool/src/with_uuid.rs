use uuid::Uuid;

use crate::from_row::single;
use crate::{ConversionError, FromSql, Param, ToSql, ValueRef};

/// SQLite may keep it as text or as 16 bytes.
impl<'a> FromSql<'a> for Uuid {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        match value {
            ValueRef::Bytes(bytes) => Uuid::from_slice(bytes).map_err(ConversionError::other),
            text => Uuid::parse_str(text.as_str()?).map_err(ConversionError::other),
        }
    }
}

impl ToSql for Uuid {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(Param::Text(self.to_string().into()))
    }
}

single! { Uuid }
