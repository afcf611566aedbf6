use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::from_row::single;
use crate::{ConversionError, FromRow, FromSql, Param, Result, Row, ToSql, ValueRef};

impl<'a> FromSql<'a> for serde_json::Value {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        Json::from_sql(value).map(|Json(value)| value)
    }
}

impl ToSql for serde_json::Value {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        Ok(Param::Text(self.to_string().into()))
    }
}

single! { serde_json::Value }

impl<T: DeserializeOwned> FromRow for Json<T> {
    fn from_row(row: Row<'_>) -> Result<Self> {
        row.get(0)
    }
}
impl<T: DeserializeOwned> FromRow for Option<Json<T>> {
    fn from_row(row: Row<'_>) -> Result<Self> {
        row.get(0)
    }
}

/// Anything that serde knows, kept as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<'a, T: DeserializeOwned> FromSql<'a> for Json<T> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, ConversionError> {
        serde_json::from_str(value.as_str()?).map(Json).map_err(ConversionError::other)
    }
}

impl<T: Serialize + Sync> ToSql for Json<T> {
    fn to_sql(&self) -> Result<Param<'_>, ConversionError> {
        let text = serde_json::to_string(&self.0).map_err(ConversionError::other)?;
        Ok(Param::Text(text.into()))
    }
}
