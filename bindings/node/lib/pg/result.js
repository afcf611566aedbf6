'use strict';

const ROWS_CHANGED = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const ROWS_GIVEN = new Set(['SELECT', 'VALUES', 'TABLE', 'WITH', 'FETCH', 'SHOW', 'EXPLAIN']);

/** What node-postgres gives: rows, fields, command, rowCount. */
class Result {
  constructor(shape, command, affected, rowCount, rowMode) {
    const word = command.split(' ', 1)[0];
    this.command = word === '' ? null : word;
    this.rowCount = ROWS_CHANGED.has(word) ? affected : ROWS_GIVEN.has(word) ? rowCount : null;
    this.oid = word === 'INSERT' ? 0 : null;
    this.rows = [];
    this.fields = shape.fields ??= shape.columns.map((column) => new Field(column));
    this.rowAsArray = rowMode === 'array';
  }
  /** More rows of it have come. */
  grew(count) {
    if (this.rowCount !== null && !ROWS_CHANGED.has(this.command)) this.rowCount += count;
  }
}

/** Size and modifier of a type the library does not say. */
class Field {
  constructor(column) {
    this.name = column.name;
    this.tableID = column.nativeTable;
    this.columnID = column.nativeColumn;
    this.dataTypeID = column.nativeType;
    this.dataTypeSize = -1;
    this.dataTypeModifier = -1;
    this.format = 'text';
  }
}

module.exports = { Result };
