'use strict';
// Requests of the promise API, one class for each kind of answer.

const { signalOf } = require('./arguments');
const { native, out, call, deliver } = require('./calls');
const { DbpoolError } = require('./errors');
const { rejectTraced } = require('./trace');

/** A promise for the answer. An AbortSignal cancels the call; what it answers then is the signal's reason. */
class Request {
  constructor(signal) {
    this.signal = signalOf(signal);
    this.pool = undefined; // only held: a pool that nobody holds is closed
    this.isUnderWay = false;
    this.low = this.high = 0; // of its op
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  start(begin) {
    if (this.signal === undefined) {
      this.#call(begin);
    } else if (this.signal.aborted) {
      this.settle();
      this.reject(this.signal.reason);
    } else {
      this.#call(begin);
      if (!this.isUnderWay) return this.promise;
      this.onAbort = () => this.cancel();
      this.signal.addEventListener('abort', this.onAbort, { once: true });
    }
    return this.promise;
  }

  #call(begin) {
    if (!call(this, begin)) return;
    this.isUnderWay = true;
    this.low = out[0];
    this.high = out[1];
  }

  /** Asks that it end; the library asks the server again until that hears it. */
  cancel() {
    if (this.isUnderWay) native.opCancel(this.low, this.high);
  }

  settle() {
    this.isUnderWay = false;
    if (this.onAbort !== undefined) this.signal.removeEventListener('abort', this.onAbort);
  }
  done(value) {
    this.settle();
    this.resolve(value);
  }
  fail(error, isOurs = error instanceof DbpoolError) {
    const wasUnderWay = this.isUnderWay;
    this.settle();
    if (this.signal?.aborted && error?.isCancelled) this.reject(this.signal.reason);
    else if (wasUnderWay && isOurs) rejectTraced(this.resolve, error);
    else this.reject(error);
  }
}

/** What a statement gave. */
class Result {
  constructor(shape, command, affected, high, low, elapsed) {
    this.rows = [];
    /** "SELECT", "INSERT", "CREATE TABLE" ... */
    this.command = command;
    /** Rows that were inserted, updated or deleted. */
    this.affected = affected;
    /** SQLite: the rowid of the row inserted last. */
    this.lastInsertId = wide(high, low);
    this.columns = shape.columns;
    this.elapsedMs = elapsed / 1e6;
  }
}

function wide(high, low) {
  const number = high * 0x100000000 + low;
  return Number.isSafeInteger(number) ? number : BigInt(high) << 32n | BigInt(low);
}

/** How rows are made when nothing else is asked for. */
class RowsRequest extends Request {
  constructor(signal, types, mode) {
    super(signal);
    this.types = types;
    this.mode = mode;
  }
  result(shape, command, affected, high, low, elapsed) {
    return new Result(shape, command, affected, high, low, elapsed);
  }
  rows(f, at) { deliver(f, at, this); }
}

/** A lease, as the two halves of its token, for `take(low, high)`. */
class LeaseRequest extends Request {
  constructor(signal, take) {
    super(signal);
    this.take = take;
  }
  lease(low, high) {
    super.done(this.take(low, high));
  }
  done() { // at once
    super.done(this.take(out[2], out[3]));
  }
}

module.exports = { Request, RowsRequest, LeaseRequest, Result, wide };
