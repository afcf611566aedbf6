'use strict';
// The binding in its process: workers, exits, what keeps it alive, what leaks.

const { setMaxListeners } = require('node:events');
const { test } = require('node:test');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const path = require('node:path');
const { createPool } = require('dbpool');
const { assert, fails, scratch, postgresUrl, postgresConfig, SKIP } = require('./support');

const run = promisify(execFile);
const long = process.env.DBPOOL_NIGHTLY !== undefined;

/** Runs a script in a process of its own; it must end by itself and well. */
async function script(text, ...flags) {
  const { stdout } = await run(process.execPath, [...flags, '-e', text], { cwd: __dirname, timeout: 120_000 });
  return stdout.trim();
}

test('a process ends though pools are open', async () => {
  const uris = ['sqlite::memory:', ...(postgresUrl ? [postgresUrl] : [])];
  for (const uri of uris) {
    assert.equal(await script(`require('dbpool').createPool(${JSON.stringify(uri)}).then(async (pool) => {
      const leased = await pool.connect();
      pool.on('closed', () => {});
      console.log((await pool.one('SELECT 1 AS n')).n);
    })`), '1');
    assert.equal(await script(`require('dbpool').createPool(${JSON.stringify(uri)}).then(async (pool) => {
      pool.query('SELECT 1').then(() => {});
      console.log('bye');
      process.exit(0);
    })`), 'bye');
  }
  if (!postgresUrl) return;
  assert.equal(await script(`const pg = require('dbpool/pg');
    const config = ${JSON.stringify(postgresConfig())};
    const client = new pg.Client(config);
    Promise.all([client.connect(), new pg.Pool(config).query('SELECT 1 AS n')]).then(([, { rows }]) => console.log(rows[0].n))`), '1');
});

test('what is under way holds its pool', async () => {
  const slow = { sqlite: 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c LIMIT 1 OFFSET 300000', pg: 'SELECT 1 AS n FROM pg_sleep(0.2)' };
  const collect = 'const collect = async () => { for (let i = 0; i < 5; ++i) { await new Promise(setImmediate); global.gc(); } };';
  const cases = [['sqlite::memory:', slow.sqlite, '300001'], ...(postgresUrl ? [[postgresUrl, slow.pg, '1']] : [])];
  for (const [uri, sql, n] of cases) {
    assert.equal(await script(`${collect} (async () => {
      const running = await require('dbpool').createPool(${JSON.stringify(uri)}).then((pool) => [pool.one(${JSON.stringify(sql)})]);
      const connection = await require('dbpool').createPool(${JSON.stringify(uri)}).then((pool) => pool.connect());
      await collect();
      console.log((await running[0]).n, (await connection.one('SELECT 1 AS n')).n);
    })()`, '--expose-gc'), `${n} 1`);
  }
  if (!postgresUrl) return;
  assert.equal(await script(`${collect} (async () => {
    const pg = require('dbpool/pg'), config = ${JSON.stringify(postgresConfig())};
    const running = new pg.Pool(config).query('${slow.pg}');
    const client = await new pg.Pool(config).connect();
    await collect();
    console.log((await running).rows[0].n, (await client.query('SELECT 1 AS n')).rows[0].n);
  })()`, '--expose-gc'), '1 1');
});

test('a wait keeps a process alive, and ends with it', async () => {
  assert.equal(await script(`require('dbpool').createPool('sqlite::memory:', { poolSize: 1, maxOverflow: 0 }).then(async (pool) => {
    await pool.connect();
    await pool.connect({ timeout: 50 }).catch((error) => console.log(error.code));
  })`), 'DBPOOL_ERR_TIMEOUT');
});

test('a process ends while a server is asked who it is', async () => {
  const stdout = await script(`const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address(); // connects, and never answers
    const abort = new AbortController();
    require('dbpool').probe(\`postgresql://x@127.0.0.1:\${port}/x\`, { timeout: 300, signal: abort.signal }).catch((error) => {
      console.log(error.message);
      process.exit(0);
    });
    server.once('connection', () => abort.abort(new Error('enough')));
  })`);
  assert.equal(stdout, 'enough');
});

test('rows come without generated code, where that is forbidden', async () => {
  assert.equal(await script(`const Database = require('dbpool/better-sqlite3');
    console.log(new Database().prepare('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) SELECT n, n AS m FROM c').all().length)`,
  '--disallow-code-generation-from-strings'), '1000');
});

test('workers have pools of their own, and end in the middle of work', async (t) => {
  const uri = postgresUrl ?? `sqlite:${path.join(scratch(t), 'worker.db')}`;
  const work = `const { parentPort, workerData } = require('node:worker_threads');
    require(workerData.dbpool).createPool(workerData.uri, { poolSize: 2, maxOverflow: 0 }).then(async (pool) => {
      await Promise.all(Array.from({ length: 50 }, () => pool.one('SELECT 1 AS n')));
      await pool.connect(); await pool.connect();
      pool.connect().catch(() => {});
      parentPort.postMessage('working');
      if (workerData.ends) process.exit(0);
    })`;
  const workers = Array.from({ length: 4 }, (_, i) => new Worker(work, { eval: true, workerData: { uri, dbpool: require.resolve('dbpool'), ends: i % 2 === 0 } }));
  await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', () => { worker.terminate(); });
    worker.on('exit', resolve);
  })));
  const pool = await createPool(uri);
  assert.equal((await pool.one('SELECT 1 AS n')).n, 1);
  await pool.close();
});

