'use strict';
// PostgreSQL's text of values: reading it, and writing it for parameters.

const { isAnyArrayBuffer } = require('node:util/types');

const TIMESTAMP = /^(\d{1,6})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?( BC)?$/;

/** A Date; without a zone in local time. Infinity and -Infinity; null for what is no timestamp. */
function parseTimestamp(text) {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const found = TIMESTAMP.exec(text);
  if (found === null) return null;
  const year = found[9] === undefined ? +found[1] : 1 - found[1];
  const fields = [year, found[2] - 1, +found[3], +(found[4] ?? 0), +(found[5] ?? 0), +(found[6] ?? 0),
    found[7] === undefined ? 0 : Math.trunc(+`0.${found[7]}` * 1000 + 1e-6)];
  if (found[8] === undefined) {
    const date = new Date(...fields);
    if (year >= 0 && year < 100) date.setFullYear(year);
    return date;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, fields[1], fields[2]);
  date.setUTCHours(fields[3], fields[4], fields[5], fields[6]);
  return new Date(date.getTime() - zoneSeconds(found[8]) * 1000);
}

function zoneSeconds(zone) {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replaceAll(':', '');
  const seconds = digits.slice(0, 2) * 3600 + (digits.slice(2, 4) || 0) * 60 + +(digits.slice(4, 6) || 0);
  return zone[0] === '-' ? -seconds : seconds;
}

/** `{1,2,"a b",NULL,{...}}` as nested arrays; `convert` is applied to every element. */
function parseArray(text, convert = (element) => element) {
  let at = text[0] === '[' ? text.indexOf('=') + 1 : 0; // bounds: [0:2]={...}
  const list = () => {
    const items = [];
    ++at;
    while (text[at] !== '}') {
      if (text[at] === undefined) throw new SyntaxError('an array of PostgreSQL ends early');
      if (text[at] === '{') items.push(list());
      else if (text[at] === '"') items.push(convert(quoted()));
      else items.push(plain());
      if (text[at] === ',' || text[at] === ';') ++at; // box[] has semicolons
    }
    ++at;
    return items;
  };
  const quoted = () => {
    let value = '';
    for (++at; text[at] !== '"'; ++at) {
      if (text[at] === undefined) throw new SyntaxError('an array of PostgreSQL ends early');
      value += text[at] === '\\' ? text[++at] : text[at];
    }
    ++at;
    return value;
  };
  const plain = () => {
    const from = at;
    while (text[at] !== undefined && text[at] !== ',' && text[at] !== '}') ++at;
    const value = text.slice(from, at);
    return value === 'NULL' ? null : convert(value);
  };
  return text[at] === '{' ? list() : [];
}

/** bytea's text: \x6869, or the old escapes. */
function parseBytea(text) {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex');
  return Buffer.from(text.replace(/\\([0-7]{3})|\\\\/g, (_, octal) => (octal ? String.fromCharCode(parseInt(octal, 8)) : '\\')), 'latin1');
}

/** A list as the text of an array: strings are quoted, blobs in hex, null is NULL. */
function formatArray(list, format) {
  const items = list.map((item) => {
    if (item === null || item === undefined) return 'NULL';
    if (Array.isArray(item)) return formatArray(item, format);
    if (isBytes(item)) return `"\\\\x${toBuffer(item).toString('hex')}"`;
    return `"${String(format(item)).replace(/[\\"]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}

function isBytes(value) {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

/** The bytes of a view or of a buffer, which may be shared; not copied. */
function toBuffer(bytes) {
  if (Buffer.isBuffer(bytes)) return bytes;
  return ArrayBuffer.isView(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes);
}

module.exports = { parseTimestamp, parseArray, parseBytea, formatArray, isBytes, toBuffer };
