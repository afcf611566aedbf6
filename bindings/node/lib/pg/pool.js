'use strict';

const { EventEmitter } = require('node:events');
const { native, out, begin } = require('../calls');
const { DbpoolError } = require('../errors');
const { Request } = require('../requests');
const { Client, answer } = require('./client');
const { translateConfig, openPool } = require('./config');
const { translateConnect } = require('./errors');
const { QueryRequest, queryArguments } = require('./query');
const { TypeOverrides } = require('./types');

const BROKEN = 2, CLOSED = 3;
const LEASE_EVENTS = ['connect', 'acquire', 'release'];

function secretsOf({ password, connectionString }) {
  const secrets = password === undefined ? [] : ['password'];
  if (/:[^/@]*@|password=/i.test(connectionString ?? '')) secrets.push('connectionString');
  return secrets;
}

function rethrow(error) {
  throw error;
}

/** A lease on its way to be a client. */
class ConnectRequest extends Request {
  constructor(pool) {
    super();
    this.pool = pool;
  }
  lease(low, high) {
    let client;
    try {
      client = this.pool._lent(low, high);
    } catch (error) { // of a listener
      return this.fail(error);
    }
    super.done(client);
  }
  done() { this.lease(out[2], out[3]); }
  fail(error) {
    const translated = translateConnect(error);
    super.fail(translated, translated !== error);
  }
}

/** A pool in the shape of node-postgres. What waits, waits in the library. */
class Pool extends EventEmitter {
  #handle; // until it was reached: of a pool that opens nothing
  #settings;
  #isReached = false;
  #reaching;
  #types;
  #backends = new Map(); // connections that were seen: identity -> process of the server
  #isWatched = false;
  #severed = 0;
  #isSeen = false; // somebody listens to events of leases

  constructor(options = {}) {
    super();
    if (typeof options === 'string') options = { connectionString: options };
    this.options = { ...options, max: options.max ?? options.poolSize ?? 10, min: options.min ?? 0, maxUses: options.maxUses ?? Infinity,
      idleTimeoutMillis: options.idleTimeoutMillis ?? 10000, connectionTimeoutMillis: options.connectionTimeoutMillis ?? 0 };
    for (const name of secretsOf(options)) Object.defineProperty(this.options, name, { enumerable: false }); // nobody shall see them printed
    this.#types = new TypeOverrides(options.types);
    this.ending = false;
    this.ended = false;
    const { uri, list } = translateConfig(options);
    const handle = native.create(uri, list);
    if (handle.status < 0) throw new DbpoolError(handle);
    this.#handle = handle;
    this.#settings = [uri, list];
    super.on('newListener', (event) => {
      if (LEASE_EVENTS.includes(event)) this.#isSeen = true;
      if (event === 'error' || event === 'remove') this.#watch();
    });
  }