test('a listener that throws takes no answer with it', async () => {
  assert.equal(await script(`const thrown = [];
    process.on('uncaughtException', (error) => thrown.push(error.message));
    require('dbpool').createPool(${JSON.stringify(postgresUrl ?? 'sqlite::memory:')}, { lazy: true, poolSize: 2, maxOverflow: 0 }).then(async (pool) => {
      pool.on('opened', () => { throw new Error('a listener'); });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => pool.use((connection) => connection.one('SELECT ' + n + ' AS n'))));
      console.log(answers.length, thrown[0]);
    })`), '20 a listener');
});

test('workers that are ended in synchronous work end alone', { timeout: 300_000 }, async () => {
  const work = `const { parentPort, workerData } = require('node:worker_threads');
    const db = new (require(workerData))(':memory:');
    const statement = db.prepare('SELECT ? AS n, zeroblob(9000) AS b');
    parentPort.postMessage('working');
    for (;;) { statement.get(1); db.prepare('SELECT 1').all(); try { db.prepare('SELECT nothing'); } catch {} }`;
  for (let round = 0; round < 10; ++round) {
    await Promise.all(Array.from({ length: 3 }, () => new Promise((resolve, reject) => {
      const worker = new Worker(work, { eval: true, workerData: require.resolve('dbpool/better-sqlite3') });
      worker.on('error', reject);
      worker.on('message', () => worker.terminate());
      worker.on('exit', resolve);
    })));
  }
});

test('thousands of statements in flight end with the process', { skip: SKIP }, async () => {
  const start = `require('dbpool').createPool(${JSON.stringify(postgresUrl)}, { poolSize: 8 }).then((pool) => {
    let left = 5000;
    for (let i = 0; i < 5000; ++i)`;
  assert.equal(await script(`${start} pool.query('SELECT $1::int AS n', [i]).then(() => { if (--left === 0) console.log('all'); });
  })`), 'all');
  assert.equal(await script(`${start} pool.query('SELECT $1::int AS n', [i]).then(() => process.exit(0));
  })`), '');
});

test('nothing leaks over many acquires and releases', async () => {
  const pool = await createPool('sqlite::memory:', { poolSize: 2, maxOverflow: 0 });
  const rounds = long ? 1_000_000 : 50_000;
  const cycle = async (count) => {
    for (let i = 0; i < count; ++i) (await pool.connect()).release();
  };
  await cycle(5_000);
  const before = process.memoryUsage().rss;
  await cycle(rounds);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 48 * 2 ** 20, `${grown} bytes more`);
  const { acquired, leased } = pool.stats();
  assert.deepEqual([acquired, leased], [rounds + 5_000, 0]);
  await pool.close();
});

test('nothing leaks over many cancelled acquires', async () => {
  const pool = await createPool('sqlite::memory:', { poolSize: 1, maxOverflow: 0 });
  const connection = await pool.connect();
  const cycle = async (count) => {
    for (let i = 0; i < count; i += 100) {
      const abort = new AbortController();
      setMaxListeners(0, abort.signal);
      const waits = Array.from({ length: 100 }, () => fails(pool.connect({ signal: abort.signal })));
      abort.abort();
      await Promise.all(waits);
    }
  };
  await cycle(1_000);
  const before = process.memoryUsage().rss;
  await cycle(long ? 100_000 : 5_000);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 48 * 2 ** 20, `${grown} bytes more`);
  assert.equal(pool.stats().waiting, 0);
  connection.release();
  (await pool.connect({ timeout: 1000 })).release();
  await pool.close();
});

test('waiting acquires take none of libuv\'s threads', { skip: SKIP }, async () => {
  const pool = await createPool(postgresUrl, { poolSize: 1, maxOverflow: 0 });
  const connection = await pool.connect();
  const waits = Array.from({ length: 1000 }, () => pool.connect().then((each) => each.release()));
  await require('node:fs/promises').stat(__filename); // would wait behind them
  assert.equal(pool.stats().waiting, 1000);
  connection.release();
  await Promise.all(waits);
  await pool.close();
});
