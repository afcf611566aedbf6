'use strict';

const { optionsOf, textOf, timeoutOf } = require('./arguments');
const { native, release, shapeOf } = require('./calls');
const { Request, RowsRequest } = require('./requests');
const { PipelineRequest } = require('./pipeline');
const { Queries } = require('./queries');
const { beginArguments } = require('./transaction');

/**
 * A borrowed connection, until release(). It runs one statement at a time: a second one is DBPOOL_ERR_BUSY. After its
 * release every call answers DBPOOL_ERR_STALE.
 */
class Connection extends Queries {
  #low;
  #high;
  #running = 0; // calls without an answer; one at most is under way, others were refused
  #current;
  #releaseLater = false;
  #isReleased = false;
  #stream;
  #pool; // only held: a pool that nobody holds is closed

  constructor(pool, low, high) {
    super(pool.types, pool.isPostgres);
    this.#pool = pool;
    this.#low = low;
    this.#high = high;
  }

  get isReleased() { return this.#isReleased; }

  /** The number of the connection behind the lease, as events have it; 0 when it is released. */
  get id() { return native.connId(this.#low, this.#high); }

  /** Starts whatever runs on the connection, fetches of its streams too: a release waits for its answer. */
  _start(request, begin) {
    ++this.#running;
    const settle = request.settle;
    request.settle = () => {
      --this.#running;
      settle.call(request);
      if (this.#releaseLater && this.#running === 0) this.#giveBack();
    };
    const promise = request.start(begin);
    if (request.isUnderWay) this.#current = request;
    return promise;
  }

  _query(request, sql, params, flags, format, timeout) {
    return this._start(request, (number) =>
      native.connQuery(this.#low, this.#high, number, sql, params, flags, format, timeout));
  }

  _streamed(stream) {
    this.#stream = stream;
  }

  async #simple(options, begin) {
    await this._start(new Request(optionsOf(options).signal), begin);
  }

  /** Begins a transaction. On SQLite it waits for the writer's turn, unless it is read-only. */
  async begin(options) {
    const given = beginArguments(optionsOf(options));
    return this.#simple(options, (number) => native.connBegin(this.#low, this.#high, number, ...given));
  }
  commit(options) { return this.#simple(options, (number) => native.connCommit(this.#low, this.#high, number)); }
  rollback(options) { return this.#simple(options, (number) => native.connRollback(this.#low, this.#high, number)); }
  async savepoint(name) { return this.#named(native.connSavepoint, name); }
  async rollbackTo(name) { return this.#named(native.connRollbackTo, name); }
  async releaseSavepoint(name) { return this.#named(native.connReleaseSavepoint, name); }
  #named(begin, name) {
    textOf('the name of a savepoint', name);
    return this.#simple(undefined, (number) => begin(this.#low, this.#high, number, name));
  }

  /** One round trip. A connection that does not answer in time is given up. */
  async ping(options) {
    const timeout = timeoutOf(optionsOf(options).timeout, -1);
    return this.#simple(options, (number) => native.connPing(this.#low, this.#high, number, timeout));
  }

  /**
   * Runs statements, each a text or [sql, params], in one round trip: a list of Results. They are all or nothing (a
   * transaction; inside of one, a savepoint), or with `oneByOne` each for itself. It rejects with the first failure, whose
   * `outcomes` say what each statement gave, as Promise.allSettled() does. Other options are those of query().
   */
  async pipeline(statements, options) {
    const request = new PipelineRequest(statements, optionsOf(options), this.types, this.isPostgres);
    if (request.count === 0) return [];
    return this._start(request, (number) => request.run(this.#low, this.#high, number));
  }

  /** What a statement takes and gives, without running it: {columns, params}. */
  async describe(sql, options) {
    return this._start(new DescribeRequest(optionsOf(options).signal), (number) =>
      native.connDescribe(this.#low, this.#high, number, sql));
  }

  /** Asks that the running statement end: it answers DBPOOL_ERR_CANCELLED, unless its result comes first. */
  cancel() {
    this.#current?.cancel();
  }

  /** Gives the connection back. What runs is cancelled, an open transaction rolled back. Harmless twice. */
  release() {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#running === 0) return this.#giveBack();
    this.#releaseLater = true;
    this.cancel();
  }

  #giveBack() {
    release(this.#low, this.#high);
    this.#stream?._drop();
  }

  [Symbol.dispose]() { this.release(); }
  async [Symbol.asyncDispose]() { this.release(); }
}

class DescribeRequest extends RowsRequest {
  rows(f, at) {
    this.done({ columns: shapeOf(f.r[at + 3]).columns, params: f.x[f.r[at + 10]] });
  }
}

module.exports = { Connection };
