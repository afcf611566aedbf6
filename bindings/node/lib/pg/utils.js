'use strict';

const { isDate } = require('node:util/types');
const { formatArray, toBuffer } = require('../pg-text');

const defaults = {
  host: 'localhost', port: 5432, user: process.env.USER, database: undefined, password: null, connectionString: undefined,
  max: 10, idleTimeoutMillis: 10000, parseInputDatesAsUTC: false, application_name: undefined, ssl: false,
};

const pad = (number, digits = 2) => String(number).padStart(digits, '0');

function formatDate(date) {
  if (Number.isNaN(date.getTime())) throw new TypeError('an invalid Date cannot be a parameter');
  const utc = defaults.parseInputDatesAsUTC;
  const get = (field) => (utc ? date[`getUTC${field}`]() : date[`get${field}`]());
  const year = get('FullYear');
  const offset = utc ? 0 : -date.getTimezoneOffset();
  return `${pad(year < 1 ? 1 - year : year, 4)}-${pad(get('Month') + 1)}-${pad(get('Date'))}T` +
    `${pad(get('Hours'))}:${pad(get('Minutes'))}:${pad(get('Seconds'))}.${pad(get('Milliseconds'), 3)}` +
    `${offset < 0 ? '-' : '+'}${pad(Math.trunc(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}${year < 1 ? ' BC' : ''}`;
}

/** A parameter as node-postgres makes it: objects are JSON, arrays are arrays, dates have the local zone. */
function prepareValue(value, seen = []) {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return typeof value === 'string' ? value : value.toString();
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return toBuffer(value);
  if (isDate(value)) return formatDate(value);
  if (Array.isArray(value)) return formatArray(value, (item) => prepareValue(item));
  if (typeof value.toPostgres === 'function') {
    if (seen.includes(value)) throw new Error(`circular reference detected while preparing "${value}" for query`);
    return prepareValue(value.toPostgres(prepareValue), [...seen, value]);
  }
  return JSON.stringify(value);
}

/** The list itself if the addon takes each of its values as it is. */
function prepareValues(values) {
  for (let i = 0; i < values.length; ++i) {
    switch (typeof values[i]) {
      case 'string': case 'number': case 'boolean': case 'undefined': break;
      case 'object': if (values[i] === null) break; // fall through
      default: return values.map((value) => prepareValue(value));
    }
  }
  return values;
}

function escapeIdentifier(text) {
  return `"${text.replace(/"/g, '""')}"`;
}

function escapeLiteral(text) {
  if (text === null || text === undefined) return "''";
  if (Array.isArray(text)) return escapeLiteral(formatArray(text, (item) => prepareValue(item)));
  const escaped = `'${String(prepareValue(text)).replace(/'/g, "''").replace(/\\/g, '\\\\')}'`;
  return escaped.includes('\\') ? ` E${escaped}` : escaped;
}

module.exports = { defaults, prepareValue, prepareValues, escapeIdentifier, escapeLiteral };
