use crate::column::{Column, Columns};
use crate::rows::ResultHandle;

/// What a statement takes and gives.
pub struct Description {
    params: Columns,
    columns: Columns,
    _result: ResultHandle,
}

// SAFETY: the arrays are the result's, which moves along and is not changed any more.
unsafe impl Send for Description {}
// SAFETY: the same.
unsafe impl Sync for Description {}

impl Description {
    pub(crate) fn new(result: ResultHandle) -> Self {
        Self { params: result.params(), columns: result.columns(), _result: result }
    }

    /// Its parameters. SQLite knows their number, not their types.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.params.iter()
    }

    /// Its columns; none for a statement that gives no rows.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.columns.iter()
    }
}

impl std::fmt::Debug for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Description")
            .field("params", &self.params().collect::<Vec<_>>())
            .field("columns", &self.columns().collect::<Vec<_>>())
            .finish()
    }
}
