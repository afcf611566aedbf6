'use strict';

/** fn in a transaction; inside of another one, in a savepoint. Variants: deferred, immediate, exclusive. */
function makeTransaction(database, fn) {
  if (typeof fn !== 'function') throw new TypeError('Expected first argument to be a function');
  const variant = (begin) => function transaction(...args) {
    const nested = database.inTransaction;
    const [start, end, undo] = nested
      ? ['SAVEPOINT `\t_bs3.\t`', 'RELEASE `\t_bs3.\t`', 'ROLLBACK TO `\t_bs3.\t`; RELEASE `\t_bs3.\t`']
      : [begin, 'COMMIT', 'ROLLBACK'];
    database._execute(start);
    try {
      const value = fn.apply(this, args);
      if (typeof value?.then === 'function') throw new TypeError('Transaction function cannot return a promise');
      database._execute(end);
      return value;
    } catch (error) {
      if (database.inTransaction) database._execute(undo); // SQLite may have rolled back by itself
      throw error;
    }
  };
  const variants = {
    default: variant('BEGIN'), deferred: variant('BEGIN DEFERRED'), immediate: variant('BEGIN IMMEDIATE'), exclusive: variant('BEGIN EXCLUSIVE'),
  };
  for (const each of Object.values(variants)) {
    for (const [name, value] of Object.entries(variants)) Object.defineProperty(each, name, { value });
    Object.defineProperty(each, 'database', { value: database, enumerable: true });
  }
  return variants.default;
}

module.exports = { makeTransaction };
