'use strict';

const { EventEmitter } = require('node:events');
const { Readable } = require('node:stream');
const { countOf } = require('../arguments');
const { misuse } = require('../errors');
const { RowStream } = require('../stream');
const { translate } = require('./errors');
const { convertersOf } = require('./types');
const { prepareValues } = require('./utils');
const { answer } = require('./client');

const STREAM = 1;

/** Rows in portions: client.query(new Cursor(text, values)), read(count), close(). It has its client until its end. */
class Cursor extends EventEmitter {
  #client;
  #stream;
  #start;
  #reads = Promise.resolve();
  #isDone = false;

  constructor(text, values, config = {}) {
    super();
    this.text = text;
    this.values = values ?? [];
    this.config = config;
  }

  _submitTo(client) {
    if (this.#client !== undefined) throw new Error('the cursor was given to client.query() already');
    this.#client = client;
    const turn = new Promise((resolve, reject) => {
      this.#start = resolve;
      this.fail = reject;
    });
    turn.catch(() => {}); // read() says it
    const types = convertersOf(this.config.types ?? client._types);
    this.#stream = new RowStream({ mode: this.config.rowMode === 'array' ? 'array' : 'object' }, types, async (request) => {
      await turn;
      if (this.#isDone) throw misuse('DBPOOL_ERR_STALE', 'the cursor is closed');
      return request.start((number) =>
        client._connQuery(number, this.text, prepareValues(this.values), STREAM, types.format, this.config.query_timeout));
    }, (request, begin) => request.start(begin));
    client._enqueue(this);
  }

  /** By the client, whose statements wait from now on until the cursor's end. */
  start() { this.#start(); }
  /** By the client, which is released with the cursor open. */
  abandon() { this.#done(); }

  /** The next rows, an empty list at the end. */
  read(count, callback) {
    const rows = this.#reads.then(() => this.#read(count));
    this.#reads = rows.catch(() => {});
    return answer(rows, callback);
  }

  async #read(count) {
    if (this.#stream === undefined) throw new Error('the cursor was not given to client.query()');
    if (this.#isDone) return [];
    try {
      const rows = await this.#stream.read(count);
      if (rows.length < count) this.#done();
      return rows;
    } catch (error) {
      this.#done();
      throw translate(error);
    }
  }

  #done() {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#stream._drop(() => this.#client._ended(this, null));
    this.emit('end');
  }

  close(callback) {
    const closed = this.#reads.then(() => {
      if (this.#stream !== undefined) this.#done();
    });
    return answer(closed, callback);
  }

  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        const rows = await this.read(100);
        if (rows.length === 0) return;
        yield* rows;
      }
    } finally {
      await this.close();
    }
  }
}

/** The same as a stream of rows, in the shape of pg-query-stream. */
class QueryStream extends Readable {
  constructor(text, values, { batchSize = 100, highWaterMark = batchSize, ...config } = {}) {
    if (countOf('batchSize', batchSize) === 0) throw new TypeError('batchSize must be 1 or more');
    super({ objectMode: true, highWaterMark });
    this.cursor = new Cursor(text, values, config);
    this.text = text;
    this.values = values;
    this.batchSize = batchSize;
  }
  _submitTo(client) { this.cursor._submitTo(client); }
  _read() {
    this.cursor.read(this.batchSize).then((rows) => {
      for (const row of rows) this.push(row);
      if (rows.length < this.batchSize) this.push(null);
    }, (error) => this.destroy(error));
  }
  _destroy(error, callback) {
    this.cursor.close().then(() => callback(error), callback);
  }
}

module.exports = { Cursor, QueryStream };
