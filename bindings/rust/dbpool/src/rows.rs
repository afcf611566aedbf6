use std::cell::Cell;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use crate::column::{Column, Columns};
use crate::error::{Error, Result};
use crate::from_row::FromRow;
use crate::note::{self, Note};
use crate::row::{OwnedRow, Row};
use crate::sys;

/// A result of the library's, freed with this.
pub(crate) struct ResultHandle(NonNull<sys::dbpool_result>);

// SAFETY: a result may move between threads; it is used by one at a time.
unsafe impl Send for ResultHandle {}

impl ResultHandle {
    /// # Safety
    /// `result` is a result that nobody else frees.
    pub(crate) unsafe fn new(result: *mut sys::dbpool_result) -> Self {
        Self(NonNull::new(result).expect("a successful query has a result"))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::dbpool_result {
        self.0.as_ptr()
    }

    pub(crate) fn columns(&self) -> Columns {
        let mut array = ptr::null();
        // SAFETY: the array lives until the result goes on to the next one, when this is asked for anew.
        unsafe {
            let count = sys::dbpool_result_columns(self.as_ptr(), &mut array);
            Columns::new(array, count)
        }
    }

    pub(crate) fn params(&self) -> Columns {
        let mut array = ptr::null();
        // SAFETY: as above.
        unsafe {
            let count = sys::dbpool_result_params(self.as_ptr(), &mut array);
            Columns::new(array, count)
        }
    }

    pub(crate) fn affected(&self) -> u64 {
        // SAFETY: the result is alive.
        let rows = unsafe { sys::dbpool_result_affected(self.as_ptr()) };
        u64::try_from(rows).unwrap_or(0)
    }
}

impl Drop for ResultHandle {
    fn drop(&mut self) {
        // SAFETY: it is ours, and not used any more.
        unsafe { sys::dbpool_result_free(self.as_ptr()) }
    }
}

pub(crate) const EMPTY_BATCH: sys::dbpool_batch = sys::dbpool_batch {
    struct_size: size_of::<sys::dbpool_batch>(),
    row_count: 0,
    column_count: 0,
    cells: ptr::null(),
};

/// Rows that were fetched, and how far they were read. The cells belong to a result that lives longer.
pub(crate) struct Cursor {
    batch: sys::dbpool_batch,
    next: u32,
}

// SAFETY: the cells are only read, and their result moves along.
unsafe impl Send for Cursor {}

impl Cursor {
    pub(crate) const fn new(batch: sys::dbpool_batch) -> Self {
        Self { batch, next: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.next == self.batch.row_count
    }

    /// # Safety
    /// The cells are still there.
    pub(crate) unsafe fn next<'a>(&mut self, columns: &'a Columns) -> Option<Row<'a>> {
        if self.is_at_end() {
            return None;
        }
        let width = self.batch.column_count as usize;
        let cells: &[sys::dbpool_value] = if width == 0 {
            &[]
        } else {
            // SAFETY: row-major, and `next` is below row_count.
            unsafe {
                std::slice::from_raw_parts(self.batch.cells.add(self.next as usize * width), width)
            }
        };
        self.next += 1;
        Some(Row::new(cells, columns))
    }
}

/// What a statement gave: rows, lent one after the other.
///
/// ```
/// # fn main() -> dbpool::Result<()> {
/// # let pool = dbpool::Pool::new("sqlite::memory:")?;
/// let mut rows = pool.query("SELECT 'Ada' AS name UNION ALL SELECT 'Grace'", ())?;
/// while let Some(row) = rows.next()? {
///     println!("{}", row.get::<_, &str>("name")?);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Buffered rows need no connection. Streamed ones keep theirs until the last row, or until this is dropped.
pub struct Rows<'c> {
    cursor: Cursor,
    columns: Columns,
    result: ResultHandle,
    note: Option<Arc<Note>>,
    _connection: PhantomData<&'c ()>,
    _one_thread_at_a_time: PhantomData<Cell<()>>,
}

// SAFETY: columns and cells are the result's, which moves along and is used by one thread at a time.
unsafe impl Send for Rows<'_> {}

