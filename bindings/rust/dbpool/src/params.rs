use crate::error::{Error, Result};
use crate::sys;
use crate::to_sql::{Param, ToSql};
use crate::tuples::each_tuple;

/// The parameters of a statement: a tuple, an array or slice of one type, or [`params!`](crate::params).
///
/// ```
/// # fn main() -> dbpool::Result<()> {
/// # let pool = dbpool::Pool::new("sqlite::memory:")?;
/// let (a, b): (i64, String) = pool.query_one("SELECT $1, $2", (1, "two"))?;
/// let sum: i64 = pool.query_one("SELECT $1 + $2 + $3", [1, 2, 3])?;
/// let none: i64 = pool.query_one("SELECT 1", ())?;
/// # assert_eq!((a, b.as_str(), sum, none), (1, "two", 6, 1));
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the parameters of a statement",
    note = "one parameter is a tuple, too: `(value,)`; none is `()`; any number: `dbpool::params![...]`"
)]
pub trait Params: private::Values {}

pub(crate) mod private {
    use super::*;

    /// Hands the parameters to `then` as C takes them.
    pub trait Values {
        fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R>;
    }
}
use private::Values;

fn param(index: usize, value: &(impl ToSql + ?Sized)) -> Result<Param<'_>> {
    value.to_sql().map_err(|source| Error::conversion(format!("${}", index + 1), source))
}

fn c_value(index: usize, param: &Param<'_>) -> Result<sys::dbpool_value> {
    param.to_c().map_err(|source| Error::conversion(format!("${}", index + 1), source))
}

impl Params for () {}
impl Values for () {
    fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
        Ok(then(&[]))
    }
}

/// Tuples need no memory but the stack's.
macro_rules! tuples {
    ($(($($type:ident $index:tt),+))*) => {$(
        impl<$($type: ToSql),+> Params for ($($type,)+) {}
        impl<$($type: ToSql),+> Values for ($($type,)+) {
            fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
                let params = ($(param($index, &self.$index)?,)+);
                Ok(then(&[$(c_value($index, &params.$index)?),+]))
            }
        }
    )*};
}
each_tuple!(tuples);

impl<T: ToSql> Params for &[T] {}
impl<T: ToSql> Values for &[T] {
    fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
        let params: Vec<Param<'_>> =
            self.iter().enumerate().map(|(i, value)| param(i, value)).collect::<Result<_>>()?;
        let values: Vec<_> =
            params.iter().enumerate().map(|(i, param)| c_value(i, param)).collect::<Result<_>>()?;
        Ok(then(&values))
    }
}

impl<T: ToSql, const N: usize> Params for [T; N] {}
impl<T: ToSql, const N: usize> Values for [T; N] {
    fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
        self.as_slice().with(then)
    }
}

impl<T: ToSql, const N: usize> Params for &[T; N] {}
impl<T: ToSql, const N: usize> Values for &[T; N] {
    fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
        self.as_slice().with(then)
    }
}

impl<T: ToSql> Params for &Vec<T> {}
impl<T: ToSql> Values for &Vec<T> {
    fn with<R>(&self, then: impl FnOnce(&[sys::dbpool_value]) -> R) -> Result<R> {
        self.as_slice().with(then)
    }
}

/// Any number of parameters, of any types: `params![id, name, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::ToSql),*] as &[&dyn $crate::ToSql]
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ValueRef;

    /// What C gets, read as a cell.
    fn seen(params: &impl Params) -> Vec<String> {
        let read = |value: &sys::dbpool_value| {
            // SAFETY: parameters and cells are the same, and these live during the call.
            format!("{:?}", unsafe { ValueRef::of_cell(value) })
        };
        params.with(|values| values.iter().map(read).collect()).unwrap()
    }

    #[test]
    fn a_tuple_is_handed_over_in_its_order() {
        let text = String::from("text");
        let given = (1_u8, -2.5, &text, true, None::<i64>, [7_u8; 2], "");
        let expected = [
            "Int(1)",
            "Float(-2.5)",
            "Text([116, 101, 120, 116])",
            "Bool(true)",
            "Null",
            "Bytes([7, 7])",
            "Text([])",
        ];
        assert_eq!(seen(&given), expected);
    }

    #[test]
    fn slices_and_mixtures_are_handed_over_like_tuples() {
        assert_eq!(seen(&[1, 2]), ["Int(1)", "Int(2)"]);
        assert_eq!(seen(&vec!["a"].as_slice()), ["Text([97])"]);
        assert_eq!(seen(&crate::params![1, "a", None::<bool>]), ["Int(1)", "Text([97])", "Null"]);
        assert!(seen(&()).is_empty());
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_by_its_number() {
        let error = (1, u64::MAX).with(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "$2: 18446744073709551615 is out of the range of a 64-bit integer"
        );
    }
}
