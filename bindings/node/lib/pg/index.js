'use strict';
// In the shape of node-postgres: `const { Pool } = require('dbpool/pg')`.

const { Client } = require('./client');
const { Cursor, QueryStream } = require('./cursor');
const { DatabaseError } = require('./errors');
const { Pool } = require('./pool');
const { Query } = require('./query');
const { Result } = require('./result');
const { types, TypeOverrides } = require('./types');
const utils = require('./utils');

const { defaults, escapeIdentifier, escapeLiteral } = utils;

/** int8 as a number, by the users who know that theirs are small. */
Object.defineProperty(defaults, 'parseInt8', {
  configurable: true,
  enumerable: false,
  set(wanted) {
    types.setTypeParser(20, wanted ? types.getTypeParser(23) : String);
    types.setTypeParser(1016, wanted ? types.getTypeParser(1007) : types.getTypeParser(1009));
  },
});

Client.Query = Query;

module.exports = { Pool, Client, Query, Cursor, QueryStream, Result, DatabaseError, TypeOverrides, types, defaults, utils, escapeIdentifier, escapeLiteral };
