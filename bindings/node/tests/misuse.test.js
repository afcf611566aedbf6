'use strict';
// What is wrong is refused before it starts: it costs no connection, kills no process and leaves nothing waiting.

const { test, describe } = require('node:test');
const events = require('node:events');
const { createPool, DbpoolError } = require('dbpool');
const { assert, databases, fails, poolOf, postgresUrl, SKIP } = require('./support');

const getter = { get signal() { throw Object.assign(new Error('a getter'), { code: 'MINE' }); } };

for (const [name, uri] of databases) {
  describe(`misuse on ${name}`, { timeout: 120_000 }, () => {
    test('options are objects of the right types', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      const calls = {
        query: (options) => pool.query('SELECT 1', [], options),
        stream: async (options) => pool.stream('SELECT 1', [], options),
        connect: (options) => pool.connect(options),
        use: (options) => pool.use(() => {}, options),
        transaction: (options) => pool.transaction(() => {}, options),
        ping: (options) => pool.ping(options),
        pipeline: (options) => pool.pipeline(['SELECT 1'], options),
        begin: (options) => pool.use((connection) => connection.begin(options)),
        describe: (options) => pool.use((connection) => connection.describe('SELECT 1', options)),
      };
      for (const call of Object.values(calls)) {
        for (const signal of [5, {}, 'abort', { aborted: false }]) await fails(call({ signal }), 'DBPOOL_ERR_INVALID');
        for (const options of [5, 'x', () => {}]) await fails(call(options), 'DBPOOL_ERR_INVALID');
        await fails(call(getter), 'MINE');
      }
      for (const which of ['query', 'connect', 'transaction', 'ping', 'pipeline']) {
        for (const timeout of ['5', NaN, {}, 5n]) await fails(calls[which]({ timeout }), 'DBPOOL_ERR_INVALID');
      }
      await fails(calls.query({ rowMode: 'rows' }), 'DBPOOL_ERR_INVALID');
      await fails(calls.stream({ batchSize: -1 }), 'DBPOOL_ERR_INVALID');
      for (const isolation of ['constructor', '__proto__', 5]) await fails(calls.transaction({ isolation }), 'DBPOOL_ERR_INVALID');
      await fails(calls.transaction({ maxAttempts: -1 }), 'DBPOOL_ERR_INVALID');
      await fails(pool.transaction(), 'DBPOOL_ERR_INVALID');
      await fails(pool.use(5), 'DBPOOL_ERR_INVALID');
      await fails(pool.connect({ access: 'constructor' }), 'DBPOOL_ERR_INVALID');
      await fails(pool.stream('SELECT 1').read('x'), 'DBPOOL_ERR_INVALID');
      for (const size of [-1, 2 ** 32 + 2, 1.5, 'x']) assert.throws(() => pool.resize(size), { code: 'DBPOOL_ERR_INVALID' });
      assert.equal(pool.stats().leased, 0);
      assert.equal((await pool.query('SELECT 1 AS n', null, null)).rows[0].n, 1);
      (await pool.connect({ signal: null, timeout: 0.5 })).release(); // a part of a millisecond is not "do not wait"
    });

    test('a pool is made of what it can use', async (t) => {
      for (const types of [5, { int4: 5 }]) await fails(createPool(uri(t), { types }), 'DBPOOL_ERR_INVALID');
      for (const wrong of [5, 'x']) await fails(createPool(uri(t), wrong), 'DBPOOL_ERR_INVALID');
      await fails(createPool(uri(t), { signal: {} }), 'DBPOOL_ERR_INVALID');
      await fails(createPool(uri(t), { env: 5 }), 'DBPOOL_ERR_INVALID');
      await fails(createPool(5), 'DBPOOL_ERR_INVALID');
      const pool = await createPool({ connectionString: uri(t) }); // also when its address has another of its names
      t.after(() => pool.close());
      assert.equal(pool.isPostgres, name === 'PostgreSQL');
    });

    test('parameters that run code while they are looked at change nothing else', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 2 });
      const text = (n) => `CAST($${n} AS text)`;
      let looks = 0;
      const others = [];
      const params = ['first', 'second'];
      Object.defineProperty(params, 1, { enumerable: true, get() {
        if (++looks > 1) others.push(pool.one(`SELECT ${text(1)} AS a, ${text(2)} AS b, ${text(3)} AS c`, ['x'.repeat(9000), 'y', 'z']));
        return 'second';
      } });
      assert.deepEqual(await pool.one(`SELECT ${text(1)} AS a, ${text(2)} AS b`, params), { a: 'first', b: 'second' });
      assert.ok(others.length > 0);
      for (const { b, c } of await Promise.all(others)) assert.deepEqual([b, c], ['y', 'z']);
      looks = 0;
      const throwing = Object.defineProperty([1], 0, { get() {
        if (++looks > 1) throw Object.assign(new Error('seen'), { code: 'SEEN' });
        return 1;
      } });
      await fails(pool.query('SELECT $1', throwing), 'SEEN');
      assert.deepEqual(await pool.one(`SELECT ${text(1)} AS a`, new Proxy(['of a proxy'], {})), { a: 'of a proxy' });
      await fails(pool.query('SELECT 1', Array(70_000).fill(1)), 'DBPOOL_ERR_INVALID');
      const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(65);
      for (const bytes of [shared, shared.buffer]) assert.deepEqual(String((await pool.one('SELECT $1 AS b', [bytes])).b), 'AA');
    });

    test('what one large statement needed is not kept', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1 });
      await pool.query('SELECT length(CAST($1 AS text)) AS n', ['x'.repeat(60_000_000)]);
      await pool.query('SELECT 1');
      const before = process.memoryUsage().rss;
      await pool.query('SELECT length(CAST($1 AS text)) AS n', ['x'.repeat(60_000_000)]);
      await pool.query('SELECT 1');
      assert.ok(process.memoryUsage().rss - before < 60 * 2 ** 20);
    });

    test('a transaction ends with its signal though its function does not', async (t) => {
      const pool = await poolOf(t, uri, { poolSize: 1, maxOverflow: 0 });
      await pool.query('DROP TABLE IF EXISTS node_never');
      await pool.query('CREATE TABLE node_never (n integer)');
      const abort = new AbortController();
      const running = fails(pool.transaction(async (tx) => {
        await tx.execute('INSERT INTO node_never VALUES (1)');
        abort.abort(new Error('enough'));
        await new Promise(() => {});
      }, { signal: abort.signal }));
      assert.match((await running).message, /enough/);
      assert.equal((await pool.one('SELECT count(*) AS n FROM node_never')).n, 0);
      await fails(pool.transaction((tx) => tx.release()), 'DBPOOL_ERR_STALE');
      await fails(pool.transaction((tx) => tx.commit()), 'DBPOOL_ERR_SQL');
    });

    test('events are those a pool has, in the manner of an emitter', async (t) => {
      const pool = await createPool(uri(t), { lazy: true, poolSize: 1 });
      for (const event of [undefined, '', Symbol('x')]) assert.throws(() => pool.on(event, () => {}), { code: 'DBPOOL_ERR_INVALID' });
      for (const method of ['on', 'once', 'off']) assert.throws(() => pool[method]('opened', 5), { code: 'DBPOOL_ERR_INVALID' });
      const opened = events.once(pool, 'opened');
      await pool.ping();
      assert.ok((await opened)[0].connection > 0);
      await pool.close();
    });

    test('a failure says who asked', async (t) => {
      const pool = await poolOf(t, uri);
      async function whoAsked() { await pool.query('SELECT nothing_here'); }
      async function whoAskedForOne() { await pool.one('SELECT nothing_here'); }
      for (const ask of [whoAsked, whoAskedForOne]) assert.match((await fails(ask(), 'DBPOOL_ERR_SQL')).stack, new RegExp(`at async ${ask.name} `));
    });
  });
}

