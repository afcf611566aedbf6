'use strict';
// What a statement's parameters are called, and the values for them.

const { toBuffer } = require('../pg-text');

// Strings, quoted names and comments, which may hold what looks like a parameter; then parameters.
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\?(\d*)|([:@$])([A-Za-z0-9_\u0080-\uffff]+)/g;

/** Names of the parameters in the order in which SQLite numbers them; null for one without a name. */
function parameterNames(sql) {
  const names = [];
  const seen = new Set(); // with their sigils: @a and :a are two parameters
  for (const [parameter, number, sigil, name] of sql.matchAll(TOKENS)) {
    if (sigil !== undefined) {
      if (!seen.has(parameter)) names.push(name);
      seen.add(parameter);
    } else if (number === '') {
      names.push(null);
    } else if (number !== undefined) {
      while (names.length < Number(number)) names.push(null);
    }
  }
  return names;
}

function isNamed(value) {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function checked(value) {
  switch (typeof value) {
    case 'number': case 'string': case 'undefined': return value;
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new RangeError('The bound string, buffer, or bigint is too big');
      return value;
    case 'object':
      if (value === null || value instanceof Uint8Array) return value;
      if (ArrayBuffer.isView(value)) return toBuffer(value);
      // fall through
    default:
      throw new TypeError('SQLite3 can only bind numbers, strings, bigints, buffers, and null');
  }
}

/** Values in the order of `names`, out of what was given: values, lists of them, and one object for the named ones. */
function bindParameters(names, given) {
  const plain = [];
  let named;
  for (const value of given) {
    if (Array.isArray(value)) plain.push(...value);
    else if (!isNamed(value)) plain.push(value);
    else if (named === undefined) named = value;
    else throw new TypeError('You cannot specify named parameters in two different objects');
  }
  let next = 0;
  const values = names.map((name) => {
    if (name !== null && named !== undefined) {
      if (!Object.hasOwn(named, name)) throw new RangeError(`Missing named parameter "${name}"`);
      return checked(named[name]);
    }
    if (next >= plain.length) throw new RangeError(name === null || /^\d/.test(name) ? 'Too few parameter values were provided' : `Missing named parameter "${name}"`);
    return checked(plain[next++]);
  });
  if (next < plain.length) throw new RangeError('Too many parameter values were provided');
  return values;
}

module.exports = { parameterNames, bindParameters };
