'use strict';

const RETRYABLE = 1, BROKEN = 2, TIMEOUT = 4, CANCELLED = 8, NOT_SENT = 16, UNKNOWN = 32;
const GIVEN = ['detail', 'hint', 'schema', 'table', 'column', 'constraint', 'pool', 'severity', 'where', 'dataType', 'internalQuery', 'file', 'routine'];
const NUMBERS = ['internalPosition', 'line'];  // the server's texts
const PHASES = ['none', 'queue', 'connect', 'ping', 'reset', 'query', 'close'];

/** What went wrong: `code` is the status, `sqlstate` the database's word for it, the flags say what it means. */
class DbpoolError extends Error {
  #native;

  constructor(fields) {
    super(fields.message, fields.reason ? { cause: fields.reason } : undefined);
    this.code = fields.code;
    this.sqlstate = fields.sqlstate ?? '';
    for (const name of GIVEN) {
      if (fields[name] !== undefined) this[name] = fields[name];
    }
    for (const name of NUMBERS) {
      if (fields[name] !== undefined) this[name] = Number(fields[name]);
    }
    if (fields.position) this.position = fields.position;
    if (fields.nativeCode) this.nativeCode = fields.nativeCode;
    this.phase = PHASES[fields.phase ?? 0];
    this.flags = fields.flags ?? 0;
    this.#native = fields.native;
  }
  /** The library's own error, of this one or of what caused it; undefined if it was none of the library's. */
  static _nativeOf(error) {
    for (let depth = 0; typeof error === 'object' && error !== null && depth < 8; ++depth, error = error.cause) {
      if (#native in error && error.#native !== undefined) return error.#native;
    }
    return undefined;
  }
  /** The same call may succeed later; of a transaction: from its start. */
  get isRetryable() { return (this.flags & RETRYABLE) !== 0; }
  /** The connection is gone: release it and take another. */
  get isConnectionBroken() { return (this.flags & BROKEN) !== 0; }
  get isTimeout() { return (this.flags & TIMEOUT) !== 0; }
  get isCancelled() { return (this.flags & CANCELLED) !== 0; }
  /** Not one byte of the statement left this process. */
  get isNotSent() { return (this.flags & NOT_SENT) !== 0; }
  /** It may have been committed: the connection was lost before the answer. */
  get isOutcomeUnknown() { return (this.flags & UNKNOWN) !== 0; }
}
DbpoolError.prototype.name = 'DbpoolError';

/** An error of the binding's own, with a code of the library's. */
function misuse(code, message) {
  return new DbpoolError({ code, message });
}

module.exports = { DbpoolError, misuse };
