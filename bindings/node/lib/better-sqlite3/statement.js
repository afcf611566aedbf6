'use strict';

const { native, look, reads, shapeOf, REMAINS_ROWS, REMAINS_STREAM } = require('../calls');
const { DbpoolError } = require('../errors');
const { FORMAT } = require('../types');
const { wide } = require('../requests');
const { translate } = require('./errors');
const { parameterNames, bindParameters } = require('./params');

const STREAM = 1, FIRST_ROW = STREAM | 1 << 16, DONE = 1;
const BATCH = 256; // rows an iteration has in hand

/** Cells as they are; one object for each format, since plans are kept by it. */
const TYPES = {
  [FORMAT.rounded]: { format: FORMAT.rounded, converter: () => undefined },
  [FORMAT.bigint]: { format: FORMAT.bigint, converter: () => undefined },
};

/** A statement of better-sqlite3: synchronous, on the one connection of its database. */
class Statement {
  #names;
  #areNamed;
  #prepared;
  #bound;
  #mode = 'object'; // array, pluck
  #format;
  #shape;
  #iteration;

  constructor(database, source) {
    if (typeof source !== 'string') throw new TypeError('Expected first argument to be a string');
    this.database = database;
    this.source = source;
    database._settle();
    const shape = native.describeNow(database._low, database._high, source);
    if (typeof shape === 'object') throw translate(new DbpoolError(shape));
    this.#prepared = native.prepareNow(database._low, database._high, source);
    this.#names = parameterNames(source);
    this.#areNamed = this.#names.some((name) => name !== null);
    this.#shape = shape;
    this.#format = database._format;
    /** Whether it gives rows. */
    this.reader = shape !== 0;
  }

  /** Whether an iteration of it is open. */
  get busy() { return this.#iteration !== undefined; }

  #values(given) {
    if (this.#bound !== undefined) {
      if (given.length !== 0) throw new TypeError('This statement already has bound parameters');
      return this.#bound;
    }
    if (given.length === this.#names.length) { // the common case: that many plain values
      let plain = true;
      for (let i = 0; i < given.length; ++i) {
        const type = typeof given[i];
        if (type !== 'number' && type !== 'string') plain = false;
      }
      if (plain && !this.#areNamed) return given;
    }
    return bindParameters(this.#names, given);
  }

  /** Runs it; what it gave stands in `reads`. */
  #run(given, how) {
    const values = this.#values(given);
    const { database } = this;
    database._settle();
    if (database._verbose !== undefined) database._verbose(this.source);
    const error = look(native.runNow(this.#prepared, values, how | this.#format << 8));
    if (error !== undefined) throw translate(error);
  }

  #plan() {
    const mode = this.#mode === 'array' || this.#mode === 'pluck' ? 'array' : 'object';
    return shapeOf(reads.r[3]).plan(TYPES[this.#format], mode);
  }

  #needsRows() {
    if (!this.reader) throw new TypeError('This statement does not return data. Use run() instead');
  }

  /** {changes, lastInsertRowid} */
  run(...given) {
    this.#run(given, 0);
    const { r } = reads;
    if (r[9] !== 0) native.freeResult(r[10]);
    const rowid = wide(r[7], r[8]);
    return { changes: r[6], lastInsertRowid: this.#format === FORMAT.bigint ? BigInt(rowid) : Number(rowid) };
  }

  /** The first row, or undefined. */
  get(...given) {
    this.#needsRows();
    this.#run(given, FIRST_ROW);
    if (reads.r[4] === 0) return undefined;
    const rows = [];
    this.#plan().read(reads, 1, rows);
    return this.#mode === 'pluck' ? rows[0][0] : rows[0];
  }

  all(...given) {
    this.#needsRows();
    this.#run(given, 0);
    const rows = [];
    const plan = this.#plan();
    for (;;) {
      const remains = reads.r[9];
      plan.read(reads, reads.r[4], rows);
      if (remains !== REMAINS_ROWS) break;
      const error = look(native.read(reads.r[10]));
      if (error !== undefined) throw translate(error);
    }
    return this.#mode === 'pluck' ? rows.map(first) : rows;
  }

  /** Rows one by one. Another statement on the database meanwhile makes it take what remains into memory. */
  iterate(...given) {
    this.#needsRows();
    this.#run(given, STREAM);
    const iteration = new Iteration(this.database, reads.r[10], this.#plan(), this.#mode === 'pluck', () => {
      this.#iteration = undefined;
    });
    this.database._iteration = this.#iteration = iteration;
    return iteration;
  }

  #setMode(mode, on) {
    this.#needsRows();
    this.#mode = on ? mode : this.#mode === mode ? 'object' : this.#mode;
    return this;
  }
  /** Rows are arrays. */
  raw(on = true) { return this.#setMode('array', on); }
  /** Only the first column. */
  pluck(on = true) { return this.#setMode('pluck', on); }
  /** Integers are bigints. */
  safeIntegers(on = true) {
    this.#format = on ? FORMAT.bigint : FORMAT.rounded;
    return this;
  }

  /** Parameters for good. */
  bind(...given) {
    if (this.#bound !== undefined) throw new TypeError('The bind() method can only be invoked once per statement object');
    this.#bound = bindParameters(this.#names, given);
    return this;
  }

  columns() {
    this.#needsRows();
    return shapeOf(this.#shape).columns.map(({ name, nativeName }) => ({ name, type: nativeName || null }));
  }
}

function first(row) {
  return row[0];
}

/** Rows of a statement that is still open. */
class Iteration {
  #database;
  #handle;
  #plan;
  #isPlucked;
  #onEnd;
  #rows = [];
  #next = 0;

  constructor(database, handle, plan, isPlucked, onEnd) {
    this.#database = database;
    this.#handle = handle;
    this.#plan = plan;
    this.#isPlucked = isPlucked;
    this.#onEnd = onEnd;
  }

  [Symbol.iterator]() { return this; }

  next() {
    if (this.#next === this.#rows.length && this.#handle !== undefined) {
      this.#rows = [];
      this.#next = 0;
      this.#fetch();
    }
    if (this.#next === this.#rows.length) {
      this.#onEnd();
      return { value: undefined, done: true };
    }
    const row = this.#rows[this.#next++];
    return { value: this.#isPlucked ? row[0] : row, done: false };
  }

  return(value) {
    if (this.#handle !== undefined) native.freeResult(this.#handle);
    this.#close();
    this.#rows = [];
    this.#next = 0;
    this.#onEnd();
    return { value, done: true };
  }

  /** The next rows behind those in hand. */
  #fetch() {
    const answer = native.fetchNow(this.#handle, BATCH);
    if (answer === DONE) return this.#close();
    let error = look(answer);
    if (error === undefined) {
      this.#plan.read(reads, reads.r[4], this.#rows);
      while (reads.r[9] === REMAINS_ROWS && error === undefined) {
        error = look(native.read(this.#handle));
        if (error === undefined) this.#plan.read(reads, reads.r[4], this.#rows);
      }
    }
    if (error !== undefined) {
      this.#close();
      throw translate(error);
    }
    if (reads.r[9] !== REMAINS_STREAM) this.#close();
  }

  #close() {
    this.#handle = undefined;
    if (this.#database._iteration === this) this.#database._iteration = undefined;
  }

  /** Another statement wants the connection. */
  _detach() {
    while (this.#handle !== undefined) this.#fetch();
  }
}

module.exports = { Statement };
