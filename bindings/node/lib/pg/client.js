'use strict';

const { EventEmitter } = require('node:events');
const { native, out, release } = require('../calls');
const { Request } = require('../requests');
const { translateConfig, openPool } = require('./config');
const { translateConnect } = require('./errors');
const { QueryRequest, queryArguments } = require('./query');
const { TypeOverrides } = require('./types');
const { escapeIdentifier, escapeLiteral } = require('./utils');

const FOREVER = Infinity;
const MAX_NAMES = 1000;

function releasedTwice() {
  return new Error('Release called on client which has already been released to the pool.');
}

function unusable(message) {
  return Object.assign(new Error(message), { code: 'DBPOOL_ERR_STALE' });
}

function unsupported(what) {
  return Object.assign(new TypeError(`dbpool/pg does not support ${what}`), { code: 'DBPOOL_ERR_UNSUPPORTED' });
}

let hasWarned = false;

/** What the library does not tell: who waits for a notification would wait for ever, and notices are missed at least. */
function refuseUntold(event) {
  if (event === 'notification') throw unsupported('notifications (LISTEN): use pg for them');
  if (event !== 'notice' || hasWarned) return;
  hasWarned = true;
  process.emitWarning("dbpool/pg does not tell notices of the server: 'notice' is never emitted", { code: 'DBPOOL_PG_NOTICE' });
}

/** A promise, or the callback's answer. */
function answer(promise, callback) {
  if (callback === undefined || callback === null) return promise;
  if (typeof callback !== 'function') {
    promise.catch(() => {});
    throw new TypeError('a callback must be a function');
  }
  promise.then((value) => process.nextTick(callback, null, value), (error) => process.nextTick(callback, error));
  return undefined;
}

/** The lease of a client, whatever the state of the pool it came from. Statements of a client run one by one. */
class Client extends EventEmitter {
  #options; // with a password: nobody shall see it printed
  #low = 0;
  #high = 0;
  #destroys = false;
  #state = 'new'; // -> connecting -> ready -> over
  #queue = [];
  #active = null;
  #names = new Map();
  #handle; // of the pool of one that a client of its own has
  #onRelease;
  #onIdle = [];
  #isEnding = false;

  constructor(config = {}) {
    super();
    if (typeof config === 'string') config = { connectionString: config };
    this.#options = config;
    this._types = new TypeOverrides(config.types);
    this.host = config.host;
    this.port = config.port;
    this.user = config.user;
    this.database = config.database;
  }

  /** A client of a pool: it has its lease, and gives it back to `onRelease(client, error)`. */
  static _lend(config, types, low, high, onRelease) {
    const client = new Client(config);
    client._types = types;
    client.#onRelease = onRelease;
    client.#take(low, high);
    return client;
  }

  on(event, listener) {
    refuseUntold(event);
    return super.on(event, listener);
  }
  addListener(event, listener) { return this.on(event, listener); }

