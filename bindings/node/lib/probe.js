'use strict';
// Asking a server who it is. The library's call blocks: it has a thread of its own, a worker, so that neither this one nor
// libuv's wait for a server that does not answer.

const { Worker } = require('node:worker_threads');
const path = require('node:path');
const { optionsOf, signalOf, timeoutOf } = require('./arguments');
const { DbpoolError } = require('./errors');
const { createArguments } = require('./options');

/**
 * Opens one connection without a pool and gives what the server says of itself: product, version, database, user, tls,
 * readOnly, inRecovery, maxConnections, sessions (-1: unknown), connectMs, roundTripMs. Options are those of createPool(),
 * and `timeout` in milliseconds (the option connect_timeout unless given).
 */
async function probe(uri, settings) {
  if (typeof uri === 'object' && uri !== null) return probe('', uri);
  const { types, signal: given, timeout, ...options } = optionsOf(settings);
  const signal = signalOf(given);
  const workerData = [...createArguments(uri, options), timeoutOf(timeout, -1)];
  if (signal?.aborted) throw signal.reason;
  const worker = new Worker(path.join(__dirname, 'probe-worker.js'), { workerData });
  let onAbort;
  try {
    return await new Promise((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.once('error', reject);
      worker.once('message', (answer) => (answer.status < 0 ? reject(new DbpoolError(answer)) : resolve(answer)));
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    worker.unref(); // an aborted attempt ends by its time-out
  }
}

module.exports = { probe };