describe('converters of PostgreSQL', { skip: SKIP, timeout: 120_000 }, () => {
  const ROWS = 2000;
  const sql = `SELECT n, repeat('é', 50) || n AS t FROM generate_series(1, ${ROWS}) AS n`;

  test('may run statements themselves', async (t) => {
    const Database = require('dbpool/better-sqlite3');
    const db = new Database(':memory:');
    const other = db.prepare("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 40) SELECT n, 'other' AS t FROM c");
    const types = { text: (text) => `${text} ${other.all().length}` };
    const pool = await poolOf(t, () => postgresUrl, { types });
    const wanted = Array.from({ length: ROWS }, (_, i) => ({ n: i + 1, t: `${'é'.repeat(50)}${i + 1} 40` }));
    assert.deepEqual(await pool.all(sql), wanted);
    const streamed = [];
    for await (const row of pool.stream(sql)) streamed.push(row);
    assert.deepEqual(streamed, wanted);
    const pg = require('dbpool/pg');
    const text = pg.types.getTypeParser(25);
    pg.types.setTypeParser(25, types.text);
    const shaped = new pg.Pool({ connectionString: postgresUrl });
    assert.deepEqual((await shaped.query(sql)).rows, wanted);
    pg.types.setTypeParser(25, text);
    await shaped.end();
    db.close();
  });

  test('may throw what they like, and the connection is free', async (t) => {
    for (const thrown of ['a word', undefined, Object.freeze(new Error('frozen')), new DbpoolError({ code: 'DBPOOL_ERR_SQL', message: 'x' })]) {
      const pool = await poolOf(t, () => postgresUrl, { poolSize: 1, maxOverflow: 0, types: { text: () => { throw thrown; } } });
      for (const run of [() => pool.all(sql), () => pool.stream(sql).read(10), () => pool.pipeline([sql])]) {
        assert.equal(await run().then(() => assert.fail(), (error) => error), thrown);
      }
      assert.deepEqual(await pool.one('SELECT 1 AS n'), { n: 1 });
      assert.equal(pool.stats().leased, 0);
    }
  });

  test('and columns have names that objects have already', async (t) => {
    const pool = await poolOf(t, () => postgresUrl);
    assert.deepEqual(await pool.one('SELECT 0 AS "constructor", 1 AS "__proto__", 2 AS "hasOwnProperty"').then(Object.entries),
      [['constructor', 0], ['__proto__', 1], ['hasOwnProperty', 2]]);
  });
});
