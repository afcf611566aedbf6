'use strict';
// Type parsers in the manner of pg-types: by OID, from text. What the default parsers of numbers and booleans give comes
// from the library as a number already; its text is asked for only if a parser of somebody else's wants it.

const { parseTimestamp, parseArray, parseBytea } = require('../pg-text');
const { FORMAT } = require('../types');
const { Interval } = require('./interval');

const builtins = Object.freeze({
  BOOL: 16, BYTEA: 17, CHAR: 18, INT8: 20, INT2: 21, INT4: 23, REGPROC: 24, TEXT: 25, OID: 26, TID: 27, XID: 28, CID: 29,
  JSON: 114, XML: 142, PG_NODE_TREE: 194, SMGR: 210, PATH: 602, POLYGON: 604, CIDR: 650, FLOAT4: 700, FLOAT8: 701,
  ABSTIME: 702, RELTIME: 703, TINTERVAL: 704, CIRCLE: 718, MACADDR8: 774, MONEY: 790, MACADDR: 829, INET: 869,
  ACLITEM: 1033, BPCHAR: 1042, VARCHAR: 1043, DATE: 1082, TIME: 1083, TIMESTAMP: 1114, TIMESTAMPTZ: 1184, INTERVAL: 1186,
  TIMETZ: 1266, BIT: 1560, VARBIT: 1562, NUMERIC: 1700, REFCURSOR: 1790, REGPROCEDURE: 2202, REGOPER: 2203,
  REGOPERATOR: 2204, REGCLASS: 2205, REGTYPE: 2206, UUID: 2950, TXID_SNAPSHOT: 2970, PG_LSN: 3220, PG_NDISTINCT: 3361,
  PG_DEPENDENCIES: 3402, TSVECTOR: 3614, TSQUERY: 3615, GTSVECTOR: 3642, REGCONFIG: 3734, REGDICTIONARY: 3769,
  JSONB: 3802, REGNAMESPACE: 4089, REGROLE: 4096,
});

const noParse = String;
const parseInteger = (text) => parseInt(text, 10);
const parseBool = (text) => text === 't' || text === 'true' || text === 'TRUE' || text === 'y' || text === 'yes' || text === 'on' || text === '1';
const parsePoint = (text) => {
  const [x, y] = text.slice(1, -1).split(',').map(Number);
  return { x, y };
};
const parseCircle = (text) => { // <(x,y),radius>
  const [x, y, radius] = text.replace(/[<>()]/g, '').split(',').map(Number);
  return { x, y, radius };
};
const parseInterval = (text) => new Interval(text);
const arrayOf = (element) => (text) => parseArray(text, element);
const parseTexts = arrayOf(undefined);

/** What FORMAT.pg has parsed already, in the library. */
const NATIVE = new Map([[16, parseBool], [20, noParse], [21, parseInteger], [23, parseInteger], [26, parseInteger],
  [700, parseFloat], [701, parseFloat]]);

const DEFAULTS = [...NATIVE, [17, parseBytea], [114, JSON.parse], [3802, JSON.parse], [600, parsePoint], [718, parseCircle],
  [1082, parseTimestamp], [1114, parseTimestamp], [1184, parseTimestamp], [1186, parseInterval],
  [199, arrayOf(JSON.parse)], [3807, arrayOf(JSON.parse)], [1000, arrayOf(parseBool)], [1001, arrayOf(parseBytea)],
  [1005, arrayOf(parseInteger)], [1007, arrayOf(parseInteger)], [1028, arrayOf(parseInteger)], [1017, arrayOf(parsePoint)],
  [1021, arrayOf(parseFloat)], [1022, arrayOf(parseFloat)], [1231, arrayOf(parseFloat)], [1115, arrayOf(parseTimestamp)],
  [1182, arrayOf(parseTimestamp)], [1185, arrayOf(parseTimestamp)], [1187, arrayOf(parseInterval)],
  ...[651, 791, 1008, 1009, 1014, 1015, 1016, 1040, 1041, 1183, 1270, 2951, 3907].map((oid) => [oid, parseTexts])];

const parsers = { text: new Map(DEFAULTS), binary: new Map() };

function getTypeParser(oid, format = 'text') {
  return parsers[format]?.get(oid) ?? noParse;
}

/** What rows.js wants of types, over anything that has getTypeParser(oid, format). */
class Converters {
  constructor(source, isDefault) {
    this.source = source;
    this.isDefault = isDefault;
    this.format = isDefault ? FORMAT.pg : FORMAT.text;
    this.areUsers = source !== types || changes !== 0;
  }
  converter({ nativeType: oid }) {
    const parse = this.source.getTypeParser(oid, 'text');
    if (parse === noParse || (this.isDefault && NATIVE.get(oid) === parse)) return undefined;
    if (oid !== builtins.BYTEA) return parse;
    return parse === parseBytea ? undefined : (bytes) => parse(`\\x${bytes.toString('hex')}`);
  }
}

const types = { builtins, getTypeParser, setTypeParser, arrayParser: { create: (text, element) => ({ parse: () => parseArray(text, element) }) } };
let changes = 0; // of the common parsers
let defaults = new Converters(types, true);
const others = new WeakMap();

function setTypeParser(oid, format, parse) {
  if (typeof format === 'function') [format, parse] = ['text', format];
  parsers[format].set(oid, parse);
  ++changes;
  defaults = new Converters(types, [...NATIVE].every(([native, its]) => parsers.text.get(native) === its));
}

/** The converters of a types object of the user's; undefined: the common ones. */
function convertersOf(source) {
  if (source === undefined || source === null || source === types) return defaults;
  if (source.changes !== undefined) return source.converters(); // TypeOverrides
  let converters = others.get(source);
  if (converters === undefined) others.set(source, converters = new Converters(source, false));
  return converters;
}

/** Parsers of one client or pool before those of `types`. */
class TypeOverrides {
  constructor(userTypes = types) {
    this._types = userTypes;
    this.text = {};
    this.binary = {};
    this.changes = 0;
  }
  setTypeParser(oid, format, parse) {
    if (typeof format === 'function') [format, parse] = ['text', format];
    this[format][oid] = parse;
    ++this.changes;
    this._converters = undefined;
  }
  getTypeParser(oid, format = 'text') {
    return this[format]?.[oid] ?? this._types.getTypeParser(oid, format);
  }
  converters() {
    if (this.changes === 0) return convertersOf(this._types);
    if (this._known !== changes) this._converters = undefined; // what it does not override has changed
    this._known = changes;
    return this._converters ??= new Converters(this, false);
  }
}

module.exports = { types, convertersOf, TypeOverrides };
