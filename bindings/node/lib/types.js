'use strict';
// What JavaScript values are for the database's, both ways, in the promise API.
//
// Out: integers are numbers (a BigInt where a number would round), numeric and int8 alike exact; bytea and blobs are
// Buffers; of PostgreSQL timestamptz is a Date, json and jsonb are parsed, arrays are arrays; all else is its text.

const { parseTimestamp, parseArray, parseBytea, formatArray, toBuffer } = require('./pg-text');
const { misuse } = require('./errors');

const FORMAT = { native: 0, pg: 1, text: 2, rounded: 3, bigint: 4 };
const KIND = { timestamptz: 10, json: 13, array: 14 };

function exactInteger(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

const ELEMENTS = {
  _bool: (text) => text === 't',
  _int2: Number, _int4: Number, _oid: Number, _int8: exactInteger, _float4: Number, _float8: Number,
  _timestamptz: parseTimestamp, _json: JSON.parse, _jsonb: JSON.parse, _bytea: parseBytea,
};
const SCALARS = {
  bool: (text) => text === 't',
  int2: Number, int4: Number, oid: Number, int8: exactInteger, float4: Number, float8: Number,
};

function arrayOf(element) {
  return (text) => parseArray(text, element);
}

/** The types of a pool. `custom` are converters from text by PostgreSQL's names of types: {numeric: Number}. */
class Types {
  constructor(custom) {
    this.custom = custom ?? {};
    // Numbers come as text only if somebody wants that text.
    this.format = Object.keys(this.custom).some((name) => name in SCALARS) ? FORMAT.text : FORMAT.native;
  }
  converter(column) {
    if (column.nativeType === 0) return undefined;
    const { kind, nativeName } = column;
    if (Object.hasOwn(this.custom, nativeName)) return this.custom[nativeName];
    if (this.format === FORMAT.text && Object.hasOwn(SCALARS, nativeName)) return SCALARS[nativeName];
    if (kind === KIND.timestamptz) return parseTimestamp;
    if (kind === KIND.json) return JSON.parse;
    if (kind === KIND.array) return arrayOf(this.custom[nativeName.slice(1)] ?? ELEMENTS[nativeName]);
    return undefined;
  }
}

/** Parameters as the addon takes them. Given back as they are if there is nothing to do. */
function prepare(params, isPostgres) {
  if (params === undefined) return undefined;
  if (!Array.isArray(params)) throw misuse('DBPOOL_ERR_INVALID', 'parameters must be an array');
  for (let i = 0; i < params.length; ++i) {
    if (typeof params[i] === 'object' && params[i] !== null) return params.map((value) => prepareOne(value, isPostgres));
  }
  return params;
}

function prepareOne(value, isPostgres) {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof ArrayBuffer) return value;
  if (ArrayBuffer.isView(value)) return toBuffer(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value) && isPostgres) return formatArray(value, (item) => prepareOne(item, true));
  return JSON.stringify(value);
}

module.exports = { Types, prepare, FORMAT };
