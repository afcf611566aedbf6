'use strict';

const { EventEmitter } = require('node:events');
const { choiceOf, countOf, functionOf, optionsOf, textOf, timeoutOf } = require('./arguments');
const { native, out, begin, end } = require('./calls');
const { Connection } = require('./connection');
const { DbpoolError, misuse } = require('./errors');
const { createArguments, isSqlite } = require('./options');
const { Queries } = require('./queries');
const { Request, LeaseRequest } = require('./requests');
const { runTransaction } = require('./transaction');
const { Types } = require('./types');

const ACCESS = { default: 0, read: 1, write: 2 };
const EVENTS = ['', 'opened', 'broken', 'closed'];
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
  connect(options) {
    try {
      const { signal, timeout, access, tag } = optionsOf(options);
      const wait = timeoutOf(timeout, -1), how = choiceOf('access', access ?? 'default', ACCESS), who = textOf('tag', tag ?? '');
      const request = new LeaseRequest(signal, (low, high) => new Connection(this, low, high));
      return request.start((number) => native.acquire(this.#handle, number, wait, how, who));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs fn(connection) with a connection, which is given back whatever happens. */
  async use(fn, options) {
    functionOf('the function of use()', fn);
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
  async pipeline(statements, options) {
    const { signal } = optionsOf(options);
    return this.use((connection) => connection.pipeline(statements, options), { signal });
  }

  /** Asks the database for a sign of life: all of it within the time-out (5 s; -1: the pool's options). */
  async ping(options) {
    const { signal, timeout: given } = optionsOf(options);
    const timeout = timeoutOf(given, 5000), end = performance.now() + timeout;
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

  resize(poolSize, maxOverflow = 0) {
    check(native.resize(this.#handle, countOf('poolSize', poolSize), countOf('maxOverflow', maxOverflow)));
  }

  /**
   * No more leases from now on; waits for those that are lent up to `timeout` milliseconds (the option acquire_timeout
   * unless given), then cuts them off, which is DBPOOL_ERR_TIMEOUT. Harmless twice.
   */
  async close(options) {
    const timeout = timeoutOf(optionsOf(options).timeout, -1);
    await new Request(undefined).start((number) => native.close(this.#handle, number, timeout));
  }

  async [Symbol.asyncDispose]() { await this.close(); }

  on(event, listener) {
    if (event === 'error') return this; // events.once() and its like ask for it, and there is none
    if (event === '' || !EVENTS.includes(event)) throw misuse('DBPOOL_ERR_INVALID', `a pool has no event ${String(event)}`);
    this.#events.on(event, functionOf('a listener', listener));
    this.#watch ??= this.#startWatch();
    return this;
  }
  once(event, listener) {
    functionOf('a listener', listener);
    const once = (...values) => {
      this.off(event, once);
      listener.apply(this, values);
    };
    once.listener = listener;
    return this.on(event, once);
  }
  off(event, listener) {
    this.#events.off(event, functionOf('a listener', listener));
    if (this.#watch !== undefined && this.#events.eventNames().length === 0) {
      native.unwatch(this.#handle, ...this.#watch);
      this.#watch = undefined;
    }
    return this;
  }
  addListener(event, listener) { return this.on(event, listener); }
  removeListener(event, listener) { return this.off(event, listener); }

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

/**
 * Makes a pool; when it is there a connection is open (unless `lazy`). Options are the library's, as poolSize or
 * pool_size, and types: converters from text by names of PostgreSQL's types; env: options from the environment (true, or
 * what their names begin with); signal ends the attempt.
 */
async function createPool(uri, settings) {
  if (typeof uri === 'object' && uri !== null) return createPool('', uri);
  const { types: custom, signal, ...options } = optionsOf(settings);
  const types = new Types(custom);
  const [address, list, prefix] = createArguments(uri, options);
  const handle = await new Request(signal).start((number) => native.create(address, list, prefix, number));
  return new Pool(handle, types, !isSqlite(uri, options));
}

module.exports = { Pool, createPool };
