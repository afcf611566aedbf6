'use strict';
// What pools and connections share: the ways to run a statement and to look at its rows.

const { misuse } = require('./errors');
const { RowsRequest } = require('./requests');
const { RowStream } = require('./stream');
const { prepare, FORMAT } = require('./types');

const STREAM = 1, READ_ONLY = 2, ALONE = 4;

function flagsOf({ readOnly, alone }) {
  return (readOnly ? READ_ONLY : 0) | (alone ? ALONE : 0);
}

/** A subclass has _query(request, sql, params, flags, format, timeout) and _start(request, begin), which give the request's promise. */
class Queries {
  constructor(types, isPostgres) {
    this.types = types;
    this.isPostgres = isPostgres;
  }

  /**
   * Runs SQL with $1, $2 ...: a Result with rows, columns, command and affected. A text of several statements (without
   * parameters) gives a list of them.
   */
  query(sql, params, options) {
    let prepared;
    try {
      prepared = prepare(params, this.isPostgres);
    } catch (error) {
      return Promise.reject(error);
    }
    if (options === undefined) {
      return this._query(new RowsRequest(undefined, this.types, 'object'), sql, prepared, 0, this.types.format, 0);
    }
    const request = new RowsRequest(options.signal, this.types, options.rowMode === 'array' ? 'array' : 'object');
    return this._query(request, sql, prepared, flagsOf(options), this.types.format, options.timeout ?? 0);
  }

  /** All rows. */
  async all(sql, params, options) {
    const result = await this.query(sql, params, options);
    if (Array.isArray(result)) throw misuse('DBPOOL_ERR_INVALID', 'the text has several statements: use query()');
    return result.rows;
  }

  /** The only row; an error unless there is exactly one. */
  async one(sql, params, options) {
    const rows = await this.all(sql, params, options);
    if (rows.length !== 1) throw misuse('DBPOOL_ERR_INVALID', `exactly one row was expected, not ${rows.length}`);
    return rows[0];
  }

  /** The only row, or undefined; an error if there are more. */
  async maybeOne(sql, params, options) {
    const rows = await this.all(sql, params, options);
    if (rows.length > 1) throw misuse('DBPOOL_ERR_INVALID', `at most one row was expected, not ${rows.length}`);
    return rows[0];
  }

  /** How many rows the statement inserted, updated or deleted. */
  async execute(sql, params, options) {
    const result = await this.query(sql, params, options);
    return Array.isArray(result) ? result.reduce((sum, each) => sum + each.affected, 0) : result.affected;
  }

  /** Rows as they come: `for await (const row of pool.stream(sql))`. Memory stays bounded; it keeps the connection. */
  stream(sql, params, options = {}) {
    const stream = new RowStream(options, this.types, (request) =>
      this._query(request, sql, prepare(params, this.isPostgres), STREAM | flagsOf(options), this.types.format,
        options.timeout ?? 0), (request, begin) => this._start(request, begin));
    this._streamed?.(stream);
    return stream;
  }
}

module.exports = { Queries, FORMAT };
