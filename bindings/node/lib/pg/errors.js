'use strict';

/** What the server said, in the fields of node-postgres. `cause` is the DbpoolError, with its flags. */
class DatabaseError extends Error {
  constructor(message, length, name) {
    super(message);
    this.length = length;
    this.name = name;
  }
}

const TEXTS = ['severity', 'detail', 'hint', 'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'internalQuery', 'file', 'routine'];
const NUMBERS = ['position', 'internalPosition', 'line'];  // texts, too, in node-postgres

/** node-postgres's error for one of the library's; others are passed on. */
function translate(error) {
  if (error?.name !== 'DbpoolError') return error;
  const isServers = error.sqlstate !== '' && error.phase !== 'none';
  const message = isServers ? withoutSeverity(error) : error.message;
  const translated = isServers ? new DatabaseError(message, message.length, 'error') : new Error(message);
  Object.defineProperty(translated, 'cause', { value: error, enumerable: false, writable: true, configurable: true });
  translated.code = error.sqlstate || error.code;
  if (!isServers) return translated;
  for (const name of TEXTS) translated[name] = error[name];
  translated.severity ??= error.isConnectionBroken || error.phase === 'connect' ? 'FATAL' : 'ERROR';
  for (const name of NUMBERS) translated[name] = error[name] === undefined ? undefined : String(error[name]);
  return translated;
}

/** The library puts a severity before what a refused connect says. */
function withoutSeverity({ message, severity }) {
  const before = `${severity}: `;
  return message.startsWith(before) ? message.slice(before.length) : message;
}

/** The same for an attempt to get a client, where a time-out has words of its own. */
function translateConnect(error) {
  const translated = translate(error);
  if (error?.name !== 'DbpoolError') return translated;
  if (error.code === 'DBPOOL_ERR_TIMEOUT') {
    translated.message = `timeout exceeded when trying to connect: ${error.message}`;
  } else if (error.code === 'DBPOOL_ERR_CLOSED') {
    translated.message = 'Cannot use a pool after calling end on the pool';
  }
  return translated;
}

module.exports = { DatabaseError, translate, translateConnect };
