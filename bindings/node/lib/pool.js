'use strict';

const { EventEmitter } = require('node:events');
const { native, out, begin, end } = require('./calls');
const { Connection } = require('./connection');
const { DbpoolError, misuse } = require('./errors');
const { createArguments, isSqlite } = require('./options');
const { Queries } = require('./queries');
const { Request, LeaseRequest } = require('./requests');
const { runTransaction } = require('./transaction');
const { Types } = require('./types');

const ACCESS = { default: 0, read: 1, write: 2 };
const EVENTS = [undefined, 'opened', 'broken', 'closed'];
const REASONS = [undefined, 'idle', 'lifetime', 'uses', 'broken', 'ping', 'reset', 'invalidated', 'hook', 'shrunk', 'pool'];

/** A pool. Emits 'opened', 'broken' and 'closed', with {connection, reason, missed}. */
class Pool extends Queries {
  #handle;
  #events = new EventEmitter();
  #watch; // both halves of its number, while there are listeners

  constructor(handle, types, isPostgres) {
    super(types, isPostgres);
    this.#handle = handle;
  }

  _start(request, begin) {
    request.pool = this;
    return request.start(begin);
  }

  _query(request, sql, params, flags, format, timeout) {
    return this._start(request, (number) => native.query(this.#handle, number, sql, params, flags, format, timeout));
  }

  /**
   * Borrows a connection: {signal, timeout, access, tag}. timeout is in milliseconds, 0 does not wait. access is 'read'
   * or 'write' for SQLite; tag says in diagnoses who has it.
   */
  connect({ signal, timeout = -1, access = 'default', tag = '' } = {}) {
    if (!Object.hasOwn(ACCESS, access)) return Promise.reject(misuse('DBPOOL_ERR_INVALID', `unknown access ${access}`));
    const request = new LeaseRequest(signal, (low, high) => new Connection(this, low, high));
    return request.start((number) => native.acquire(this.#handle, number, timeout, ACCESS[access], tag));
  }

  /** Runs fn(connection) with a connection, which is given back whatever happens. */
  async use(fn, options) {
    const connection = await this.connect(options);
    try {
      return await fn(connection);
    } finally {
      connection.release();
    }
  }

  /**
   * Runs fn(connection) in a transaction and commits; rolls back if it throws. It is run again after a serialization
   * failure or a deadlock: let it have no effects that cannot be repeated. Options: isolation, readOnly, deferrable,
   * maxAttempts, timeout, signal.
   */
  transaction(fn, options) {
    return runTransaction(this, fn, options);
  }

  /** How long to wait before a transaction that failed is run again; undefined: not again. */
  _again(error, maxAttempts, attempt) {
    const failure = DbpoolError._nativeOf(error);
    return failure === undefined ? undefined : check(native.transactionAgain(this.#handle, failure, maxAttempts, attempt));
  }

  /** Runs several statements in one round trip on one connection: see Connection.pipeline(). */
  pipeline(statements, options = {}) {
    return this.use((connection) => connection.pipeline(statements, options), { signal: options.signal });
  }

  /** Asks the database for a sign of life: all of it within the time-out (5 s; -1: the pool's options). */
  async ping({ signal, timeout = 5000 } = {}) {
    const end = performance.now() + timeout;
    const connection = await this.connect({ signal, timeout });
    try {
      await connection.ping({ signal, timeout: timeout < 0 ? -1 : Math.max(1, Math.round(end - performance.now())) });
    } finally {
      connection.release();
    }
  }

  /** Replaces all connections, and waits until a fresh one has answered. */
  async reconnect(options) {
    this.invalidate();
    await this.ping(options);
  }

  /** Counts: open, idle, leased, waiting, acquired, waitMs ... */
  stats() { return check(native.stats(this.#handle)); }

  /** Replaces all connections, softly. */
  invalidate() { check(native.invalidate(this.#handle)); }

  resize(poolSize, maxOverflow = 0) { check(native.resize(this.#handle, poolSize, maxOverflow)); }

  /**
   * No more leases from now on; waits for those that are lent up to `timeout` milliseconds (the option acquire_timeout
   * unless given), then cuts them off, which is DBPOOL_ERR_TIMEOUT. Harmless twice.
   */
  close({ timeout = -1 } = {}) {
    return new Request(undefined).start((number) => native.close(this.#handle, number, timeout)).then(ignore);
  }

  async [Symbol.asyncDispose]() { await this.close(); }

  on(event, listener) {
    if (!EVENTS.includes(event)) throw misuse('DBPOOL_ERR_INVALID', `a pool has no event ${event}`);
    if (this.#watch === undefined) this.#watch = this.#startWatch();
    this.#events.on(event, listener);
    return this;
  }
  once(event, listener) {
    const once = (...values) => {
      this.off(event, once);
      listener.apply(this, values);
    };
    once.listener = listener;
    return this.on(event, once);
  }
  off(event, listener) {
    this.#events.off(event, listener);
    if (this.#watch !== undefined && this.#events.eventNames().length === 0) {
      native.unwatch(this.#handle, ...this.#watch);
      this.#watch = undefined;
    }
    return this;
  }

  #startWatch() {
    const events = this.#events;
    const number = begin({
      event(kind, reason, connection, missed) { events.emit(EVENTS[kind], { connection, reason: REASONS[reason], missed }); },
      end() {},
    });
    const status = native.watch(this.#handle, number);
    if (status !== 0) {
      end(number);
      throw new DbpoolError(status);
    }
    return [out[2], out[3]];
  }
}

function check(value) {
  if (typeof value === 'object' && value.status < 0) throw new DbpoolError(value);
  return value;
}

function ignore() {}

/**
 * Makes a pool; when it is there a connection is open (unless `lazy`). Options are the library's, as poolSize or
 * pool_size, and types: converters from text by names of PostgreSQL's types; env: options from the environment (true, or
 * what their names begin with); signal ends the attempt.
 */
async function createPool(uri, settings = {}) {
  if (typeof uri === 'object' && uri !== null) return createPool('', uri);
  const { types, signal, ...options } = settings;
  const [address, list, prefix] = createArguments(uri, options);
  const handle = await new Request(signal).start((number) => native.create(address, list, prefix, number));
  return new Pool(handle, new Types(types), !isSqlite(uri, options));
}

module.exports = { Pool, createPool };
