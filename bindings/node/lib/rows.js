'use strict';
// Rows out of frames (src/frame.h says what a frame is). A set of columns has a shape; what a shape makes of rows, given
// the types and the mode, is a plan: at first a loop, and a function generated for these very columns once that pays.

const native = require('./native');

const NULL = 0, TEXT = 1, NUMBER = 2, TRUE = 3, FALSE = 4, BIGINT = 5, EXTRA = 6, BYTES = 7;
const KIND_BOOL = 1, KIND_INTEGER = 2, KIND_FLOAT = 3;
const RECORDS = 512 * 12, CELLS = 32768;
const COMPILE_AFTER = 48; // rows: what a function costs to generate
const MAX_SHAPES = 4096;

/** Both sides' view of a frame, and a cursor: i in the cells, p in the text, q in the bytes. */
class Frame {
  /** isTransient: the next synchronous call of the addon fills it anew. */
  constructor(memory, isTransient, records = RECORDS, cells = CELLS) {
    this.r = new Float64Array(memory, 0, records);
    this.n = new Float64Array(memory, records * 8, cells);
    this.g = new BigInt64Array(memory, records * 8, cells);
    this.t = new Uint8Array(memory, (records + cells) * 8, cells);
    this.isTransient = isTransient;
    this.set(undefined, undefined, undefined);
  }
  /** The next cells in a frame that stays as it is. */
  copy(cells) {
    const copy = new Frame(new ArrayBuffer(cells * 9), false, 0, cells);
    copy.g.set(this.g.subarray(this.i, this.i + cells)); // bits, for a NaN may stand for a bigint
    copy.t.set(this.t.subarray(this.i, this.i + cells));
    copy.set(this.s, this.b, this.x);
    copy.p = this.p;
    copy.q = this.q;
    return copy;
  }
  set(text, bytes, extras) {
    this.s = text ?? '';
    this.b = bytes;
    this.x = extras;
    this.i = this.p = this.q = 0;
  }
  /** Stands behind `cells` cells, whatever happened on the way. */
  skipTo(cells) {
    this.i = cells;
    this.p = this.q = 0;
    for (let i = cells - 1, text = true, bytes = true; i >= 0 && (text || bytes); --i) {
      if (text && this.t[i] === TEXT) { this.p = this.n[i]; text = false; }
      if (bytes && this.t[i] === BYTES) { this.q = this.n[i]; bytes = false; }
    }
  }
}

/** The cell at the cursor, which moves on. */
function cell(f, convert) {
  const i = f.i++;
  switch (f.t[i]) {
    case TEXT: {
      const text = f.s.substring(f.p, f.n[i]);
      f.p = f.n[i];
      return convert === undefined ? text : convert(text);
    }
    case NUMBER: return f.n[i];
    case TRUE: return true;
    case FALSE: return false;
    case BIGINT: return f.g[i];
    case EXTRA: {
      const value = f.x[f.n[i]];
      if (value === undefined) throw new RangeError('a cell is larger than JavaScript can hold');
      return convert === undefined ? value : convert(value);
    }
    case BYTES: {
      const bytes = f.b === undefined ? Buffer.alloc(0) : f.b.subarray(f.q, f.n[i]);
      f.q = f.n[i];
      return convert === undefined ? bytes : convert(bytes);
    }
    default: return null;
  }
}

class Plan {
  constructor(columns, converters, mode, areUsers) {
    this.columns = columns;
    this.converters = converters;
    this.runsUsersCode = areUsers && converters.some((convert) => convert !== undefined);
    this.mode = mode;
    this.built = 0;
    this.build = null; // many rows, once it pays
    this.one = null;   // and a single one
  }

  /** The row at the cursor, of types that have no converters. */
  readOne(f) {
    if (this.one !== null) return this.one(f);
    const rows = [];
    this.read(f, 1, rows);
    return rows[0];
  }

