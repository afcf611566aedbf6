'use strict';

const { native, release, shapeOf } = require('./calls');
const { Request, RowsRequest } = require('./requests');
const { PipelineRequest } = require('./pipeline');
const { Queries } = require('./queries');
const { isolationOf, beginFlags } = require('./transaction');

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

  #simple(options, begin) {
    return this._start(new Request(options?.signal), begin).then(ignore);
  }

  /** Begins a transaction. On SQLite it waits for the writer's turn, unless it is read-only. */
  begin(options = {}) {
    const isolation = isolationOf(options.isolation);
    return this.#simple(options, (number) =>
      native.connBegin(this.#low, this.#high, number, isolation, beginFlags(options), options.timeout ?? 0));
  }
  commit(options) { return this.#simple(options, (number) => native.connCommit(this.#low, this.#high, number)); }
  rollback(options) { return this.#simple(options, (number) => native.connRollback(this.#low, this.#high, number)); }
  savepoint(name) { return this.#simple(undefined, (number) => native.connSavepoint(this.#low, this.#high, number, name)); }
  rollbackTo(name) { return this.#simple(undefined, (number) => native.connRollbackTo(this.#low, this.#high, number, name)); }
  releaseSavepoint(name) {
    return this.#simple(undefined, (number) => native.connReleaseSavepoint(this.#low, this.#high, number, name));
  }
  /** One round trip. A connection that does not answer in time is given up. */
  ping(options = {}) {
    return this.#simple(options, (number) => native.connPing(this.#low, this.#high, number, options.timeout ?? -1));
  }

  /**
   * Runs statements, each a text or [sql, params], in one round trip: a list of Results. They are all or nothing (a
   * transaction; inside of one, a savepoint), or with `oneByOne` each for itself. It rejects with the first failure, whose
   * `outcomes` say what each statement gave, as Promise.allSettled() does. Other options are those of query().
   */
  async pipeline(statements, options = {}) {
    if (Array.isArray(statements) && statements.length === 0) return [];
    const request = new PipelineRequest(statements, options, this.types, this.isPostgres);
    return this._start(request, (number) => request.run(this.#low, this.#high, number));
  }

  /** What a statement takes and gives, without running it: {columns, params}. */
  async describe(sql, options = {}) {
    return this._start(new DescribeRequest(options.signal), (number) =>
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

function ignore() {}

module.exports = { Connection };
