'use strict';

const native = require('./native');
const { createPool, Pool } = require('./pool');
const { Connection } = require('./connection');
const { DbpoolError } = require('./errors');
const { optionTable } = require('./options');
const { probe } = require('./probe');

const number = native.version();

module.exports = {
  createPool,
  probe,
  optionTable,
  Pool,
  Connection,
  DbpoolError,
  /** Of the library that is loaded. */
  version: `${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
};
