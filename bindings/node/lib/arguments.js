'use strict';
// What users pass beside SQL, checked: what is of the wrong type is refused before anything starts, and not taken for
// something else. null stands for nothing, as undefined does.

const { misuse } = require('./errors');

const NONE = Object.freeze({});

function refuse(what, value) {
  const given = value === null ? 'null' : Number.isNaN(value) ? 'NaN' : typeof value === 'number' ? value : `of type ${typeof value}`;
  throw misuse('DBPOOL_ERR_INVALID', `${what}, not ${given}`);
}

function optionsOf(options) {
  if (options === undefined || options === null) return NONE;
  if (typeof options !== 'object') refuse('options must be an object', options);
  return options;
}

function isSignal(signal) {
  return typeof signal === 'object' && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function';
}

/** An AbortSignal, also one of another realm or library; undefined if there is none. */
function signalOf(signal) {
  if (signal === undefined || signal === null) return undefined;
  if (!isSignal(signal)) refuse('signal must be an AbortSignal', signal);
  return signal;
}

/** Whole milliseconds: a part of one is one, lest a short time becomes "the default" or "do not wait". */
function timeoutOf(timeout, otherwise) {
  if (timeout === undefined || timeout === null) return otherwise;
  if (typeof timeout !== 'number' || Number.isNaN(timeout)) refuse('timeout must be a number of milliseconds', timeout);
  return Math.ceil(timeout);
}

const UINT32_MAX = 0xFFFFFFFF;

function countOf(what, count) {
  if (!Number.isInteger(count) || count < 0 || count > UINT32_MAX) refuse(`${what} must be a whole number, 0 or more`, count);
  return count;
}

function textOf(what, text) {
  if (typeof text !== 'string') refuse(`${what} must be a string`, text);
  return text;
}

function functionOf(what, fn) {
  if (typeof fn !== 'function') refuse(`${what} must be a function`, fn);
  return fn;
}

/** What a name stands for in the table. */
function choiceOf(what, name, table) {
  if (typeof name !== 'string' || !Object.hasOwn(table, name)) {
    throw misuse('DBPOOL_ERR_INVALID', `unknown ${what} ${typeof name === 'string' ? name : `of type ${typeof name}`}: ${Object.keys(table).join(', ')}`);
  }
  return table[name];
}

const MODES = { object: 'object', array: 'array' };

/** How rows come. */
function modeOf(rowMode) {
  return rowMode === undefined || rowMode === null ? 'object' : choiceOf('rowMode', rowMode, MODES);
}

module.exports = { optionsOf, signalOf, timeoutOf, countOf, textOf, functionOf, choiceOf, modeOf };
