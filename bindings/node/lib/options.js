'use strict';
// Options of the library, as JavaScript says them: poolSize or pool_size, numbers of durations are milliseconds.

const native = require('./native');

/** Every option there is: {name, aliases, type, range, defaultValue, group, help}. */
const optionTable = Object.freeze(native.optionTable().map(Object.freeze));

const durations = new Set(optionTable.filter(({ type }) => type === 'duration')
  .flatMap(({ name, aliases }) => [name, ...aliases.split(',').map((alias) => alias.trim())]));

/** The options as names and values in turn. */
function optionList(options) {
  const list = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const isTime = typeof value === 'number' && durations.has(name);
    list.push(name, isTime ? (value === Infinity ? 'none' : `${value}ms`) : String(value));
  }
  return list;
}

/** What native.create() and probeNow() begin with: the URI, the options, and what names in the environment begin with. */
function createArguments(uri, { env, ...options }) {
  const prefix = env === true ? 'DBPOOL_' : env || undefined;
  return [uri ?? '', optionList(options), prefix];
}

/** Whether the pool of these is one of SQLite. */
function isSqlite(uri, { uri: named, env }) {
  const fromEnvironment = env ? process.env[`${env === true ? 'DBPOOL_' : env}URI`] : undefined;
  return /^sqlite/.test(uri || named || fromEnvironment || '');
}

module.exports = { optionTable, optionList, createArguments, isSqlite };
