'use strict';
// What is asked of a pool as a whole: again, anew, who are you, which options.

const { test, describe } = require('node:test');
const path = require('node:path');
const { createPool, probe, optionTable, DbpoolError } = require('dbpool');
const { assert, databases, fails, poolOf, postgresUrl, scratch, until, SKIP } = require('./support');

for (const [name, uri] of databases) {
  describe(`a pool on ${name}`, () => {
    test('reconnects: what it lends next is another connection', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const idNow = () => pool.use((connection) => connection.id);
      const before = await idNow();
      assert.ok(before > 0);
      assert.equal(await idNow(), before);
      await pool.reconnect();
      assert.notEqual(await idNow(), before);
      await pool.ping({ timeout: -1 });
      assert.equal(await pool.transaction((tx) => tx.one('SELECT 1 AS n').then(({ n }) => n), { timeout: -1 }), 1);
      const connection = await pool.connect();
      connection.release();
      assert.equal(connection.id, 0);
      await pool.close();
      await fails(pool.reconnect(), 'DBPOOL_ERR_CLOSED');
    });

    test('tells nobody when nobody listens any more', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const seen = [];
      const listener = ({ reason, connection }) => seen.push([reason, connection]);
      pool.on('closed', listener);
      const id = await pool.use((connection) => connection.id);
      pool.invalidate();
      await until(() => seen.length === 1);
      assert.deepEqual(seen, [['invalidated', id]]);
      pool.off('closed', listener);
      await pool.reconnect();
      const opened = new Promise((resolve) => pool.once('opened', resolve));
      await pool.reconnect();
      await opened;
      assert.equal(seen.length, 1);
    });

    test('is asked who it is, without a pool', async (t) => {
      const address = uri(t);
      await createPool(address).then((pool) => pool.close());
      const server = await probe(address, { timeout: 60_000 });
      assert.equal(server.product, name);
      assert.ok(server.version.length > 0 && server.connectMs > 0 && server.roundTripMs >= 0);
      assert.equal(server.readOnly, 0);
      await fails(probe(address, { colour: 'red' }), 'DBPOOL_ERR_OPTION');
      await fails(probe(address, { signal: AbortSignal.abort(new Error('enough')) }));
    });
  });
}

test('queries that go alone share no connection', { skip: SKIP }, async (t) => {
  const pool = await poolOf(t, () => postgresUrl, { poolSize: 1, maxOverflow: 0 });
  const holder = await (await poolOf(t, () => postgresUrl)).connect();
  await holder.query('DROP TABLE IF EXISTS node_alone; CREATE TABLE node_alone (a int)');
  await holder.begin();
  await holder.query('LOCK TABLE node_alone');
  const queries = Array.from({ length: 4 }, () =>
    pool.query('SELECT count(*) FROM node_alone', [], { alone: true }));
  await until(() => pool.stats().waiting === 3);
  await holder.commit();
  await Promise.all(queries);
  await holder.query('DROP TABLE node_alone');
  holder.release();
});

test('a failure is the answer unless the library says again', async (t) => {
  const pool = await poolOf(t, () => 'sqlite::memory:');
  let runs = 0;
  await fails(pool.transaction(async () => {
    ++runs;
    throw Object.assign(new Error('mine'), { code: 'MINE', sqlstate: '40001' }); // whoever throws it has no say
  }), 'MINE');
  await fails(pool.transaction(async (tx) => {
    ++runs;
    await tx.query('SELECT nothing_here');
  }), 'DBPOOL_ERR_SQL');
  assert.equal(runs, 2);
});

test('a transaction waits for a writer elsewhere, and runs again', async (t) => {
  const uri = `sqlite:${path.join(scratch(t), 'busy.db')}?lock_timeout=10ms`;
  const [pool, other] = [await poolOf(t, () => uri), await poolOf(t, () => uri)];
  await pool.query('CREATE TABLE n (n integer)');
  const writer = await other.connect();
  await writer.begin();
  await writer.execute('INSERT INTO n VALUES (1)');
  await fails(pool.transaction(() => {}, { maxAttempts: 2 }), 'DBPOOL_ERR_SQL');
  const written = pool.transaction((tx) => tx.execute('INSERT INTO n VALUES (2)'), { maxAttempts: 1000 });
  await fails(pool.transaction(() => {}, { maxAttempts: 2 }), 'DBPOOL_ERR_SQL'); // by then it has failed, too
  await writer.commit();
  writer.release();
  assert.equal(await written, 1);
});

test('a pause between two attempts ends with the signal', { skip: SKIP }, async (t) => {
  const pool = await poolOf(t, () => postgresUrl);
  const abort = new AbortController();
  let runs = 0;
  const ended = await fails(pool.transaction(async (tx) => {
    if (++runs === 3) abort.abort(new Error('enough'));
    await tx.query("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40P01'; END $$");
  }, { signal: abort.signal }));
  assert.match(ended.message, /enough/);
  assert.equal(runs, 3);
});

test('options are told, and read from the environment', async (t) => {
  const size = optionTable.find(({ name }) => name === 'pool_size');
  assert.equal(size.type, 'integer');
  process.env.NODETEST_URI = `sqlite:${path.join(scratch(t), 'env.db')}`;
  process.env.NODETEST_POOL_SIZE = '7';
  const pool = await createPool({ env: 'NODETEST_', maxOverflow: 0, acquireTimeout: 1500 });
  t.after(() => pool.close());
  assert.equal(pool.stats().limit, 7);
  assert.deepEqual(await pool.one('SELECT $1 AS a', [[1, 2]]), { a: '[1,2]' });
  process.env.NODETEST_POOL_SIZE = 'many';
  assert.ok(await fails(createPool({ env: 'NODETEST_' }), 'DBPOOL_ERR_OPTION') instanceof DbpoolError);
});
