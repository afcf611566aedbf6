'use strict';

const PRIMARY = ['OK', 'ERROR', 'INTERNAL', 'PERM', 'ABORT', 'BUSY', 'LOCKED', 'NOMEM', 'READONLY', 'INTERRUPT', 'IOERR', 'CORRUPT',
  'NOTFOUND', 'FULL', 'CANTOPEN', 'PROTOCOL', 'EMPTY', 'SCHEMA', 'TOOBIG', 'CONSTRAINT', 'MISMATCH', 'MISUSE', 'NOLFS', 'AUTH',
  'FORMAT', 'RANGE', 'NOTADB', 'NOTICE', 'WARNING'];
const EXTENDED = {
  BUSY: [, 'RECOVERY', 'SNAPSHOT', 'TIMEOUT'],
  LOCKED: [, 'SHAREDCACHE', 'VTAB'],
  READONLY: [, 'RECOVERY', 'CANTLOCK', 'ROLLBACK', 'DBMOVED', 'CANTINIT', 'DIRECTORY'],
  CONSTRAINT: [, 'CHECK', 'COMMITHOOK', 'FOREIGNKEY', 'FUNCTION', 'NOTNULL', 'PRIMARYKEY', 'TRIGGER', 'UNIQUE', 'VTAB', 'ROWID', 'PINNED', 'DATATYPE'],
  CANTOPEN: [, 'NOTEMPDIR', 'ISDIR', 'FULLPATH', 'CONVPATH', 'DIRTYWAL', 'SYMLINK'],
};

/** "SQLITE_CONSTRAINT_UNIQUE" of 2067. */
function codeName(number) {
  const name = PRIMARY[number & 255] ?? 'ERROR';
  const detail = EXTENDED[name]?.[number >> 8];
  return detail === undefined ? `SQLITE_${name}` : `SQLITE_${name}_${detail}`;
}

class SqliteError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}
SqliteError.prototype.name = 'SqliteError';

const CODES = { DBPOOL_ERR_TIMEOUT: 'SQLITE_BUSY', DBPOOL_ERR_BUSY: 'SQLITE_BUSY', DBPOOL_ERR_CONNECT: 'SQLITE_CANTOPEN', DBPOOL_ERR_NOMEM: 'SQLITE_NOMEM' };

/** better-sqlite3's error for one of the library's. */
function translate(error) {
  if (error.name !== 'DbpoolError') return error;
  if (error.code === 'DBPOOL_ERR_INVALID') return new RangeError(error.message, { cause: error });
  if (error.code === 'DBPOOL_ERR_STALE') return new TypeError('The database connection is not open');
  const code = error.nativeCode ? codeName(error.nativeCode) : CODES[error.code] ?? 'SQLITE_ERROR';
  const translated = new SqliteError(error.message, code);
  Object.defineProperty(translated, 'cause', { value: error, enumerable: false, writable: true, configurable: true });
  return translated;
}

module.exports = { SqliteError, translate };
