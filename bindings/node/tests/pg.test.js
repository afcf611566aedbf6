'use strict';

const { test, describe } = require('node:test');
const { inspect } = require('node:util');
const pg = require('dbpool/pg');
const { translateConfig } = require('../lib/pg/config');
const { assert, fails, pgPoolOf: poolOf, until, postgresUrl, postgresConfig, SKIP } = require('./support');

describe('dbpool/pg', { skip: SKIP, timeout: 120_000 }, () => {
  test('query gives a result of node-postgres, by promise and by callback', async (t) => {
    const pool = poolOf(t);
    const result = await pool.query('SELECT $1::int AS n, $2::text AS t', [1, 'x']);
    assert.deepEqual(result.rows, [{ n: 1, t: 'x' }]);
    assert.equal(result.rowCount, 1);
    assert.equal(result.command, 'SELECT');
    assert.deepEqual(result.fields.map(({ name, dataTypeID, format }) => [name, dataTypeID, format]), [['n', 23, 'text'], ['t', 25, 'text']]);
    await new Promise((resolve) => pool.query('SELECT 2 AS n', (error, { rows }) => {
      assert.equal(error, null);
      assert.deepEqual(rows, [{ n: 2 }]);
      resolve();
    }));
    await new Promise((resolve) => pool.query('SELECT nope', [], (error, none) => {
      assert.equal(error.code, '42703');
      assert.equal(none, undefined);
      resolve();
    }));
    assert.throws(() => pool.query(null), TypeError);
  });

  test('counts of rows are those of the command', async (t) => {
    const pool = poolOf(t);
    await pool.query('DROP TABLE IF EXISTS node_pg');
    const create = await pool.query('CREATE TABLE node_pg (n int)');
    assert.deepEqual([create.command, create.rowCount, create.rows], ['CREATE', null, []]);
    assert.equal((await pool.query('INSERT INTO node_pg SELECT generate_series(1, 5)')).rowCount, 5);
    const updated = await pool.query('UPDATE node_pg SET n = n + 1 WHERE n > 2 RETURNING n');
    assert.deepEqual([updated.command, updated.rowCount, updated.rows.length], ['UPDATE', 3, 3]);
    assert.equal((await pool.query('SELECT n FROM node_pg, generate_series(1, 5000)')).rowCount, 25000);
    assert.equal((await pool.query('DELETE FROM node_pg')).rowCount, 5);
    assert.equal((await pool.query('')).command, null);
    const results = await pool.query('SELECT 1 AS a; SELECT 2 AS b');
    assert.deepEqual(results.map(({ rows }) => rows), [[{ a: 1 }], [{ b: 2 }]]);
  });

  test('types are parsed as node-postgres parses them', async (t) => {
    const pool = poolOf(t);
    const { rows: [row] } = await pool.query(`SELECT 1::int2 AS i2, 3::int8 AS i8, 1.5::numeric AS num, 0.1::float8 AS f8, true AS b,
      '\\x01ff'::bytea AS by, '{"a":1}'::json AS j, '2026-01-02'::date AS d, '2026-01-02 03:04:05.5'::timestamp AS ts,
      '2026-01-02 03:04:05+02'::timestamptz AS tz, '1 year 2 mons 3 days 04:05:06.5'::interval AS iv, '(1,2)'::point AS p,
      '<(1,2),3>'::circle AS c, ARRAY[1,2] AS ai, ARRAY[1.5::numeric] AS an, ARRAY['a',NULL] AS at, ARRAY[5::int8] AS a8, 'infinity'::timestamptz AS inf,
      '0044-03-15 BC'::date AS bc`);
    assert.deepEqual({ ...row, iv: { ...row.iv }, bc: row.bc.getFullYear() }, { i2: 1, i8: '3', num: '1.5', f8: 0.1, b: true, by: Buffer.from([1, 255]), j: { a: 1 },
      d: new Date(2026, 0, 2), ts: new Date(2026, 0, 2, 3, 4, 5, 500), tz: new Date('2026-01-02T01:04:05Z'),
      iv: { years: 1, months: 2, days: 3, hours: 4, minutes: 5, seconds: 6, milliseconds: 500 }, p: { x: 1, y: 2 },
      c: { x: 1, y: 2, radius: 3 }, ai: [1, 2], an: [1.5], at: ['a', null], a8: ['5'], inf: Infinity, bc: -43 });
    assert.equal(row.iv.toPostgres(), '1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds');
    const when = new Date();
    const { rows: [back] } = await pool.query('SELECT $1::timestamptz AS d, $2::jsonb AS j, $3::int[] AS a, $4::bytea AS b, $5::numeric AS n',
      [when, { x: 1 }, [1, null, 2], Buffer.from('ab'), { toPostgres: () => '2.50' }]);
    assert.deepEqual(back, { d: when, j: { x: 1 }, a: [1, null, 2], b: Buffer.from('ab'), n: '2.50' });
  });

  test('type parsers are set for all, for a pool, and for a query', async (t) => {
    const pool = poolOf(t);
    const sql = "SELECT 5::int8 AS a, 6::int4 AS b, '\\x0a'::bytea AS c";
    pg.types.setTypeParser(20, Number);
    assert.deepEqual((await pool.query(sql)).rows, [{ a: 5, b: 6, c: Buffer.from([10]) }]);
    pg.types.setTypeParser(20, String);
    pg.defaults.parseInt8 = true;
    assert.equal((await pool.query(sql)).rows[0].a, 5);
    pg.defaults.parseInt8 = false;
    assert.equal((await pool.query(sql)).rows[0].a, '5');
    pool.setTypeParser(23, (text) => `int ${text}`);
    assert.equal((await pool.query(sql)).rows[0].b, 'int 6');
    pg.types.setTypeParser(20, Number); // seen by a pool that overrides others
    assert.equal((await pool.query(sql)).rows[0].a, 5);
    pg.types.setTypeParser(20, String);
    const types = { getTypeParser: (oid, format) => (text) => `${format} ${oid} ${text}` };
    assert.deepEqual((await pool.query({ text: sql, types, rowMode: 'array' })).rows, [['text 20 5', 'text 23 6', 'text 17 \\x0a']]);
  });

  test('an error has the fields of the server', async (t) => {
    const pool = poolOf(t);
    await pool.query('DROP TABLE IF EXISTS node_pg_unique');
    await pool.query('CREATE TABLE node_pg_unique (n int CONSTRAINT once UNIQUE)');
    await pool.query('INSERT INTO node_pg_unique VALUES (1)');
    const error = await fails(pool.query('INSERT INTO node_pg_unique VALUES ($1)', [1]), '23505');
    assert.ok(error instanceof pg.DatabaseError);
    assert.deepEqual([error.severity, error.schema, error.table, error.constraint], ['ERROR', 'public', 'node_pg_unique', 'once']);
    assert.match(error.detail, /already exists/);
    assert.equal((await fails(pool.query('SELECT x'))).position, '8');
    assert.equal(error.cause.code, 'DBPOOL_ERR_SQL');
  });

  test('statements of a client run one by one, in a transaction if they say so', async (t) => {
    const pool = poolOf(t);
    const client = await pool.connect();
    const results = await Promise.all([client.query('BEGIN'), client.query('CREATE TEMP TABLE node_one (n int) ON COMMIT DROP'),
      client.query('INSERT INTO node_one VALUES (1), (2)'), client.query({ text: 'SELECT n FROM node_one', rowMode: 'array' }), client.query('ROLLBACK')]);
    assert.deepEqual(results[3].rows, [[1], [2]]);
    const drained = new Promise((resolve) => client.once('drain', resolve));
    await client.query('SELECT 1');
    await drained;
    client.release();
  });

  test('a released client used twice throws', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const client = await pool.connect();
    client.release();
    assert.throws(() => client.release(), /already been released/);
    await fails(client.query('SELECT 1'), 'DBPOOL_ERR_STALE');
    const other = await pool.connect();
    assert.throws(() => client.release(), /already been released/);
    assert.deepEqual((await other.query('SELECT 1 AS n')).rows, [{ n: 1 }]);
    client[Symbol.dispose]();
    other[Symbol.dispose]();
    await new Promise((resolve) => pool.connect((error, third, release) => {
      assert.equal(error, undefined);
      release();
      assert.throws(() => release(), /already been released/);
      assert.throws(() => third.release(), /already been released/);
      resolve();
    }));
  });

  test('a leased client that is ended goes back to its pool, rolled back', async (t) => {
    const pool = poolOf(t, { max: 1 });
    await pool.query('DROP TABLE IF EXISTS node_ended');
    await pool.query('CREATE TABLE node_ended (n int)');
    const client = await pool.connect();
    const { processID } = client;
    client.query('BEGIN');
    client.query('INSERT INTO node_ended VALUES (1)');
    await client.end();
    await client.end();
    assert.throws(() => client.release(), /already been released/);
    const next = await pool.connect();
    assert.equal(next.processID, processID);
    assert.deepEqual((await next.query('SELECT * FROM node_ended')).rows, []);
    await next[Symbol.asyncDispose]();
    await next[Symbol.asyncDispose]();
    assert.equal(pool.idleCount, 1);
  });

  test('named statements have one text each', async (t) => {
    const pool = poolOf(t);
    const client = await pool.connect();
    for (const n of [1, 2, 3]) assert.deepEqual((await client.query({ name: 'echo', text: 'SELECT $1::int AS n', values: [n] })).rows, [{ n }]);
    assert.match((await fails(client.query({ name: 'echo', text: 'SELECT 1' }))).message, /must be unique/);
    client.release();
  });

  test('counts and events are those of a pool', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const seen = [];
    for (const event of ['connect', 'acquire', 'release', 'remove']) pool.on(event, () => seen.push(event));
    const client = await pool.connect();
    assert.deepEqual([pool.totalCount, pool.idleCount, pool.waitingCount], [1, 0, 0]);
    const waiting = pool.connect();
    assert.equal(pool.waitingCount, 1);
    assert.ok(client.processID > 0);
    client.release();
    (await waiting).release();
    assert.deepEqual(seen, ['connect', 'acquire', 'release', 'acquire', 'release']);
    seen.length = 0;
    await pool.query('SELECT 1');
    assert.deepEqual(seen, ['acquire', 'release']);
    seen.length = 0;
    const { processID } = client;
    assert.equal(processID, null);
    const doomed = await pool.connect();
    const before = doomed.processID;
    doomed.release(new Error('of no use'));
    const fresh = await pool.connect();
    assert.notEqual(fresh.processID, before);
    fresh.release();
    assert.deepEqual(seen, ['acquire', 'release', 'remove', 'connect', 'acquire', 'release']);
  });

  test("what 'connect' sets stays with the connection", async (t) => {
    const pool = poolOf(t, { max: 2 });
    pool.on('connect', (client) => client.query("SET application_name = 'greeted'"));
    const names = await Promise.all([1, 2, 3, 4].map(() => pool.query('SHOW application_name')));
    assert.deepEqual(names.map(({ rows }) => rows[0].application_name), Array(4).fill('greeted'));
  });

  test('what a session is set to stays, unless the pool cleans it', async (t) => {
    for (const [dbpool, wanted] of [[undefined, 'kept'], [{ reset: 'smart' }, '']]) {
      const pool = poolOf(t, { max: 1, application_name: '', dbpool });
      const client = await pool.connect();
      await client.query("SET application_name = 'kept'");
      await client.query('BEGIN');
      client.release();
      const { rows } = await pool.query("SELECT current_setting('application_name') AS name, pg_current_xact_id_if_assigned() AS xact");
      assert.deepEqual(rows, [{ name: wanted || rows[0].name, xact: null }]);
      assert.equal(rows[0].name === 'kept', dbpool === undefined);
    }
  });

  test('named statements are prepared by their texts', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const client = await pool.connect();
    for (let use = 0; use < 10; ++use) await client.query({ name: 'its name', text: 'SELECT $1::int AS named', values: [use] });
    const { rows } = await client.query("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%AS named'");
    assert.equal(rows.length, 1);
    assert.notEqual(rows[0].name, 'its name');
    client.release();
  });

  test('an idle connection that is killed tells the pool, and nobody else', async (t) => {
    const pool = poolOf(t, { max: 1 });
    const killer = poolOf(t);
    const errors = [];
    pool.on('error', (error, client) => errors.push([error.message, client instanceof pg.Client]));
    const { rows: [{ pid }] } = await pool.query('SELECT pg_backend_pid() AS pid');
    await killer.query('SELECT pg_terminate_backend($1)', [pid]);
    await until(() => errors.length === 1);
    assert.deepEqual(errors, [['Connection terminated unexpectedly', true]]);
    const silent = poolOf(t, { max: 1 });
    let removed = 0;
    silent.on('remove', () => ++removed); // an 'error' that nobody hears would be thrown
    const { rows: [its] } = await silent.query('SELECT pg_backend_pid() AS pid');
    await killer.query('SELECT pg_terminate_backend($1)', [its.pid]);
    await until(() => removed === 1);
    assert.notEqual((await silent.query('SELECT pg_backend_pid() AS pid')).rows[0].pid, its.pid);
    assert.deepEqual((await pool.query('SELECT 1 AS n')).rows, [{ n: 1 }]);
  });

  test('a full pool ends the wait at connectionTimeoutMillis', async (t) => {
    const pool = poolOf(t, { max: 1, connectionTimeoutMillis: 300 });
    const client = await pool.connect();
    assert.match((await fails(pool.connect())).message, /timeout exceeded when trying to connect/);
    client.release();
  });

  test('an end waits for clients, and comes once', async (t) => {
    const pool = poolOf(t);
    const client = await pool.connect();
    const ended = pool.end();
    assert.match((await fails(pool.connect())).message, /after calling end/);
    assert.match((await fails(pool.query('SELECT 1'))).message, /after calling end/);
    assert.match((await fails(pool.end())).message, /more than once/);
    await client.query('SELECT 1');
    client.release();
    await ended;
    assert.ok(pool.ended);
  });

  test('a client of its own connects, works and ends', async () => {
    const client = new pg.Client(postgresUrl);
    const early = client.query('SELECT 1 AS n');
    await client.connect();
    assert.deepEqual((await early).rows, [{ n: 1 }]);
    await fails(client.connect());
    const last = client.query('SELECT 2 AS n');
    await client.end();
    assert.deepEqual((await last).rows, [{ n: 2 }]);
    assert.match((await fails(client.query('SELECT 1'))).message, /closed/);
    const nobody = new pg.Client({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 500 });
    await fails(nobody.connect());
  });

  test('a cursor gives rows in portions and has its client until its end', async (t) => {
    const pool = poolOf(t);
    const client = await pool.connect();
    const cursor = client.query(new pg.Cursor('SELECT generate_series(1, $1) AS n', [1000]));
    const after = client.query('SELECT 1 AS n');
    assert.deepEqual(await cursor.read(2), [{ n: 1 }, { n: 2 }]);
    assert.equal((await cursor.read(500)).length, 500);
    await new Promise((resolve) => cursor.read(2, (error, rows) => resolve(assert.deepEqual(rows, [{ n: 503 }, { n: 504 }]))));
    await cursor.close();
    assert.deepEqual((await after).rows, [{ n: 1 }]);
    const whole = client.query(new pg.Cursor('SELECT generate_series(1, 3) AS n', [], { rowMode: 'array' }));
    assert.deepEqual([await whole.read(10), await whole.read(10)], [[[1], [2], [3]], []]);
    await fails(client.query(new pg.Cursor('SELECT nope')).read(1), '42703');
    const open = client.query(new pg.Cursor('SELECT generate_series(1, 1000000)'));
    await open.read(1);
    client.release();
    assert.deepEqual((await pool.query('SELECT 1 AS n')).rows, [{ n: 1 }]);
  });

  test('a query stream is a readable of rows', async (t) => {
    const pool = poolOf(t);
    const client = await pool.connect();
    let sum = 0;
    for await (const row of client.query(new pg.QueryStream('SELECT generate_series(1, 1000) AS n', [], { batchSize: 64 }))) sum += row.n;
    assert.equal(sum, 500500);
    for await (const row of client.query(new pg.QueryStream('SELECT generate_series(1, 1000) AS n'))) if (row.n === 3) break;
    const rows = [];
    const query = client.query(new pg.Query('SELECT generate_series(1, 2) AS n'));
    query.on('row', (row) => rows.push(row.n));
    await new Promise((resolve) => query.on('end', resolve));
    assert.deepEqual(rows, [1, 2]);
    client.release();
  });

  test('an abort signal cancels a statement', async (t) => {
    const pool = poolOf(t);
    const abort = new AbortController();
    const running = fails(pool.query({ text: 'SELECT pg_sleep(60)', signal: abort.signal }));
    abort.abort();
    assert.equal((await running).cause.code, 'DBPOOL_ERR_CANCELLED');
    assert.equal((await fails(pool.query({ text: 'SELECT 1', signal: abort.signal }))).cause.code, 'DBPOOL_ERR_CANCELLED');
    assert.throws(() => pool.query({ text: 'SELECT 1', signal: {} }), { code: 'DBPOOL_ERR_INVALID' });
    for (const wrong of ['no function', 5]) assert.throws(() => pool.query('SELECT 1', [], wrong), TypeError);
    assert.equal((await pool.query('SELECT 1', [], null)).rowCount, 1);
    assert.throws(() => pool.connect(5), TypeError);
    assert.throws(() => new pg.QueryStream('SELECT 1', [], { batchSize: 0 }), TypeError);
  });

  test('a password is not printed', async (t) => {
    const pool = poolOf(t, { password: 'canary-5ecret' });
    const client = await pool.connect();
    const own = new pg.Client({ password: 'canary-5ecret' });
    assert.equal(pool.options.password, 'canary-5ecret');
    for (const each of [pool, client, own]) assert.doesNotMatch(inspect(each, { depth: 9 }), /5ecret/);
    client.release();
    const named = poolOf(t, { connectionString: postgresUrl.replace(/\/\/(\w+)@/, '//$1:canary-5ecret@') });
    assert.doesNotMatch(inspect(named, { depth: 9 }) + JSON.stringify(named), /5ecret/);
    const again = new pg.Client(named.options); // as long as they are handed on as they are
    await again.connect();
    await again.end();
  });

  test('what libpq cannot be told is refused', () => {
    assert.throws(() => new pg.Pool({ ssl: { ca: '-----BEGIN CERTIFICATE-----' } }), TypeError);
    assert.throws(() => new pg.Pool({ password: () => 'x' }), TypeError);
    assert.match(translateConfig({ ssl: true }).uri, /\bsslmode=verify-full\b/);
    assert.match(translateConfig({ ssl: { rejectUnauthorized: false, ca: '/its.crt' } }).uri, /\bsslmode=require&sslrootcert=%2Fits.crt$/);
    assert.equal(pg.escapeIdentifier('a"b'), '"a""b"');
    assert.equal(pg.escapeLiteral("it's \\"), " E'it''s \\\\'");
  });
});
