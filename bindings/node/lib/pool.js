'use strict';

const { EventEmitter } = require('node:events');
const { native, begin, end } = require('./calls');
const { Connection } = require('./connection');
const { DbpoolError, misuse } = require('./errors');
const { Queries } = require('./queries');
const { Request, LeaseRequest } = require('./requests');
const { runTransaction } = require('./transaction');
const { Types } = require('./types');

const ACCESS = { default: 0, read: 1, write: 2 };
const EVENTS = [undefined, 'opened', 'broken', 'closed'];
const REASONS = [undefined, 'idle', 'lifetime', 'uses', 'broken', 'ping', 'reset', 'invalidated', 'hook', 'shrunk', 'pool'];

/** Options of the library as names and values: poolSize or pool_size; numbers of time options are milliseconds. */
function optionList(options) {
  const list = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const isTime = typeof value === 'number' && /_timeout$|^max_lifetime$|^keepalive$|^ping_after$/.test(name);
    list.push(name, isTime ? (value === Infinity ? 'none' : `${value}ms`) : String(value));
  }
  return list;
}

/** A pool. Emits 'opened', 'broken' and 'closed', with {connection, reason, missed}. */
class Pool extends Queries {
  #handle;
  #events = new EventEmitter();
  #isWatched = false;

  constructor(handle, types, isPostgres) {
    super(types, isPostgres);
    this.#handle = handle;
  }

  _query(request, sql, params, flags, format, timeout) {
    return request.start((number) => native.query(this.#handle, number, sql, params, flags, format, timeout));
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

  /** Asks the database for a sign of life. */
  ping({ signal, timeout = 5000 } = {}) {
    return this.use((connection) => connection.ping({ signal, timeout }), { signal, timeout });
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
    if (!this.#isWatched) this.#watch();
    this.#events.on(event, listener);
    return this;
  }
  once(event, listener) {
    const once = (...values) => {
      this.#events.off(event, once);
      listener.apply(this, values);
    };
    once.listener = listener;
    return this.on(event, once);
  }
  off(event, listener) {
    this.#events.off(event, listener);
    return this;
  }

  #watch() {
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
    this.#isWatched = true;
  }
}

function check(value) {
  if (typeof value === 'object' && value.status < 0) throw new DbpoolError(value);
  return value;
}

function ignore() {}

/**
 * Makes a pool; when it is there a connection is open (unless `lazy`). Options are the library's, as poolSize or
 * pool_size, and types: converters from text by names of PostgreSQL's types; signal ends the attempt.
 */
async function createPool(uri, settings = {}) {
  if (typeof uri === 'object' && uri !== null) return createPool('', uri);
  const { types, signal, ...options } = settings;
  const isPostgres = !/^sqlite/.test(uri || options.uri || '');
  const request = new Request(signal);
  const handle = await request.start((number) => native.create(uri ?? '', optionList(options), number));
  return new Pool(handle, new Types(types), isPostgres);
}

module.exports = { Pool, createPool, optionList };
