'use strict';
// dbpool/pg when something is wrong: no server, listeners that throw, what was left open, what is not there.

const { test, describe } = require('node:test');
const pg = require('dbpool/pg');
const { assert, fails, pgPoolOf: poolOf, postgresUrl, SKIP } = require('./support');

describe('dbpool/pg in trouble', { skip: SKIP, timeout: 120_000 }, () => {
  test('a server that is not there is told at once, each time', async () => {
    const nowhere = { host: '127.0.0.1', port: 1, user: 'nobody' }; // and no time-out
    const pool = new pg.Pool(nowhere);
    for (let time = 0; time < 2; ++time) {
      for (const error of await Promise.all([fails(pool.query('SELECT 1')), fails(pool.connect())])) assert.equal(error.cause.code, 'DBPOOL_ERR_CONNECT');
    }
    await new Promise((resolve) => pool.query('SELECT 1', (error) => resolve(assert.equal(error.cause.code, 'DBPOOL_ERR_CONNECT'))));
    const last = fails(pool.connect());
    await pool.end();
    await last;
    assert.equal((await fails(new pg.Client(nowhere).connect())).cause.code, 'DBPOOL_ERR_CONNECT');
  });

  test('a listener that throws costs no connection', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const listener = () => { throw new Error('a listener'); };
    for (const event of ['connect', 'acquire']) {
      pool.on(event, listener);
      assert.match((await fails(pool.connect())).message, /a listener/);
      assert.match((await fails(pool.query('SELECT 1'))).message, /a listener/);
      pool.off(event, listener);
    }
    const client = await pool.connect();
    pool.on('release', listener);
    assert.throws(() => client.release(), /a listener/);
    pool.off('release', listener);
    assert.deepEqual((await pool.query('SELECT 1 AS n')).rows, [{ n: 1 }]);
  });

  test('an end does not wait for a cursor that nobody reads', async (t) => {
    const client = new pg.Client(postgresUrl);
    await client.connect();
    const cursor = client.query(new pg.Cursor('SELECT generate_series(1, 100000) AS n'));
    assert.throws(() => client.query(cursor), /already/);
    await cursor.read(1);
    const rows = client.query(new pg.Cursor('SELECT generate_series(1, 3) AS n')).read(10); // behind it, and read
    const last = client.query('SELECT 2 AS n');
    const ended = client.end();
    await fails(client.query('SELECT 1'), 'DBPOOL_ERR_STALE');
    await ended;
    assert.deepEqual([(await rows).length, (await last).rows], [3, [{ n: 2 }]]);
    const pool = poolOf(t, { max: 1 });
    const leased = await pool.connect();
    await leased.query(new pg.Cursor('SELECT generate_series(1, 100000) AS n')).read(1);
    await leased.end();
    assert.equal(pool.idleCount, 1);
  });

  test('a failure says who asked', async (t) => {
    const pool = poolOf(t, { max: 1 });
    async function whoAsked() { await pool.query('SELECT nothing_here'); }
    assert.match((await fails(whoAsked(), '42703')).stack, /at async whoAsked /);
  });

  test('what is not supported says so', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const client = await pool.connect();
    assert.throws(() => client.on('notification', () => {}), { code: 'DBPOOL_ERR_UNSUPPORTED', message: /LISTEN/ });
    assert.throws(() => client.once('notification', () => {}), { code: 'DBPOOL_ERR_UNSUPPORTED' });
    assert.throws(() => client.query({ submit() {} }), { code: 'DBPOOL_ERR_UNSUPPORTED', message: /COPY/ });
    const warnings = [];
    const warned = ({ code }) => warnings.push(code);
    process.on('warning', warned);
    client.on('notice', () => {});
    client.on('notice', () => {});
    await client.query('SELECT 1');
    process.off('warning', warned);
    assert.deepEqual(warnings, ['DBPOOL_PG_NOTICE']);
    const copy = await fails(client.query('COPY (SELECT 1) TO STDOUT'), 'DBPOOL_ERR_UNSUPPORTED');
    assert.match(copy.message, /COPY/);
    assert.ok(copy.cause.isConnectionBroken);
    client.release(true);
    assert.match((await fails(pool.query('COPY (SELECT 1) TO STDOUT'), 'DBPOOL_ERR_UNSUPPORTED')).message, /COPY/);
    assert.deepEqual((await pool.query('SELECT 1 AS n')).rows, [{ n: 1 }]);
  });
});
