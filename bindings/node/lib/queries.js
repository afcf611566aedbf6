'use strict';
// What pools and connections share: the ways to run a statement and to look at its rows.

const { countOf, modeOf, optionsOf, timeoutOf } = require('./arguments');
const { misuse } = require('./errors');
const { RowsRequest } = require('./requests');
const { RowStream } = require('./stream');
const { prepare } = require('./types');

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
    try {
      const prepared = prepare(params, this.isPostgres);
      if (options === undefined) {
        return this._query(new RowsRequest(undefined, this.types, 'object'), sql, prepared, 0, this.types.format, 0);
      }
      const given = optionsOf(options);
      const request = new RowsRequest(given.signal, this.types, modeOf(given.rowMode));
      return this._query(request, sql, prepared, flagsOf(given), this.types.format, timeoutOf(given.timeout, 0));
    } catch (error) {
      return Promise.reject(error);
    }
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
  stream(sql, params, options) {
    const given = optionsOf(options);
    const { signal } = given;
    const how = { signal, mode: modeOf(given.rowMode), batchSize: countOf('batchSize', given.batchSize ?? 0) };
    const flags = STREAM | flagsOf(given), timeout = timeoutOf(given.timeout, 0);
    const stream = new RowStream(how, this.types, (request) =>
      this._query(request, sql, prepare(params, this.isPostgres), flags, this.types.format, timeout),
    (request, begin) => this._start(request, begin));
    this._streamed?.(stream);
    return stream;
  }
}

module.exports = { Queries };
