'use strict';

const { native, look, reads, REMAINS_ROWS, PENDING, shapeOf } = require('./calls');
const { countOf, signalOf } = require('./arguments');
const { Request } = require('./requests');
const { misuse } = require('./errors');

const OK = 0, DONE = 1;
const NOTHING = -1;
const WAITING = Symbol('waiting');

/** The opening of a stream: its handle. */
class OpenRequest extends Request {
  rows(f, at) {
    this.done({ handle: f.r[at + 10], shape: shapeOf(f.r[at + 3]) });
  }
}

/** The next rows of a stream that had to be waited for. */
class FetchRequest extends Request {
  constructor(signal, stream) {
    super(signal);
    this.stream = stream;
  }
  rows(f, at) {
    let rows;
    try {
      rows = this.stream._take(f, at);
    } catch (error) {
      return super.fail(error);
    }
    this.done(rows);
  }
  fail(error) {
    this.stream._lost();
    super.fail(error);
  }
}

/**
 * Rows of a statement that runs on. An async iterable of rows; batches() gives arrays of them, which is faster. It starts
 * with the first row that is asked for, and ends with the last one, with return() (as `break` does) or with an error.
 */
class RowStream {
  #start;
  #startFetch;
  #opening;
  #whenIdle;
  #types;
  #signal;
  #mode;
  #batchSize;
  #plan;
  #handle = NOTHING;
  #isStarted = false;
  #isOver = false;
  #isFetching = false;
  #rows = [];
  #next = 0;

  /** start(request) runs the statement, startFetch(request, begin) asks for more of its rows. */
  constructor({ signal, mode, batchSize = 0 }, types, start, startFetch) {
    this.#start = start;
    this.#startFetch = startFetch;
    this.#types = types;
    this.#signal = signalOf(signal);
    this.#mode = mode;
    this.#batchSize = batchSize;
  }

  /** The columns, once the first rows are there. */
  get columns() { return this.#plan?.columns; }

  [Symbol.asyncIterator]() { return this; }
  async [Symbol.asyncDispose]() { this._drop(); }

  next() {
    if (this.#next < this.#rows.length) return Promise.resolve({ value: this.#rows[this.#next++], done: false });
    return this.#advance();
  }

  async #advance() {
    this.#rows = await this.#fetch();
    this.#next = 0;
    if (this.#rows.length === 0) return { value: undefined, done: true };
    return { value: this.#rows[this.#next++], done: false };
  }

  async return(value) {
    this._drop();
    return { value, done: true };
  }

  /** The next `count` rows; fewer only at the end. */
  async read(count) {
    countOf('count', count);
    const rows = this.#rows.slice(this.#next, this.#next + count);
    this.#next += rows.length;
    while (rows.length < count) {
      const more = await this.#fetch(count - rows.length);
      if (more.length === 0) break;
      rows.push(...more);
    }
    return rows;
  }

  /** The same rows, in arrays of up to batchSize. */
  async *batches() {
    try {
      for (;;) {
        const rows = await this.#fetch();
        if (rows.length === 0) return;
        yield rows;
      }
    } finally {
      this._drop();
    }
  }

  /** The next rows; none at the end. */
  async #fetch(size = this.#batchSize) {
    if (this.#isFetching) throw misuse('DBPOOL_ERR_BUSY', 'the stream is being read already');
    this.#isFetching = true;
    try {
      if (!this.#isStarted) {
        this.#isStarted = true;
        this.#opening = new OpenRequest(this.#signal);
        const { handle, shape } = await this.#start(this.#opening);
        this.#handle = handle;
        if (this.#isOver) this.#free();
        else this.#plan = shape.plan(this.#types, this.#mode);
      }
      while (!this.#isOver) {
        const rows = await this.#more(size);
        if (rows.length !== 0) return rows;
      }
      return [];
    } catch (error) {
      this._drop();
      throw error;
    } finally {
      this.#isFetching = false;
      this.#whenIdle?.();
    }
  }

  async #more(size) {
    let now = WAITING;
    const answered = this.#startFetch(new FetchRequest(this.#signal, this), (number) => {
      const answer = native.fetch(this.#handle, number, size);
      if (answer === PENDING) return PENDING;
      now = answer;
      return OK;
    });
    if (now === WAITING) return answered;
    if (now === DONE) {
      this._lost();
      return [];
    }
    const error = look(now);
    if (error !== undefined) {
      this._lost();
      throw error;
    }
    return this._take(reads, 0);
  }

  /** Rows of a record, and those in hand behind them. */
  _take(f, at) {
    const rows = [];
    if (f.r[at + 1] === DONE) {
      this._lost();
      return rows;
    }
    let remains = f.r[at + 9];
    this.#plan.read(f, f.r[at + 4], rows);
    while (remains === REMAINS_ROWS) {
      const error = look(native.read(this.#handle));
      if (error !== undefined) {
        this._lost();
        throw error;
      }
      remains = reads.r[9];
      this.#plan.read(reads, reads.r[4], rows);
    }
    return rows;
  }

  /** The addon has no result any more: it was read to its end, or failed. */
  _lost() {
    this.#handle = NOTHING;
    this.#isOver = true;
  }

  #free() {
    native.freeResult(this.#handle);
    this.#handle = NOTHING;
  }

  /** Ends it early: the statement is cancelled, and the connection free again when whenIdle(), if given, is called. */
  _drop(whenIdle) {
    this.#isOver = true;
    this.#isStarted = true;
    this.#opening?.cancel();
    if (this.#handle !== NOTHING) this.#free();
    if (this.#isFetching) this.#whenIdle ??= whenIdle;
    else whenIdle?.();
  }
}

module.exports = { RowStream };