  /**
   * Appends `count` rows of the frame to `out`. If a converter throws, the frame still stands behind them. A user's converter
   * may run statements, which must not change what it is given next.
   */
  read(f, count, out) {
    if (count === 0) return;
    if (this.runsUsersCode && f.isTransient) f = f.copy(count * this.columns.length);
    const end = f.i + count * this.columns.length;
    try {
      if (this.build === null && (this.built += count) > COMPILE_AFTER) compile(this);
      if (this.build !== null) this.build(f, count, out);
      else this.readSlowly(f, count, out);
    } catch (error) {
      f.skipTo(end);
      throw error;
    }
  }

  readSlowly(f, count, out) {
    const { columns, converters, mode } = this;
    for (let row = 0; row < count; ++row) {
      if (mode === 'array') {
        out.push(converters.map((convert) => cell(f, convert)));
        continue;
      }
      const object = {};
      for (let i = 0; i < columns.length; ++i) {
        const value = cell(f, converters[i]);
        if (columns[i].name === '__proto__') define(object, value);
        else object[columns[i].name] = value;
      }
      out.push(object);
    }
  }
}

function define(object, value) {
  Object.defineProperty(object, '__proto__', { value, enumerable: true, writable: true, configurable: true });
}

/** Functions for these columns; NULL-free text and numbers without a call. */
function compile(plan) {
  const { columns, converters, mode } = plan;
  const lines = [];
  columns.forEach((column, i) => {
    const text = converters[i] === undefined ? 's.substring(p,e)' : `c[${i}](s.substring(p,e))`;
    const ifText = `if(t[i]===${TEXT}){e=n[i];v${i}=${text};p=e;i++}`;
    const ifNumber = `if(t[i]===${NUMBER})v${i}=n[i++];`;
    const isNumber = [KIND_BOOL, KIND_INTEGER, KIND_FLOAT].includes(column.kind) && converters[i] === undefined;
    lines.push(`let v${i};${isNumber ? `${ifNumber}else ${ifText}` : `${ifText}else ${ifNumber}`}` +
      `else{f.i=i;f.p=p;v${i}=cell(f,c[${i}]);i=f.i;p=f.p}`);
  });
  const names = new Map(columns.map((column, i) => [column.name, i])); // of columns of one name the last counts
  const row = mode === 'array' ? `[${columns.map((_, i) => `v${i}`)}]`
    : `{${Array.from(names, ([name, i]) => `[${JSON.stringify(name)}]:v${i}`.replace(/^\["(?!__proto__")(.*)"\]:/s, '"$1":'))}}`;
  const start = 'const n=f.n,t=f.t,s=f.s;let i=f.i,p=f.p,e', end = 'f.i=i;f.p=p', make = lines.join('\n');
  const body = `return [function(f,count,out){${start},at=out.length;for(let r=0;r<count;++r){${make}\nout[at++]=${row}}${end}},` +
    `function(f){${start};${make}\n${end};return ${row}}]`;
  try {
    [plan.build, plan.one] = new Function('cell', 'c', body)(cell, converters);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error; // code generation is forbidden here: the loop does
    plan.build = (f, count, out) => plan.readSlowly(f, count, out);
  }
}

class Shape {
  constructor(number) {
    this.columns = native.describeShape(number);
    this.plans = { object: new Map(), array: new Map() };
  }
  /** `types` makes converters of columns; a plan is kept for each. */
  plan(types, mode) {
    const plans = this.plans[mode];
    let plan = plans.get(types);
    if (plan === undefined) {
      if (plans.size > 16) plans.clear();
      plans.set(types, plan = new Plan(this.columns, this.columns.map((column) => types.converter(column)), mode, types.areUsers));
    }
    return plan;
  }
}

const shapes = new Map();

function shapeOf(number) {
  let shape = shapes.get(number);
  if (shape === undefined) {
    if (shapes.size >= MAX_SHAPES) shapes.clear();
    shapes.set(number, shape = new Shape(number));
  }
  return shape;
}

const commands = [];

function commandOf(number) {
  return commands[number] ??= native.commandName(number);
}

module.exports = { Frame, shapeOf, commandOf };
