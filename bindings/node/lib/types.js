'use strict';
// What JavaScript values are for the database's, both ways, in the promise API.
//
// Out: integers are numbers (a BigInt where a number would round), numeric and int8 alike exact; bytea and blobs are
// Buffers; of PostgreSQL timestamptz is a Date, json and jsonb are parsed, arrays are arrays; all else is its text.

const { isDate } = require('node:util/types');
const { parseTimestamp, parseArray, parseBytea, formatArray, isBytes, toBuffer } = require('./pg-text');
const { functionOf, optionsOf } = require('./arguments');
const { misuse } = require('./errors');

const FORMAT = { native: 0, pg: 1, text: 2, rounded: 3, bigint: 4 };
const KIND = { timestamptz: 10, json: 13, array: 14 };

function exactInteger(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

const SCALARS = new Map(Object.entries({
  bool: (text) => text === 't',
  int2: Number, int4: Number, oid: Number, int8: exactInteger, float4: Number, float8: Number,
}));
const ELEMENTS = new Map([...SCALARS, ...Object.entries({
  timestamptz: parseTimestamp, json: JSON.parse, jsonb: JSON.parse, bytea: parseBytea,
})]);

function arrayOf(element) {
  return (text) => parseArray(text, element);
}

/** The types of a pool. `custom` are converters from text by PostgreSQL's names of types: {numeric: Number}. */
class Types {
  constructor(custom) {
    this.custom = new Map(Object.entries(optionsOf(custom)));
    for (const [name, convert] of this.custom) functionOf(`the converter of ${name}`, convert);
    this.areUsers = this.custom.size !== 0;
    // Numbers come as text only if somebody wants that text.
    this.format = [...this.custom.keys()].some((name) => SCALARS.has(name)) ? FORMAT.text : FORMAT.native;
  }
  converter(column) {
    if (column.nativeType === 0) return undefined;
    const { kind, nativeName } = column;
    if (this.custom.has(nativeName)) return this.custom.get(nativeName);
    if (this.format === FORMAT.text && SCALARS.has(nativeName)) return SCALARS.get(nativeName);
    if (kind === KIND.timestamptz) return parseTimestamp;
    if (kind === KIND.json) return JSON.parse;
    if (kind !== KIND.array) return undefined;
    const element = nativeName.slice(1); // _int4
    return arrayOf(this.custom.get(element) ?? ELEMENTS.get(element));
  }
}

/** Parameters as the addon takes them. Given back as they are if there is nothing to do. */
function prepare(params, isPostgres) {
  if (params === undefined || params === null) return undefined;
  if (!Array.isArray(params)) throw misuse('DBPOOL_ERR_INVALID', 'parameters must be an array');
  for (let i = 0; i < params.length; ++i) {
    if (typeof params[i] === 'object' && params[i] !== null) return params.map((value) => prepareOne(value, isPostgres));
  }
  return params;
}

function prepareOne(value, isPostgres) {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (isBytes(value)) return toBuffer(value);
  if (isDate(value)) return value.toISOString();
  if (Array.isArray(value) && isPostgres) return formatArray(value, (item) => prepareOne(item, true));
  return JSON.stringify(value);
}

module.exports = { Types, prepare, FORMAT };
