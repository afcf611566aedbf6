'use strict';

const { native, now, look, reads, shapeOf, REMAINS_ROWS, REMAINS_STREAM } = require('../calls');
const { DbpoolError } = require('../errors');
const { FORMAT } = require('../types');
const { wide } = require('../requests');
const { translate } = require('./errors');
const { parameterNames, bindParameters } = require('./params');

const STREAM = 1, DONE = 1;
const NUMBERS = 3; // where parameters begin in `now`
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
  #prepared; // keeps what is at the address
  #address;
  #bound;
  #mode = 'object'; // array, pluck
  #format;
  #shape;
  #rowShape; // of the last rows, and the plan for them
  #rowPlan;
  #iteration;

  constructor(database, source) {
    if (typeof source !== 'string') throw new TypeError('Expected first argument to be a string');
    this.database = database;
    this.source = source;
    database._settle();
    const shape = native.describeNow(database._low, database._high, source);
    if (typeof shape === 'object') throw translate(new DbpoolError(shape));
    this.#prepared = native.prepareNow(database._low, database._high, source);
    this.#address = now[0];
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
    if (this.#bound === undefined) return bindParameters(this.#names, given);
    if (given.length !== 0) throw new TypeError('This statement already has bound parameters');
    return this.#bound;
  }

  /** Leaves in `now` what the addon wants to know. Gives the parameters, unless they are numbers and there as well. */
  #ready(given, how) {
    const { database } = this;
    const values = this.#areNumbers(given) ? undefined : this.#values(given);
    database._settle();
    if (database._verbose !== undefined) database._verbose(this.source);
    now[0] = this.#address;
    now[1] = how | this.#format << 8;
    now[2] = values === undefined ? given.length : -1;
    if (values === undefined) for (let i = 0; i < given.length; ++i) now[NUMBERS + i] = given[i];
    return values;
  }

  /** The common case: as many plain numbers as there are parameters without names. */
  #areNumbers(given) {
    if (this.#areNamed || this.#bound !== undefined || given.length !== this.#names.length || given.length > now.length - NUMBERS) return false;
    for (let i = 0; i < given.length; ++i) if (typeof given[i] !== 'number') return false;
    return true;
  }

  /** Runs it; what it gave stands in `reads`. */
  #run(given, how) {
    this.#look(native.runNow(this.#ready(given, how)));
  }

  #look(answer) {
    const error = look(answer);
    if (error !== undefined) throw translate(error);
  }

  #plan() {
    const shape = reads.r[3];
    if (this.#rowShape !== shape) {
      this.#rowShape = shape;
      this.#rowPlan = shapeOf(shape).plan(TYPES[this.#format], this.#mode === 'object' ? 'object' : 'array');
    }
    return this.#rowPlan;
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
    const answer = native.getNow(this.#ready(given, 0));
    if (typeof answer === 'string') reads.set(answer, undefined, undefined);
    else if (answer === DONE) return undefined;
    else this.#look(answer);
    const row = this.#plan().readOne(reads);
    return this.#mode === 'pluck' ? row[0] : row;
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
    this.#rowShape = undefined;
    return this;
  }
  /** Rows are arrays. */
  raw(on = true) { return this.#setMode('array', on); }
  /** Only the first column. */
  pluck(on = true) { return this.#setMode('pluck', on); }
  /** Integers are bigints. */
  safeIntegers(on = true) {
    this.#format = on ? FORMAT.bigint : FORMAT.rounded;
    this.#rowShape = undefined;
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