  /**
   * One statement on whatever connection suits: many share one. Somebody who listens to 'connect', 'acquire' or 'release'
   * sees a client for each instead.
   */
  query(text, values, callback) {
    if (typeof text === 'function') {
      return answer(Promise.reject(new Error('Passing a function as the first parameter to pool.query is not supported')), text);
    }
    if (typeof text?._submitTo === 'function' || typeof text?.submit === 'function') {
      throw new TypeError('a cursor or a stream needs a client: use pool.connect()');
    }
    const { config, callback: whenDone } = queryArguments(text, values, callback);
    if (this.#isSeen) return answer(this.#queryClient(config), whenDone);
    const request = new QueryRequest(config, whenDone, this.#types);
    request.pool = this;
    if (this.ending) process.nextTick(() => request.fail(new Error('Cannot use a pool after calling end on the pool')));
    else if (this.#isReached) this.#run(request);
    else this.#reach(() => this.#run(request), (error) => request.fail(error));
    return request.promise;
  }

  #run(request) {
    request.run((number, { text, query_timeout: timeout }, values) =>
      native.query(this.#handle, number, text, values, 0, request.types.format, timeout ?? 0));
  }

  /**
   * Does what needs a connection. The first time the library's pool is made with one, so that, as in node-postgres, a
   * server that is not there is told at once; who comes later tries again.
   */
  #reach(run, fail) {
    if (this.#isReached) return run();
    this.#reaching ??= openPool(...this.#settings).then((handle) => {
      this.#handle = handle;
      this.#isReached = true;
      if (this.#isWatched) this.#startWatch();
    }, (error) => {
      this.#reaching = undefined;
      throw translateConnect(error);
    });
    return this.#reaching.then(run, fail);
  }

  async #queryClient(config) {
    const client = await this.connect();
    let failure;
    try {
      return await client.query(config);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure?.cause?.isConnectionBroken ? failure : undefined);
    }
  }

  /** A client, until its release(). As a callback: (error, client, release). */
  connect(callback) {
    if (typeof (callback ?? rethrow) !== 'function') throw new TypeError('a callback must be a function');
    const promise = this.ending ? Promise.reject(new Error('Cannot use a pool after calling end on the pool'))
      : this.#reach(() => new ConnectRequest(this).start((number) => native.acquire(this.#handle, number, -1, 0, '')), rethrow);
    if (callback === undefined || callback === null) return promise;
    promise.then((client) => process.nextTick(callback, undefined, client, (error) => client.release(error)),
      (error) => process.nextTick(callback, error, undefined, () => {}));
    return undefined;
  }

  _lent(low, high) {
    const client = Client._lend(this.options, this.#types, low, high, (lent, error) => this.#released(lent, error));
    try {
      if (this.listenerCount('connect') !== 0) this.#greet(client);
      this.emit('acquire', client);
    } catch (error) {
      client.release();
      throw error;
    }
    return client;
  }

  /** 'connect' comes once for a connection, however often it is lent. */
  #greet(client) {
    const backend = client._backend();
    if (backend === undefined || this.#backends.get(backend[0]) === backend[1]) return;
    this.emit('connect', client);
    this.#backends.set(backend[0], backend[1]); // unless a listener threw: then it is greeted again
  }

  #released(client, error) {
    if (error) ++this.#severed;
    this.emit('release', error, client);
    if (error) this.emit('remove', client);
  }

  #watch() {
    if (this.#isWatched) return;
    this.#isWatched = true;
    if (this.#isReached) this.#startWatch();
  }

  #startWatch() {
    const number = begin({
      event: (kind) => {
        if (kind === BROKEN && this.#severed === 0 && this.listenerCount('error') !== 0) {
          this.emit('error', new Error('Connection terminated unexpectedly'), new Client(this.options));
        }
        if (kind !== CLOSED) return;
        if (this.#severed > 0) --this.#severed; // 'remove' was told at its release
        else this.emit('remove', new Client(this.options));
      },
      end() {},
    });
    native.watch(this.#handle, number);
  }

  /** Waits until all clients are released, then closes. */
  end(callback) {
    if (this.ending) return answer(Promise.reject(new Error('Called end on pool more than once')), callback);
    this.ending = true;
    return answer(this.#close(), callback);
  }

  async #close() {
    await this.#reaching?.catch(() => {}); // whoever asked for it is told
    await new Request().start((number) => native.close(this.#handle, number, Infinity));
    this.ended = true;
  }
  async [Symbol.asyncDispose]() {
    if (!this.ending) await this.end();
  }

  get totalCount() {
    const stats = native.stats(this.#handle);
    return stats.open + stats.opening;
  }
  get idleCount() { return native.stats(this.#handle).idle; }
  get waitingCount() { return native.stats(this.#handle).waiting; }

  setTypeParser(oid, format, parse) { this.#types.setTypeParser(oid, format, parse); }
  getTypeParser(oid, format) { return this.#types.getTypeParser(oid, format); }
}

module.exports = { Pool };
