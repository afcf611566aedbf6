'use strict';
// Many statements in one round trip.

const { test, describe } = require('node:test');
const { createPool } = require('dbpool');
const { assert, databases, fails, poolOf, postgresUrl, SKIP } = require('./support');

const INSERT = 'INSERT INTO node_pipe VALUES ($1, $2)';

async function withTable(t, uri) {
  const pool = await poolOf(t, uri);
  await pool.query('DROP TABLE IF EXISTS node_pipe');
  await pool.query('CREATE TABLE node_pipe (n integer PRIMARY KEY, t text)');
  return pool;
}

for (const [name, uri] of databases) {
  describe(`a pipeline on ${name}`, () => {
    test('gives the result of each statement', async (t) => {
      const pool = await withTable(t, uri);
      const results = await pool.pipeline([[INSERT, [1, 'ä']], [INSERT, [2, null]], 'SELECT n, t FROM node_pipe ORDER BY n',
        ['SELECT t FROM node_pipe WHERE n = $1', [1]]]);
      assert.deepEqual(results.map(({ affected }) => affected), [1, 1, 0, 0]);
      assert.deepEqual(results.slice(2).map(({ rows }) => rows), [[{ n: 1, t: 'ä' }, { n: 2, t: null }], [{ t: 'ä' }]]);
      assert.deepEqual(await pool.pipeline([]), []);
      const [{ rows }] = await pool.pipeline(['SELECT n FROM node_pipe ORDER BY n'], { rowMode: 'array', readOnly: true });
      assert.deepEqual(rows, [[1], [2]]);
    });

    test('gives large results whole', async (t) => {
      const pool = await withTable(t, uri);
      const numbers = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 30000) SELECT n FROM c';
      const [first, second] = await pool.pipeline([numbers, numbers]);
      assert.deepEqual([first.rows.length, second.rows.length, second.rows[29_999].n], [30_000, 30_000, 30_000]);
    });

    test('is all or nothing', async (t) => {
      const pool = await withTable(t, uri);
      const error = await fails(pool.pipeline([[INSERT, [1, 'a']], [INSERT, [1, 'again']], 'SELECT 1 AS n']), 'DBPOOL_ERR_SQL');
      assert.equal(error.sqlstate, '23505');
      assert.deepEqual(error.outcomes.map(({ status, reason }) => [status, reason?.sqlstate]),
        [['rejected', '40000'], ['rejected', '23505'], ['rejected', '25P02']]);
      assert.equal((await pool.one('SELECT count(*) AS n FROM node_pipe')).n, 0);
    });

    test('undoes only its own work inside a transaction', async (t) => {
      const pool = await withTable(t, uri);
      await pool.transaction(async (tx) => {
        await tx.execute(INSERT, [1, 'stays']);
        await fails(tx.pipeline([[INSERT, [2, 'goes']], [INSERT, [1, 'twice']]]), 'DBPOOL_ERR_SQL');
      });
      assert.deepEqual(await pool.all('SELECT n FROM node_pipe'), [{ n: 1 }]);
    });

    test('runs one by one, if that is wanted', async (t) => {
      const pool = await withTable(t, uri);
      const error = await fails(pool.pipeline([[INSERT, [1, 'a']], [INSERT, [1, 'b']], [INSERT, [2, 'c']]], { oneByOne: true }), 'DBPOOL_ERR_SQL');
      assert.deepEqual(error.outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
      assert.deepEqual(await pool.all('SELECT n FROM node_pipe ORDER BY n'), [{ n: 1 }, { n: 2 }]);
    });

    test('refuses what it cannot run', async (t) => {
      const pool = await withTable(t, uri);
      await fails(pool.pipeline('SELECT 1'), 'DBPOOL_ERR_INVALID');
      await fails(pool.pipeline([17]), 'DBPOOL_ERR_INVALID');
      await fails(pool.pipeline(['COMMIT']), 'DBPOOL_ERR_INVALID');
      await fails(pool.pipeline([['SELECT $1', 5]]), 'DBPOOL_ERR_INVALID');
      const connection = await pool.connect();
      connection.release();
      const error = await fails(connection.pipeline(['SELECT 1']), 'DBPOOL_ERR_STALE');
      assert.equal(error.outcomes, undefined);
    });
  });
}

test('a pipeline ends with its signal, and at its time-out', { skip: SKIP }, async () => {
  const pool = await createPool(postgresUrl, { poolSize: 1, maxOverflow: 0 });
  const abort = new AbortController();
  const running = fails(pool.pipeline(['SELECT pg_sleep(60)'], { signal: abort.signal }));
  while ((await pool.stats()).leased === 0) await new Promise(setImmediate);
  abort.abort(new Error('enough'));
  assert.match((await running).message, /enough/);
  await fails(pool.pipeline(['SELECT 1', 'SELECT pg_sleep(60)'], { timeout: 50 }), 'DBPOOL_ERR_TIMEOUT');
  assert.deepEqual(await pool.one('SELECT 1 AS n'), { n: 1 });
  await pool.close();
});
