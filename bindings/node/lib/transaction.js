'use strict';
// Transactions as a scope: the function runs between BEGIN and COMMIT, and once more if the database says "again".

const { choiceOf, countOf, functionOf, optionsOf, timeoutOf, signalOf } = require('./arguments');

const ISOLATION = { default: 0, 'read committed': 1, 'repeatable read': 2, serializable: 3 };
const READ_ONLY = 1, DEFERRABLE = 2;
const TIMEOUT_MS = 30_000; // as dbpool_transaction()

/** What native.connBegin() wants: isolation, flags, timeout. */
function beginArguments({ isolation, readOnly, deferrable, timeout }) {
  const name = isolation ?? 'default';
  return [choiceOf('isolation', typeof name === 'string' ? name.toLowerCase() : name, ISOLATION),
    (readOnly ? READ_ONLY : 0) | (deferrable ? DEFERRABLE : 0), timeoutOf(timeout, 0)];
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      signal?.aborted ? reject(signal.reason) : resolve();
    }
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** What the function gives; once the signal is aborted its reason, also if the function never ends. */
async function resultOf(fn, connection, signal) {
  if (signal === undefined) return fn(connection);
  if (signal.aborted) throw signal.reason;
  let onAbort;
  const aborted = new Promise((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([fn(connection), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function attempt(pool, fn, options, timeout) {
  const { signal } = options;
  const connection = await pool.connect({ signal, timeout });
  try {
    await connection.begin({ ...options, timeout });
    const value = await resultOf(fn, connection, signal);
    await connection.commit();
    return value;
  } finally {
    connection.release(); // rolls back unless it was committed
  }
}

/** Up to maxAttempts and timeout (30 s) for all of them; whether and when again is the library's word. */
async function runTransaction(pool, fn, options) {
  functionOf('the function of a transaction', fn);
  const given = optionsOf(options);
  const [, , timeout] = beginArguments(given);
  const maxAttempts = countOf('maxAttempts', given.maxAttempts ?? 0), signal = signalOf(given.signal);
  const end = performance.now() + (timeout > 0 ? timeout : TIMEOUT_MS);
  for (let count = 1; ; ++count) {
    try {
      return await attempt(pool, fn, { ...given, signal }, Math.max(1, Math.round(end - performance.now())));
    } catch (error) {
      const wait = pool._again(error, maxAttempts, count);
      if (wait === undefined || performance.now() + wait >= end) throw error;
      await pause(wait, signal);
    }
  }
}

module.exports = { runTransaction, beginArguments };
