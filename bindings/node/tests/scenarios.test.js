'use strict';
// The black-box scenarios that all bindings share.

const { test, describe } = require('node:test');
const { createPool } = require('dbpool');
const { assert, databases, fails, until, poolOf, postgresUrl, SKIP } = require('./support');

const SLEEP = 'SELECT pg_sleep(60)';

for (const [name, uri] of databases) {
  describe(name, () => {
    test('an exhausted pool ends the wait at its time-out and says why', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const connection = await pool.connect();
      const error = await fails(pool.connect({ timeout: 20 }), 'DBPOOL_ERR_TIMEOUT');
      assert.equal(error.phase, 'queue');
      assert.equal(error.pool.leased, 1);
      assert.ok(error.isTimeout);
      await fails(pool.connect({ timeout: 0 }), 'DBPOOL_ERR_TIMEOUT');
      connection.release();
      (await pool.connect()).release();
    });

    test('one caller more than may wait is refused at once', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0, maxWaiters: 1 });
      const connection = await pool.connect();
      const waiting = pool.connect();
      await fails(pool.connect(), 'DBPOOL_ERR_FULL');
      connection.release();
      (await waiting).release();
    });

    test('waiting callers are served in the order they came', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const first = await pool.connect();
      const order = [];
      const waiting = Array.from({ length: 20 }, async (_, i) => {
        const connection = await pool.connect();
        order.push(i);
        connection.release();
      });
      first.release();
      await Promise.all(waiting);
      assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => i));
    });

    test('an aborted wait ends with the reason, and costs no connection', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const connection = await pool.connect();
      const abort = new AbortController();
      const waiting = pool.connect({ signal: abort.signal });
      abort.abort(new Error('changed my mind'));
      assert.match((await fails(waiting)).message, /changed my mind/);
      await fails(pool.connect({ signal: AbortSignal.abort() }), 20);
      connection.release();
      (await pool.connect({ timeout: 1000 })).release();
      assert.equal(pool.stats().leased, 0);
    });

    test('a connection is released once, and stale then', async (t) => {
      const pool = await poolOf(t, uri);
      const connection = await pool.connect();
      connection.release();
      connection.release();
      assert.ok(connection.isReleased);
      await fails(connection.query('SELECT 1'), 'DBPOOL_ERR_STALE');
      await fails(connection.begin(), 'DBPOOL_ERR_STALE');
      assert.equal(pool.stats().leased, 0);
    });

    test('a second statement on a busy connection is refused', async (t) => {
      const pool = await poolOf(t, uri);
      const connection = await pool.connect();
      const [first, second] = await Promise.allSettled([connection.query('SELECT 1'), connection.query('SELECT 2')]);
      assert.equal(first.status, 'fulfilled');
      assert.equal(second.reason.code, 'DBPOOL_ERR_BUSY');
      connection.release();
    });

    test('closing ends the waiters, and nothing is lent any more', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const connection = await pool.connect();
      const waiting = fails(pool.connect(), 'DBPOOL_ERR_CLOSED');
      const closed = pool.close();
      await waiting;
      connection.release();
      await closed;
      await pool.close();
      await fails(pool.connect(), 'DBPOOL_ERR_CLOSED');
      await fails(pool.query('SELECT 1'), 'DBPOOL_ERR_CLOSED');
    });

    test('closing cuts off what is not returned in time', async (t) => {
      const pool = await poolOf(t, uri);
      const connection = await pool.connect();
      await fails(pool.close({ timeout: 10 }), 'DBPOOL_ERR_TIMEOUT');
      connection.release();
    });

    test('unicode comes back as it went', async (t) => {
      const pool = await poolOf(t, uri);
      for (const text of ['', 'a', 'äöü€', '😀 and 漢字', 'x'.repeat(13), 'ü'.repeat(5000), '\u{10ffff}', 'tab\tnewline\n']) {
        const row = await pool.one("SELECT CAST($1 AS text) AS a, 'between' AS b, CAST($1 AS text) AS c", [text]);
        assert.deepEqual(row, { a: text, b: 'between', c: text });
      }
    });

    test('NULL is null, and missing parameters are NULL', async (t) => {
      const pool = await poolOf(t, uri);
      const row = await pool.one('SELECT CAST($1 AS text) AS a, CAST($2 AS integer) AS b, NULL AS c', [null, undefined]);
      assert.deepEqual(row, { a: null, b: null, c: null });
    });

    test('large blobs and texts come back whole', async (t) => {
      const pool = await poolOf(t, uri);
      const cast = name === 'SQLite' ? 'blob' : 'bytea';
      for (const size of [0, 1, 4095, 4096, 5_000_000]) {
        const blob = Buffer.alloc(size, 'abc\0ü');
        const text = 'é'.repeat(size);
        const row = await pool.one(`SELECT CAST($1 AS ${cast}) AS blob, CAST($2 AS text) AS text`, [blob, text]);
        assert.ok(blob.equals(row.blob), `a blob of ${size}`);
        assert.ok(text === row.text, `a text of ${size}`);
      }
    });

    test('rows are had by position, too', async (t) => {
      const pool = await poolOf(t, uri);
      const rows = await pool.all('SELECT 1 AS x, 2 AS x, 3 AS "__proto__"', [], { rowMode: 'array' });
      assert.deepEqual(rows, [[1, 2, 3]]);
      const [row] = await pool.all('SELECT 1 AS x, 2 AS x, 3 AS "__proto__"');
      assert.equal(row.x, 2);
      assert.equal(Object.getOwnPropertyDescriptor(row, '__proto__').value, 3);
    });

    test('one, maybeOne and all say how many rows they take', async (t) => {
      const pool = await poolOf(t, uri);
      const none = 'SELECT 1 AS n WHERE 1 = 0', two = 'SELECT 1 AS n UNION ALL SELECT 2';
      assert.deepEqual(await pool.one('SELECT 1 AS n'), { n: 1 });
      await fails(pool.one(none), 'DBPOOL_ERR_INVALID');
      await fails(pool.one(two), 'DBPOOL_ERR_INVALID');
      assert.equal(await pool.maybeOne(none), undefined);
      await fails(pool.maybeOne(two), 'DBPOOL_ERR_INVALID');
      assert.equal((await pool.all(two)).length, 2);
    });

    test('a wrong statement has its SQLSTATE, and the connection stays usable', async (t) => {
      const pool = await poolOf(t, uri);
      const connection = await pool.connect();
      const error = await fails(connection.query('SELECT nothing_here'), 'DBPOOL_ERR_SQL');
      assert.equal(error.sqlstate, '42703');
      assert.equal(error.position, 8);
      assert.equal(error.isConnectionBroken, false);
      assert.deepEqual(await connection.one('SELECT 1 AS n'), { n: 1 });
      connection.release();
    });

    test('a transaction commits, and rolls back when its function throws', async (t) => {
      const pool = await poolOf(t, uri);
      await pool.query('DROP TABLE IF EXISTS node_tx');
      await pool.query('CREATE TABLE node_tx (n integer)');
      const value = await pool.transaction(async (tx) => {
        assert.equal(await tx.execute('INSERT INTO node_tx VALUES ($1)', [1]), 1);
        return 'done';
      }, { isolation: 'serializable' });
      assert.equal(value, 'done');
      await fails(pool.transaction(async (tx) => {
        await tx.execute('INSERT INTO node_tx VALUES (2)');
        throw Object.assign(new Error('no'), { code: 'NO' });
      }), 'NO');
      assert.deepEqual(await pool.all('SELECT n FROM node_tx'), [{ n: 1 }]);
      await fails(pool.transaction(() => {}, { isolation: 'total' }), 'DBPOOL_ERR_INVALID');
    });

    test('a release rolls back what is open', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      await pool.query('DROP TABLE IF EXISTS node_open');
      await pool.query('CREATE TABLE node_open (n integer)');
      const connection = await pool.connect();
      await connection.begin();
      await connection.execute('INSERT INTO node_open VALUES (1)');
      await connection.savepoint('here');
      await connection.execute('INSERT INTO node_open VALUES (2)');
      await connection.rollbackTo('here');
      await connection.releaseSavepoint('here');
      assert.equal((await connection.one('SELECT count(*) AS n FROM node_open')).n, 1);
      await connection[Symbol.asyncDispose]();
      assert.equal((await pool.one('SELECT count(*) AS n FROM node_open')).n, 0);
    });

    test('rows are streamed, and a stream ends early without a trace', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const numbers = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000) SELECT n, $1 AS t FROM c';
      let sum = 0;
      for await (const row of pool.stream(numbers, ['text'])) sum += row.n;
      assert.equal(sum, 50000 * 50001 / 2);
      for await (const row of pool.stream(numbers, ['text'])) if (row.n === 10) break;
      let count = 0;
      for await (const rows of pool.stream(numbers, ['text'], { batchSize: 1000, rowMode: 'array' }).batches()) {
        assert.ok(rows.length <= 1000);
        count += rows.length;
      }
      assert.equal(count, 50000);
      await fails(pool.stream('SELECT nothing_here').next(), 'DBPOOL_ERR_SQL');
      const connection = await pool.connect();
      const stream = connection.stream(numbers, ['text']);
      await stream.next();
      await fails(connection.query('SELECT 1'), 'DBPOOL_ERR_BUSY');
      connection.release();
      await fails(stream.read(40000), undefined).catch(() => {}); // rows in hand, or stale
      await until(() => pool.stats().leased === 0);
      assert.equal((await pool.one('SELECT 1 AS n')).n, 1);
    });

    test('a text of several statements gives a list of results', async (t) => {
      const pool = await poolOf(t, uri);
      const results = await pool.query('SELECT 1 AS a; SELECT 2 AS b');
      assert.deepEqual(results.map((result) => result.rows), [[{ a: 1 }], [{ b: 2 }]]);
    });

    test('integers are exact', async (t) => {
      const pool = await poolOf(t, uri);
      const row = await pool.one('SELECT 9007199254740991 AS a, 9007199254740993 AS b, -9223372036854775807 AS c');
      assert.deepEqual(row, { a: 9007199254740991, b: 9007199254740993n, c: -9223372036854775807n });
      const cast = name === 'SQLite' ? 'integer' : 'int8';
      assert.equal((await pool.one(`SELECT CAST($1 AS ${cast}) AS n`, [9223372036854775807n])).n, 9223372036854775807n);
      await fails(pool.query('SELECT $1', [2n ** 64n]), 'DBPOOL_ERR_INVALID');
      await fails(pool.query('SELECT $1', [Symbol('x')]), 'DBPOOL_ERR_INVALID');
    });

    test('events tell of connections', async (t) => {
      const pool = await createPool(uri(t), { lazy: true, poolSize: 1 });
      const seen = [];
      pool.on('opened', (event) => seen.push(['opened', event.connection > 0]));
      pool.on('closed', (event) => seen.push(['closed', event.reason]));
      assert.throws(() => pool.on('exploded', () => {}), { code: 'DBPOOL_ERR_INVALID' });
      await pool.ping();
      await pool.close();
      await until(() => seen.length === 2);
      assert.deepEqual(seen, [['opened', true], ['closed', 'pool']]);
    });

    test('a pool goes with its block', async (t) => {
      const pool = await createPool(uri(t));
      await pool[Symbol.asyncDispose]();
      await fails(pool.query('SELECT 1'), 'DBPOOL_ERR_CLOSED');
    });

    test('unknown options are refused', async (t) => {
      await fails(createPool(uri(t), { poolSize: 'many' }), 'DBPOOL_ERR_OPTION');
      await fails(createPool(uri(t), { colour: 'red' }), 'DBPOOL_ERR_OPTION');
    });

    test('a pool is resized and renewed', async (t) => {
      const pool = await poolOf(t, uri);
      pool.resize(2, 1);
      pool.invalidate();
      assert.equal(pool.stats().limit, 3);
      assert.deepEqual(await pool.use((connection) => connection.one('SELECT 1 AS n')), { n: 1 });
    });
  });
}