impl Rows<'_> {
    pub(crate) fn new(result: ResultHandle, note: Option<Arc<Note>>) -> Self {
        Self {
            cursor: Cursor::new(EMPTY_BATCH),
            columns: result.columns(),
            result,
            note,
            _connection: PhantomData,
            _one_thread_at_a_time: PhantomData,
        }
    }

    /// The next row; `None` after the last.
    #[allow(clippy::should_implement_trait)] // an Iterator cannot lend
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.cursor.is_at_end() && !self.fetch()? {
            return Ok(None);
        }
        // SAFETY: the batch lives until the next fetch, for which the row must be gone.
        Ok(unsafe { self.cursor.next(&self.columns) })
    }

    /// False: there are no more rows.
    fn fetch(&mut self) -> Result<bool> {
        self.cursor = Cursor::new(EMPTY_BATCH);
        let batch = &mut self.cursor.batch;
        let status = note::call(self.note.as_deref(), |error| {
            // SAFETY: the result is alive, and no row of it is lent.
            unsafe { sys::dbpool_result_fetch(self.result.as_ptr(), 0, batch, error) }
        })?;
        Ok(status == sys::DBPOOL_OK)
    }

    /// Its columns; none for a statement that gives no rows.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.columns.iter()
    }

    /// Rows that INSERT, UPDATE, DELETE or MERGE changed; 0 for other statements.
    pub fn affected(&self) -> u64 {
        self.result.affected()
    }

    /// SQLite: the rowid of the row that was inserted last. PostgreSQL: 0 (use RETURNING).
    pub fn last_insert_id(&self) -> i64 {
        // SAFETY: the result is alive.
        unsafe { sys::dbpool_result_last_insert_id(self.result.as_ptr()) }
    }

    /// What kind of statement it was: `SELECT`, `CREATE TABLE` ...
    pub fn command(&self) -> &str {
        // SAFETY: the result is alive, and so is its text.
        let command = unsafe { CStr::from_ptr(sys::dbpool_result_command(self.result.as_ptr())) };
        command.to_str().unwrap_or_default()
    }

    /// The time from the call to the answer; a stream's, to its first rows. Waiting for a connection is not counted.
    pub fn elapsed(&self) -> Duration {
        // SAFETY: the result is alive.
        let nanos = unsafe { sys::dbpool_result_elapsed_ns(self.result.as_ptr()) };
        Duration::from_nanos(nanos.try_into().unwrap_or(0))
    }

    /// Goes on to the result of the text's next statement; false if that was the last.
    pub fn next_result(&mut self) -> Result<bool> {
        self.cursor = Cursor::new(EMPTY_BATCH);
        let status = note::call(self.note.as_deref(), |error| {
            // SAFETY: the result is alive, and no row of it is lent.
            unsafe { sys::dbpool_result_next(self.result.as_ptr(), error) }
        });
        self.columns = self.result.columns(); // whatever it says, those from before are over
        Ok(status? == sys::DBPOOL_OK)
    }

    /// The only row: an error unless there is exactly one.
    pub fn one<T: FromRow>(self) -> Result<T> {
        self.opt()?.ok_or(Error::NoRows)
    }

    /// The only row, or none: an error if there are more.
    pub fn opt<T: FromRow>(mut self) -> Result<Option<T>> {
        let Some(row) = self.next()? else { return Ok(None) };
        let made = T::from_row(row)?;
        if self.next()?.is_some() {
            Err(Error::TooManyRows)
        } else {
            Ok(Some(made))
        }
    }

    /// All rows that are left.
    pub fn all<T: FromRow>(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(row) = self.next()? {
            all.push(T::from_row(row)?);
        }
        Ok(all)
    }
}

impl<'c> Rows<'c> {
    /// The rows as values of a type: an iterator, which a lending `next()` cannot be.
    pub fn iter_as<T: FromRow>(mut self) -> impl Iterator<Item = Result<T>> + use<'c, T> {
        std::iter::from_fn(move || {
            self.next().and_then(|row| row.map(T::from_row).transpose()).transpose()
        })
    }
}

impl<'c> IntoIterator for Rows<'c> {
    type Item = Result<OwnedRow>;
    type IntoIter = IntoIter<'c>;

    fn into_iter(self) -> IntoIter<'c> {
        IntoIter(self)
    }
}

/// Rows of their own.
#[derive(Debug)]
pub struct IntoIter<'c>(Rows<'c>);

impl Iterator for IntoIter<'_> {
    type Item = Result<OwnedRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().and_then(|row| row.map(|row| row.to_owned()).transpose()).transpose()
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}
