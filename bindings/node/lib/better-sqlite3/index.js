'use strict';
// The synchronous subset of better-sqlite3: `const Database = require('dbpool/better-sqlite3')`.

const { Database: Implementation } = require('./database');

/** Also without `new`, as better-sqlite3. */
function Database(filename, options) {
  return Reflect.construct(Implementation, [filename, options], new.target ?? Database);
}
Database.prototype = Implementation.prototype;
Database.SqliteError = Implementation.SqliteError;
Object.defineProperty(Database.prototype, 'constructor', { value: Database, writable: true, configurable: true });

module.exports = Database;
