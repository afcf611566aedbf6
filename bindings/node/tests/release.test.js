'use strict';
// A connection that is given back while something runs on it comes back when that has answered, and nobody asks for it by the clock.

const { test, describe } = require('node:test');
const pg = require('dbpool/pg');
const { assert, databases, fails, until, poolOf, postgresUrl, postgresConfig, SKIP } = require('./support');

/** A statement whose first row comes soon, and whose last one comes never. */
const ENDLESS = {
  SQLite: 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c WHERE n < 1000',
  PostgreSQL: "SELECT repeat('x', 9000) AS t, CASE WHEN n > 3 THEN pg_sleep(600) END FROM generate_series(1, 10) AS n",
};

/** Until all rows there will ever be have come, so that a fetch waits in vain. */
async function waitsInVain(name, t) {
  if (name === 'PostgreSQL') {
    const other = await poolOf(t, () => postgresUrl, { poolSize: 1 });
    await until(() => other.one("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'").then(({ n }) => n === 1));
  }
  for (let turn = 0; turn < 3; ++turn) await new Promise(setImmediate);
}

/** The timers that are set until the test is over. */
function timers(t) {
  const { setTimeout, setInterval } = globalThis;
  const set = [];
  globalThis.setTimeout = (...args) => set.push(args);
  globalThis.setInterval = globalThis.setTimeout;
  t.after(() => Object.assign(globalThis, { setTimeout, setInterval }));
  return set;
}

for (const [name, uri] of databases) {
  describe(`${name}: released in use`, { timeout: 120_000 }, () => {
    test('while a stream fetches', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const set = timers(t);
      const connection = await pool.connect();
      const stream = connection.stream(ENDLESS[name]);
      assert.equal((await stream.read(1)).length, 1);
      connection.stream('SELECT 1'); // not begun: it changes nothing
      const fetched = fails(stream.read(100_000), 'DBPOOL_ERR_CANCELLED');
      await waitsInVain(name, t);
      connection.release();
      connection.release();
      assert.ok(connection.isReleased && connection.id !== 0, 'it is in use');
      const next = pool.connect();
      await fetched;
      assert.equal(connection.id, 0, 'it is back when the fetch has answered');
      assert.equal((await (await next).one('SELECT 1 AS n')).n, 1);
      (await next).release();
      assert.deepEqual(set, []);
    });

    test('while a stream that was left fetches', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const set = timers(t);
      const connection = await pool.connect();
      const stream = connection.stream(ENDLESS[name]);
      await stream.read(1);
      const fetched = stream.read(100_000).catch(() => {});
      await waitsInVain(name, t);
      await stream.return();
      connection.release();
      await fetched;
      assert.equal(connection.id, 0);
      (await pool.connect()).release();
      assert.deepEqual(set, []);
    });
  });
}

describe('PostgreSQL: what has hardly begun', { skip: SKIP, timeout: 120_000 }, () => {
  const SLEEP = 'SELECT pg_sleep(600)';
  const TRIES = 60; // of which the server would overhear a few, if it were asked once

  test('hears a cancel, and a release', async (t) => {
    const pool = await poolOf(t, () => postgresUrl, { poolSize: 1, maxOverflow: 0 });
    for (let i = 0; i < TRIES; ++i) {
      const connection = await pool.connect();
      const running = fails(connection.query(SLEEP, [], { timeout: 20_000 }), 'DBPOOL_ERR_CANCELLED');
      await fails(connection.query('SELECT 1'), 'DBPOOL_ERR_BUSY'); // and is not what is cancelled
      for (let turn = i % 6; turn > 0; --turn) await new Promise(setImmediate);
      if (i % 2 === 0) connection.cancel();
      connection.release();
      await running;
    }
  });

  test('hears the release of a client', async (t) => {
    const pool = new pg.Pool({ ...postgresConfig(), max: 1, query_timeout: 20_000 });
    t.after(() => pool.end());
    for (let i = 0; i < TRIES; ++i) {
      const client = await pool.connect();
      const running = i % 2 === 0 ? client.query(SLEEP) : client.query(new pg.Cursor(SLEEP)).read(1);
      const ended = running.then(() => 'no row', (error) => error.cause.code);
      for (let turn = i % 6; turn > 0; --turn) await new Promise(setImmediate);
      client.release();
      assert.match(await ended, i % 2 === 0 ? /CANCELLED/ : /CANCELLED|no row/); // a read that had not begun gives none
    }
  });
});

describe('dbpool/pg: released in use', { skip: SKIP, timeout: 120_000 }, () => {
  for (const rows of [0, 1]) {
    test(`while a cursor ${rows === 0 ? 'opens' : 'fetches'}`, async (t) => {
      const pool = new pg.Pool({ ...postgresConfig(), max: 1 });
      t.after(() => pool.end());
      const set = timers(t);
      const client = await pool.connect();
      const cursor = client.query(new pg.Cursor(rows === 0 ? 'SELECT pg_sleep(600)' : ENDLESS.PostgreSQL));
      assert.equal((await cursor.read(rows)).length, rows);
      const fetched = cursor.read(1000).catch(() => {});
      await waitsInVain('PostgreSQL', t);
      client.release();
      const next = pool.connect();
      await fetched;
      assert.deepEqual((await (await next).query('SELECT 1 AS n')).rows, [{ n: 1 }]);
      (await next).release();
      assert.deepEqual(set, []);
    });
  }
});
