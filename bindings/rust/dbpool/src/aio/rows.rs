use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use super::call::{on_fetch, Answer, Call, OnDrop, Started};
use crate::column::{Column, Columns};
use crate::error::Result;
use crate::from_row::FromRow;
use crate::row::Row;
use crate::rows::{Cursor, ResultHandle, EMPTY_BATCH};
use crate::sys;

/// Rows that come as they are asked for.
pub struct RowStream<'c> {
    cursor: Cursor,
    columns: Columns,
    /// Freed first: that ends a fetch under way, whose answer then goes to the call.
    result: ResultHandle,
    call: Arc<Call>,
    _connection: PhantomData<&'c mut ()>,
}

// SAFETY: columns and cells are the result's, which moves along and is used by one thread at a time.
unsafe impl Send for RowStream<'_> {}
// SAFETY: shared, it can be asked for its columns alone.
unsafe impl Sync for RowStream<'_> {}

impl RowStream<'_> {
    pub(crate) fn new(result: ResultHandle, call: Arc<Call>) -> Self {
        Self {
            cursor: Cursor::new(EMPTY_BATCH),
            columns: result.columns(),
            result,
            call,
            _connection: PhantomData,
        }
    }

    /// The next row; `None` after the last. If the future is dropped, no row is lost: the next call goes on with it.
    pub async fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.cursor.is_at_end() && !self.fetch().await? {
            return Ok(None);
        }
        // SAFETY: the batch lives until the next fetch, for which the row must be gone.
        Ok(unsafe { self.cursor.next(&self.columns) })
    }

    /// All rows that are left.
    pub async fn all<T: FromRow>(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(row) = self.next().await? {
            all.push(T::from_row(row)?);
        }
        Ok(all)
    }

    /// Its columns.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.columns.iter()
    }

    /// False: there are no more rows.
    async fn fetch(&mut self) -> Result<bool> {
        if !self.call.is_open() {
            if let Some(more) = self.fetch_now()? {
                return Ok(more);
            }
        }
        match self.call.answer(OnDrop::Leave).await? {
            Answer::Batch(Some(batch)) => {
                self.cursor = Cursor::new(batch.0);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// `None`: the answer comes later.
    fn fetch_now(&mut self) -> Result<Option<bool>> {
        let mut batch = EMPTY_BATCH;
        let started = self.call.start(|user, op, error| {
            // SAFETY: the result is alive, and no row of it is lent.
            unsafe {
                sys::dbpool_result_fetch_async(
                    self.result.as_ptr(),
                    ptr::null_mut(),
                    0,
                    Some(on_fetch),
                    user,
                    &mut batch,
                    op,
                    error,
                )
            }
        })?;
        self.cursor = Cursor::new(batch);
        Ok(match started {
            Started::Pending => None,
            Started::Now(status) => Some(status == sys::DBPOOL_OK),
        })
    }
}

impl std::fmt::Debug for RowStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowStream").field("columns", &self.columns).finish_non_exhaustive()
    }
}
