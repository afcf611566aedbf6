'use strict';

const { EventEmitter } = require('node:events');
const { signalOf } = require('../arguments');
const { native, call, deliver, out } = require('../calls');
const { misuse } = require('../errors');
const { rejectTraced } = require('../trace');
const { translate } = require('./errors');
const { Result } = require('./result');
const { convertersOf } = require('./types');
const { prepareValues } = require('./utils');

/**
 * One statement on its way. `owner` hears of its end (a client, to go on with its queue) before whoever asked for it.
 */
class QueryRequest {
  constructor(config, callback, types) {
    this.config = config;
    this.callback = callback;
    this.types = convertersOf(config.types ?? types);
    this.mode = config.rowMode === 'array' ? 'array' : 'object';
    this.signal = signalOf(config.signal);
    this.owner = undefined;
    this.pool = undefined; // only held: a pool that nobody holds is closed
    this.isStarting = false;
    this.isUnderWay = false;
    this.low = this.high = 0; // of its op
    this.promise = callback === undefined ? new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    }) : undefined;
  }

  /** By a client whose turn has come: on its lease. */
  start(client) {
    this.owner = client;
    this.run((number, config, values) =>
      client._connQuery(number, config.text, values, 0, this.types.format, config.query_timeout));
  }

  run(send) {
    const { config } = this;
    this.isStarting = true;
    this.isUnderWay = call(this, (number) => {
      if (this.signal?.aborted) throw misuse('DBPOOL_ERR_CANCELLED', 'the signal is aborted');
      const values = config.values === undefined || config.values === null ? undefined : prepareValues(config.values);
      return send(number, config, values);
    });
    this.isStarting = false;
    this.low = out[0];
    this.high = out[1];
    if (this.signal !== undefined) this.#watch(this.signal);
  }

  /** By a client that is released, or by its signal. */
  abandon() {
    if (this.isUnderWay) native.opCancel(this.low, this.high);
  }

  #watch(signal) {
    this.onAbort = () => this.abandon();
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  result(shape, command, affected, high, low, elapsed, rowCount) {
    return new Result(shape, command, affected, rowCount, this.mode);
  }
  rows(f, at) { deliver(f, at, this); }
  done(value) { this.finish(null, value); }
  fail(error) { this.finish(error); }

  finish(error, value) {
    if (this.isStarting) { // never within the call that asked for it
      process.nextTick(() => this.finish(error, value));
      return;
    }
    this.isUnderWay = false;
    if (this.onAbort !== undefined) this.signal.removeEventListener('abort', this.onAbort);
    const translated = error === null ? null : translate(error);
    this.owner?._ended(this, translated);
    if (this.callback !== undefined) this.callback(translated, value);
    else if (translated === null) this.resolve(value);
    else if (translated === error) this.reject(error);
    else rejectTraced(this.resolve, translated);
  }
}

/** The arguments of query() as {config, callback}. */
function queryArguments(text, values, callback) {
  if (text === null || text === undefined) throw new TypeError('Client was passed a null or undefined query');
  if (typeof values === 'function') [values, callback] = [undefined, values];
  const whenDone = callback ?? text.callback ?? undefined;
  if (whenDone !== undefined && typeof whenDone !== 'function') throw new TypeError('the callback of a query must be a function');
  if (typeof text === 'string') return { config: { text, values }, callback: whenDone };
  return { config: values === undefined ? text : { ...text, values }, callback: whenDone };
}

/** A query as an object with events: 'row', 'end', 'error'. */
class Query extends EventEmitter {
  constructor(text, values, callback) {
    super();
    Object.assign(this, queryArguments(text, values, callback));
  }
  _submitTo(client) {
    client.query(this.config, (error, result) => {
      if (this.callback) return this.callback(error, result);
      if (error) return this.emit('error', error);
      for (const each of [].concat(result)) {
        for (const row of each.rows) this.emit('row', row, each);
      }
      this.emit('end', result);
    });
  }
}

module.exports = { QueryRequest, Query, queryArguments };
