'use strict';
// Options of the library, as JavaScript says them: poolSize or pool_size, numbers of durations are milliseconds.

const { textOf } = require('./arguments');
const native = require('./native');

/** Every option there is: {name, aliases, type, range, defaultValue, group, help}. */
const optionTable = Object.freeze(native.optionTable().map(Object.freeze));

function namesOf({ name, aliases }) {
  return [name, ...aliases.split(',').map((alias) => alias.trim())].filter((each) => each !== '');
}

const durations = new Set(optionTable.filter(({ type }) => type === 'duration').flatMap(namesOf));
const uriNames = namesOf(optionTable.find(({ name }) => name === 'uri'));

function snakeCase(key) {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The options as names and values in turn. */
function optionList(options) {
  const list = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const name = snakeCase(key);
    const isTime = typeof value === 'number' && durations.has(name);
    list.push(name, isTime ? (value === Infinity ? 'none' : `${value}ms`) : String(value));
  }
  return list;
}

/** What native.create() and probeNow() begin with: the URI, the options, and what names in the environment begin with. */
function createArguments(uri, { env, ...options }) {
  return [textOf('uri', uri ?? ''), optionList(options), prefixOf(env)];
}

function prefixOf(env) {
  if (env === true) return 'DBPOOL_';
  return env === undefined || env === null || env === false ? undefined : textOf('env', env);
}

/** Whether the pool of these is one of SQLite. */
function isSqlite(uri, options) {
  const prefix = prefixOf(options.env);
  const named = Object.keys(options).find((key) => options[key] !== undefined && uriNames.includes(snakeCase(key)));
  const variable = uriNames.map((name) => `${prefix}${name.toUpperCase()}`).find((name) => process.env[name] !== undefined);
  return /^sqlite/i.test(uri || options[named] || (prefix !== undefined && process.env[variable]) || '');
}

module.exports = { optionTable, optionList, createArguments, isSqlite };