  connect(callback) {
    return answer(this.#connect(), callback);
  }

  async #connect() {
    if (this.#state !== 'new') throw new Error('Client has already been connected. You cannot reuse a client.');
    this.#state = 'connecting';
    try {
      const { uri, list } = translateConfig(this.#options, { max: 1, min: 0, idleTimeoutMillis: 0 });
      const handle = await openPool(uri, list);
      this.#handle = handle;
      const request = new Request();
      request.lease = (low, high) => request.done([low, high]);
      const lease = await request.start((number) => native.acquire(handle, number, -1, 0, ''));
      this.#take(...(Array.isArray(lease) ? lease : [out[2], out[3]]));
    } catch (error) {
      this.#end();
      throw translateConnect(error);
    }
    this.emit('connect');
    return this;
  }

  #take(low, high) {
    this.#low = low;
    this.#high = high;
    this.#state = 'ready';
    this.#next();
  }

  query(text, values, callback) {
    if (typeof text?._submitTo === 'function') {
      text._submitTo(this);
      return text;
    }
    if (typeof text?.submit === 'function') {
      throw unsupported('a query object that speaks the protocol of pg itself (COPY streams do): there are Cursor, QueryStream and Query of dbpool/pg');
    }
    const { config, callback: whenDone } = queryArguments(text, values, callback);
    const request = new QueryRequest(config, whenDone, this._types);
    if (config.name) this.#checkName(request, config);
    this._enqueue(request);
    return request.promise;
  }

  /** A name stands for one text; the library prepares by the text. */
  #checkName(request, { name, text }) {
    const known = this.#names.get(name);
    if (known === undefined) {
      if (this.#names.size >= MAX_NAMES) this.#names.clear();
      this.#names.set(name, text);
    } else if (known !== text && text) {
      request.start = () => process.nextTick(() => {
        request.owner = this;
        request.fail(new Error(`Prepared statements must be unique - '${name}' was used for a different statement`));
      });
    }
  }

  /** Something to do on the lease: its start(client) is called when its turn comes, and _ended(it) says it is done; abandon() asks for that. */
  _enqueue(task) {
    if (this.#state === 'over' || this.#isEnding) {
      process.nextTick(() => task.fail(unusable(this.#onRelease ? 'Client was released to the pool and cannot be used any more' : 'Client was closed and is not queryable')));
      return;
    }
    this.#queue.push(task);
    if (this.#active === null) this.#next();
  }

  #next() {
    if (this.#state !== 'ready') return;
    this.#active = this.#queue.shift() ?? null;
    if (this.#active !== null) this.#startActive();
    else if (this.#onIdle.length !== 0) this.#onIdle.splice(0).forEach((listener) => listener());
  }

  #startActive() {
    this.#active.start(this);
    if (this.#isEnding) this.#active?.close?.(); // a cursor, once it has given what it was asked for: it has no end of its own
  }

  _ended(task, error) {
    if (this.#active !== task) return;
    this.#active = null;
    if (this.#state === 'over') return this.#giveBack();
    const broken = error?.cause?.isConnectionBroken === true;
    this.#next();
    if (this.#active === null && this.#queue.length === 0 && !broken) process.nextTick(() => this.emit('drain'));
    if (broken && this.listenerCount('error') !== 0) process.nextTick(() => this.emit('error', error));
  }

  _connQuery(number, text, values, flags, format, timeout) {
    return native.connQuery(this.#low, this.#high, number, text, values, flags, format, timeout ?? 0);
  }

  /** Gives a pooled client back; with an error or true its connection is closed instead of reused. */
  release(error) {
    if (this.#onRelease === undefined) throw new TypeError('this client is not of a pool: use end()');
    if (this.#state === 'over') throw releasedTwice();
    this.#over();
    this.#destroys = Boolean(error);
    try {
      this.#onRelease(this, error);
    } finally { // whatever a listener of the pool throws
      if (this.#active === null) this.#giveBack();
      else this.#active.abandon();
    }
  }

  /** Nothing more is started; what waits fails. */
  #over() {
    this.#state = 'over';
    for (const task of this.#queue.splice(0)) {
      process.nextTick(() => task.fail(unusable('Client was released to the pool and cannot be used any more')));
    }
  }

  async #giveBack() {
    if (this.#destroys) {
      this.#destroys = false;
      native.sever(this.#low, this.#high); // the ping finds it lost, and the pool replaces it
      await new Request().start((number) => native.connPing(this.#low, this.#high, number, 1000)).catch(() => {});
    }
    release(this.#low, this.#high);
  }

  /** Ends it when all that was asked for is done. A pooled client is released by it. Harmless twice. */
  end(callback) {
    return answer(this.#finish(), callback);
  }

  async #finish() {
    if (this.#state === 'over') return;
    this.#isEnding = true;
    this.#active?.close?.();
    if (this.#active !== null || this.#queue.length !== 0) {
      await new Promise((resolve) => this.#onIdle.push(resolve));
      if (this.#state === 'over') return;
    }
    if (this.#onRelease !== undefined) return this.release();
    this.#over();
    release(this.#low, this.#high);
    if (this.#handle !== undefined) {
      await new Request().start((number) => native.close(this.#handle, number, FOREVER)).catch(() => {});
    }
    this.#end();
  }

  #end() {
    this.#over();
    this.emit('end');
  }

  /** The server process of this connection. */
  get processID() { return this._backend()?.[1] ?? null; }
  _backend() { return this.#state === 'ready' ? native.backend(this.#low, this.#high) : undefined; }

  setTypeParser(oid, format, parse) { this._types.setTypeParser(oid, format, parse); }
  getTypeParser(oid, format) { return this._types.getTypeParser(oid, format); }
  escapeIdentifier(text) { return escapeIdentifier(text); }
  escapeLiteral(text) { return escapeLiteral(text); }
  ref() {}
  unref() {}

  /** Returns a pooled client, ends another one. Harmless twice. */
  [Symbol.dispose]() {
    if (this.#state === 'over') return;
    if (this.#onRelease !== undefined) this.release();
    else this.end();
  }
  async [Symbol.asyncDispose]() {
    if (this.#state === 'over') return;
    if (this.#onRelease !== undefined) this.release();
    else await this.end();
  }
}

module.exports = { Client, answer };
