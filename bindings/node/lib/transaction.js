'use strict';
// Transactions as a scope: the function runs between BEGIN and COMMIT, and once more if the database says "again".

const { misuse } = require('./errors');

const ISOLATION = { default: 0, 'read committed': 1, 'repeatable read': 2, serializable: 3 };
const READ_ONLY = 1, DEFERRABLE = 2;
const TIMEOUT_MS = 30_000; // as dbpool_transaction()

function isolationOf(name = 'default') {
  const isolation = ISOLATION[String(name).toLowerCase()];
  if (isolation === undefined) {
    throw misuse('DBPOOL_ERR_INVALID', `unknown isolation ${name}: ${Object.keys(ISOLATION).join(', ')}`);
  }
  return isolation;
}

function beginFlags({ readOnly, deferrable }) {
  return (readOnly ? READ_ONLY : 0) | (deferrable ? DEFERRABLE : 0);
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

async function attempt(pool, fn, options, timeout) {
  const connection = await pool.connect({ signal: options.signal, timeout });
  try {
    await connection.begin({ ...options, timeout });
    const value = await fn(connection);
    await connection.commit();
    return value;
  } finally {
    connection.release(); // rolls back unless it was committed
  }
}

/** Up to maxAttempts and timeout (30 s) for all of them; whether and when again is the library's word. */
async function runTransaction(pool, fn, options = {}) {
  isolationOf(options.isolation);
  const { maxAttempts = 0, timeout = 0, signal } = options;
  const end = performance.now() + (timeout > 0 ? timeout : TIMEOUT_MS);
  for (let count = 1; ; ++count) {
    try {
      return await attempt(pool, fn, options, Math.max(1, Math.round(end - performance.now())));
    } catch (error) {
      const wait = pool._again(error, maxAttempts, count);
      if (wait === undefined || performance.now() + wait >= end) throw error;
      await pause(wait, signal);
    }
  }
}

module.exports = { runTransaction, isolationOf, beginFlags };
