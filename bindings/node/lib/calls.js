'use strict';
// Calls under way, and their answers. The library's answers of one turn of the event loop come together, in a frame.
//
// A request is what waits for an answer: it has done(value), fail(error), and, if rows may come, types, mode and
// result(shape, plan, command, affected, lastInsertId), which makes the object that rows are put into.

const native = require('./native');
const { DbpoolError, misuse } = require('./errors');
const { Frame, shapeOf, commandOf } = require('./rows');

const PENDING = 2, BUSY = -8;
const KIND_RESULT = 1, KIND_LEASE = 2, KIND_POOL = 3, KIND_EVENT = 4, KIND_END = 5;
const REMAINS_ROWS = 1, REMAINS_RESULT = 2, REMAINS_STREAM = 4;
const RECORD = 12;

const requests = [];
const free = [];

const { frame: frameMemory, reads: readsMemory, out: outMemory, now: nowMemory } = native.start(onAnswers);
const frame = new Frame(frameMemory);
const reads = new Frame(readsMemory, true);
/** Beside a call's status: its op in 0 and 1, a lease in 2 and 3. */
const out = new Uint32Array(outMemory);
/** What a synchronous call is about: the address of its SQL, how (flags and format), and parameters that are numbers. */
const now = new Float64Array(nowMemory);

/** A number for the request, until its answer. */
function begin(request) {
  const number = free.length !== 0 ? free.pop() : requests.length;
  requests[number] = request;
  return number;
}

function end(number) {
  requests[number] = undefined;
  free.push(number);
}

/** Starts a call by `start(number)`. What fails at once fails as an answer does: later. True: it is under way. */
function call(request, start) {
  const number = begin(request);
  let status;
  try {
    status = start(number);
  } catch (error) {
    end(number);
    request.fail(error);
    return false;
  }
  if (status === PENDING) return true;
  end(number);
  if (typeof status === 'object') request.fail(new DbpoolError(status));
  else request.done(status);
  return false;
}

/** Gives a lease back. What runs on it must have answered: an answer comes when the lease is free. */
function release(low, high) {
  if (native.release(low, high) === BUSY) throw misuse('DBPOOL_ERR_BUSY', 'a connection was given back while it was in use');
}

/** What read() and its like gave: undefined, or the error it was. */
function look(answer) {
  if (typeof answer === 'string' || answer === undefined) reads.set(answer, undefined, undefined);
  else if (Array.isArray(answer)) reads.set(answer[0], answer[1], answer[2]);
  else return new DbpoolError(answer);
  return reads.r[1] < 0 ? new DbpoolError(reads.x[reads.r[3]]) : undefined;
}

/** The plan and the object for the rows of a record. */
function open(f, at, request) {
  const r = f.r;
  const shape = shapeOf(r[at + 3]);
  try {
    const plan = shape.plan(request.types, request.mode);
    return { plan, value: request.result(shape, commandOf(r[at + 5]), r[at + 6], r[at + 7], r[at + 8], r[at + 11], r[at + 4]) };
  } catch (error) { // of types of the user's: the rows are passed over
    f.skipTo(f.i + r[at + 4] * shape.columns.length);
    if (r[at + 9] !== 0) native.freeResult(r[at + 10]);
    throw error;
  }
}

/** All rows of a buffered answer: an object of the request's making, or a list of them if the text had several statements. */
function collect(f, at, request) {
  let { plan, value } = open(f, at, request);
  let remains = f.r[at + 9];
  if (remains === 0) {
    plan.read(f, f.r[at + 4], value.rows);
    return value;
  }
  const handle = f.r[at + 10];
  const values = [value];
  try {
    plan.read(f, f.r[at + 4], value.rows);
    while (remains !== 0) {
      const error = look(native.read(handle));
      if (error !== undefined) throw error;
      if (remains === REMAINS_RESULT) {
        ({ plan, value } = open(reads, 0, request));
        values.push(value);
      }
      remains = reads.r[9];
      const count = reads.r[4];
      plan.read(reads, count, value.rows);
      value.grew?.(count);
    }
  } catch (error) {
    if (remains !== 0) native.freeResult(handle);
    throw error;
  }
  return values.length === 1 ? value : values;
}

/** The same, for a request's done() or fail(). */
function deliver(f, at, request) {
  let value;
  try {
    value = collect(f, at, request);
  } catch (error) {
    return request.fail(error);
  }
  request.done(value);
}

/** The same of what read() and its like gave. */
function collectNow(answer, request) {
  const error = look(answer);
  if (error !== undefined) throw error;
  return collect(reads, 0, request);
}

function onAnswers(count, text, bytes, extras) {
  const r = frame.r;
  frame.set(text, bytes, extras);
  for (let at = 0; at < count * RECORD; at += RECORD) {
    const number = r[at], kind = r[at + 2];
    const request = requests[number];
    if (kind !== KIND_EVENT) end(number);
    try {
      if (kind === KIND_EVENT) request.event(r[at + 3], r[at + 4], r[at + 5], r[at + 6]);
      else if (r[at + 1] < 0) request.fail(new DbpoolError(extras[r[at + 3]]));
      else if (kind === KIND_RESULT) request.rows(frame, at);
      else if (kind === KIND_LEASE) request.lease(r[at + 3], r[at + 4]);
      else if (kind === KIND_POOL) request.done(extras[r[at + 3]]);
      else if (kind === KIND_END) request.end();
      else request.done(r[at + 1]);
    } catch (error) { // of a callback of the user: the others get their answers all the same
      process.nextTick(() => { throw error; });
    }
  }
  frame.set(undefined, undefined, undefined);
}

module.exports = { native, out, now, begin, end, call, release, look, deliver, collectNow, reads, PENDING, REMAINS_ROWS, REMAINS_STREAM, shapeOf, commandOf };
