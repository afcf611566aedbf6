'use strict';

const path = require('node:path');
const fs = require('node:fs');
const { native, look, now, out, reads } = require('../calls');
const { DbpoolError } = require('../errors');
const { optionList } = require('../options');
const { FORMAT } = require('../types');
const { SqliteError, translate } = require('./errors');
const { Statement } = require('./statement');
const { makeTransaction } = require('./transaction');

const OPTIONS = { readonly: isBoolean, fileMustExist: isBoolean, timeout: isTimeout, verbose: isVerbose, dbpool: isObject };

function isBoolean(value) { return typeof value === 'boolean' || 'a boolean'; }
function isTimeout(value) { return (Number.isInteger(value) && value >= 0 && value <= 0x7FFFFFFF) || 'a positive integer'; }
function isVerbose(value) { return value === null || typeof value === 'function' || 'a function'; }
function isObject(value) { return (typeof value === 'object' && value !== null) || 'an object'; }

function checkOptions(options) {
  if (typeof options !== 'object') throw new TypeError('Expected second argument to be an options object');
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) throw new TypeError(`The option ${name} is not supported`);
    const wanted = value === undefined || OPTIONS[name](value);
    if (wanted !== true) throw new TypeError(`Expected the "${name}" option to be ${wanted}`);
  }
}

function check(value) {
  if (typeof value === 'object' && value.status < 0) throw translate(new DbpoolError(value));
  return value;
}

/** One connection to a SQLite database, which blocks while it works. */
class Database {
  #pool;
  #isOpen = false;

  constructor(filename, options) {
    filename ??= ':memory:';
    options ??= {};
    if (typeof filename !== 'string') throw new TypeError('Expected first argument to be a string');
    checkOptions(options);
    const { readonly = false, fileMustExist = false, timeout = 5000, verbose } = options;
    const trimmed = filename.trim();
    this.memory = trimmed === '' || trimmed === ':memory:';
    this.readonly = Boolean(readonly);
    this.name = trimmed;
    if (this.memory && this.readonly) throw new TypeError('In-memory/temporary databases cannot be readonly');
    if (!this.memory && !fs.existsSync(path.dirname(trimmed))) {
      throw new TypeError('Cannot open database because the directory does not exist');
    }
    this._verbose = verbose ?? undefined;
    this._format = FORMAT.rounded;
    this._iteration = undefined;
    const uri = this.memory ? 'sqlite::memory:' : `sqlite:${trimmed.split('/').map(encodeURIComponent).join('/')}`;
    const list = optionList({
      pool_size: 1, max_overflow: 0, max_lifetime: 'none', idle_timeout: 'none', ping_after: 'off', keepalive: 'off',
      query_timeout: 'none', lock_timeout: timeout > 0 ? `${timeout}ms` : '1ms',
      mode: readonly ? 'ro' : fileMustExist ? 'rw' : undefined, lazy: true, ...options.dbpool,
    });
    this.#pool = check(native.create(uri, list));
    check(native.acquireNow(this.#pool, -1));
    this._low = out[2];
    this._high = out[3];
    this.#isOpen = true;
  }

  get open() { return this.#isOpen; }
  get inTransaction() { return this.#isOpen && native.inTransaction(this._low, this._high); }

  /** Before a statement: the connection is there, and no iteration has it. */
  _settle() {
    if (!this.#isOpen) throw new TypeError('The database connection is not open');
    if (this._iteration !== undefined) this._iteration._detach();
  }

  _execute(sql) {
    this._settle();
    const prepared = native.prepareNow(this._low, this._high, sql); // and its address is in `now`
    now[1] = FORMAT.rounded << 8;
    now[2] = 0;
    const error = look(native.runNow(prepared));
    if (error !== undefined) throw translate(error);
    if (reads.r[9] !== 0) native.freeResult(reads.r[10]);
  }

  prepare(source) { return new Statement(this, source); }

  /** Runs all statements of the text. */
  exec(source) {
    if (typeof source !== 'string') throw new TypeError('Expected first argument to be a string');
    if (this._verbose !== undefined) this._verbose(source);
    this._execute(source);
    return this;
  }

  transaction(fn) { return makeTransaction(this, fn); }

  /** The rows of a pragma; {simple: true} for the first value of the first one. */
  pragma(source, options) {
    if (typeof source !== 'string') throw new TypeError('Expected first argument to be a string');
    const { simple = false } = options ?? {};
    const statement = this.prepare(`PRAGMA ${source}`);
    if (!statement.reader) {
      statement.run();
      return simple ? undefined : [];
    }
    return simple ? statement.pluck().get() : statement.all();
  }

  defaultSafeIntegers(on = true) {
    this._format = on ? FORMAT.bigint : FORMAT.rounded;
    return this;
  }

  /** Rolls back what is open. Harmless twice. */
  close() {
    if (!this.#isOpen) return this;
    this.#isOpen = false;
    this._iteration?.return();
    native.release(this._low, this._high);
    native.closeNow(this.#pool);
    return this;
  }
  [Symbol.dispose]() { this.close(); }
}

Database.SqliteError = SqliteError;

module.exports = { Database };
