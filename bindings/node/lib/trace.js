'use strict';
// Stack traces of errors that come from the library: not the answer's, which says nothing, but those of whoever awaits it.

/**
 * Rejects a promise by its `resolve`. The error's stack is taken when the engine knows who awaits the promise: in a
 * reaction to another one that the promise was resolved with. Calls that succeed pay nothing for it.
 */
function rejectTraced(resolve, error) {
  let reject;
  const cause = new Promise((_, no) => {
    reject = no;
  });
  resolve(cause.catch(() => {
    Error.captureStackTrace(error);
    throw error;
  }));
  queueMicrotask(() => reject(error)); // behind the job that links the two
}

module.exports = { rejectTraced };