describe('PostgreSQL alone', { skip: SKIP }, () => {
  test('a transaction is run again after a serialization failure', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    const fail = (tx, sqlstate) => tx.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '${sqlstate}'; END $$`);
    let runs = 0;
    const value = await pool.transaction(async (tx) => {
      if (++runs < 3) await fail(tx, '40001');
      return runs;
    });
    assert.equal(value, 3);
    runs = 0;
    const error = await fails(pool.transaction((tx) => {
      ++runs;
      return fail(tx, '40P01').catch((cause) => { throw new Error('wrapped', { cause }); });
    }, { maxAttempts: 2 }));
    assert.deepEqual([error.message, error.cause.sqlstate, runs], ['wrapped', '40P01', 2]);
  });

  test('a statement is cancelled, and its connection lives on', async (t) => {
    const pool = await poolOf(t, () => postgresUrl, { poolSize: 1, maxOverflow: 0 });
    const connection = await pool.connect();
    const running = fails(connection.query(SLEEP), 'DBPOOL_ERR_CANCELLED');
    connection.cancel();
    assert.ok((await running).isCancelled);
    assert.equal((await connection.one('SELECT 1 AS n')).n, 1);
    const abort = new AbortController();
    const aborted = fails(connection.query(SLEEP, [], { signal: abort.signal }));
    abort.abort();
    assert.equal((await aborted).name, 'AbortError');
    const released = fails(connection.query(SLEEP), 'DBPOOL_ERR_CANCELLED');
    connection.release();
    await released;
    assert.equal((await pool.one('SELECT 1 AS n')).n, 1);
  });

  test('a statement ends at its time-out', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    const error = await fails(pool.query(SLEEP, [], { timeout: 30 }), 'DBPOOL_ERR_TIMEOUT');
    assert.equal(error.phase, 'query');
  });

  test('a killed server process is an error, and the pool heals', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    const connection = await pool.connect();
    const { pid } = await connection.one('SELECT pg_backend_pid() AS pid');
    const running = fails(connection.query(SLEEP), 'DBPOOL_ERR_BROKEN');
    await until(async () => (await pool.one('SELECT pg_terminate_backend($1) AS gone', [pid])).gone);
    assert.ok((await running).isConnectionBroken);
    connection.release();
    assert.equal((await pool.one('SELECT 1 AS n')).n, 1);
  });

  test('no server is an error with the cause', async (t) => {
    await fails(createPool('postgresql://nobody@127.0.0.1:1/none'), 'DBPOOL_ERR_CONNECT');
    const pool = await createPool('postgresql://nobody@127.0.0.1:1/none', { lazy: true, acquireTimeout: 300 });
    assert.match((await fails(pool.connect())).code, /^DBPOOL_ERR_(TIMEOUT|CONNECT)$/);
    await pool.close();
  });

  test('all types come as what JavaScript has for them', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    const row = await pool.one(`SELECT true AS b, 1::int2 AS i2, 2::int4 AS i4, 3::int8 AS i8, 1.5::float4 AS f4, 'NaN'::float8 AS f8,
      12345678901234567890.5::numeric AS num, 'text' AS t, 'v'::varchar(9) AS v, '\\x00ff'::bytea AS by, '2026-01-02'::date AS d,
      '03:04:05'::time AS ti, '2026-01-02 03:04:05.678'::timestamp AS ts, '2026-01-02 03:04:05.678+02'::timestamptz AS tz,
      '1 day'::interval AS iv, '11111111-2222-3333-4444-555555555555'::uuid AS u, '{"a":[1,2]}'::jsonb AS j,
      ARRAY[1,NULL,3] AS ai, ARRAY['a"b','c,d',NULL] AS at, ARRAY[[1,2],[3,4]] AS aa, ARRAY[9007199254740993] AS big, NULL::int AS n`);
    assert.deepEqual(row, { b: true, i2: 1, i4: 2, i8: 3, f4: 1.5, f8: NaN, num: '12345678901234567890.5', t: 'text', v: 'v',
      by: Buffer.from([0, 255]), d: '2026-01-02', ti: '03:04:05', ts: '2026-01-02 03:04:05.678',
      tz: new Date('2026-01-02T01:04:05.678Z'), iv: '1 day', u: '11111111-2222-3333-4444-555555555555', j: { a: [1, 2] },
      ai: [1, null, 3], at: ['a"b', 'c,d', null], aa: [[1, 2], [3, 4]], big: [9007199254740993n], n: null });
    const when = new Date('2026-05-06T07:08:09.123Z');
    const back = await pool.one('SELECT $1::timestamptz AS d, $2::jsonb AS j, $3::text[] AS a, $4::bytea AS by, $5::float8 AS f, $6::bool AS b',
      [when, { x: [1] }, ['a"b', null, 'c\\d'], new Uint8Array([1, 2]), 1.25, false]);
    assert.deepEqual(back, { d: when, j: { x: [1] }, a: ['a"b', null, 'c\\d'], by: Buffer.from([1, 2]), f: 1.25, b: false });
  });

  test('types can be converted by name', async (t) => {
    const pool = await poolOf(t, () => postgresUrl, { types: { numeric: Number, int8: BigInt, date: (text) => new Date(`${text}T00:00:00Z`) } });
    assert.deepEqual(await pool.one("SELECT 1.5::numeric AS n, 7::int8 AS i, 8::int4 AS j, '2026-01-02'::date AS d"),
      { n: 1.5, i: 7n, j: 8, d: new Date('2026-01-02T00:00:00Z') });
    const bad = await createPool(postgresUrl, { types: { text: () => { throw new Error('a bad converter'); } } });
    const [broken, fine] = await Promise.allSettled([bad.query("SELECT 'x'::text AS t, 1 AS n FROM generate_series(1, 500)"), bad.one('SELECT 5 AS n')]);
    assert.match(broken.reason.message, /a bad converter/);
    assert.deepEqual(fine.value, { n: 5 });
    await bad.close();
  });

  test('a statement is described', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    const { columns, params } = await pool.use((connection) => connection.describe('SELECT $1::int8 AS n'));
    assert.deepEqual(columns.map((column) => [column.name, column.nativeName]), [['n', 'int8']]);
    assert.deepEqual(params.map((param) => param.nativeName), ['int8']);
  });

  test('a constraint is named', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    await pool.query('DROP TABLE IF EXISTS node_unique');
    await pool.query('CREATE TABLE node_unique (n integer CONSTRAINT only_once UNIQUE)');
    await pool.execute('INSERT INTO node_unique VALUES (1)');
    const error = await fails(pool.execute('INSERT INTO node_unique VALUES (1)'), 'DBPOOL_ERR_SQL');
    assert.equal(error.sqlstate, '23505');
    assert.equal(error.constraint, 'only_once');
    assert.equal(error.table, 'node_unique');
    assert.match(error.detail, /already exists/);
  });
});
