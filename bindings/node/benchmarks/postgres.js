'use strict';
// dbpool/pg beside pg and postgres.js: prepared point selects, 64 in flight on 8 connections, and a large result.

const dbpool = require('dbpool/pg');
const pg = require('pg');
const postgres = require('postgres');
const { rounds, report, missed } = require('./figure');

const CONNECTIONS = 8, IN_FLIGHT = 64;
const quick = process.argv.includes('--quick');
const QUERIES = quick ? 500 : 20_000, ROUNDS = quick ? 1 : 7;

const url = new URL(process.env.DBPOOL_TEST_POSTGRES_URL.replace('@/', '@localhost/'));
const host = url.searchParams.get('host'), port = Number(url.searchParams.get('port'));
const address = { host, port, user: url.username, database: url.pathname.slice(1), max: CONNECTIONS };

async function inFlight(query) {
  let next = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (next < QUERIES) await query(next++ % 1000);
  }));
  return (performance.now() - start) * 1000 / QUERIES;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function main() {
  const ours = new dbpool.Pool(address), theirs = new pg.Pool(address);
  const sql = postgres({ ...address, path: `${host}/.s.PGSQL.${port}`, onnotice() {} });
  await theirs.query('DROP TABLE IF EXISTS bench_people');
  await theirs.query("CREATE TABLE bench_people AS SELECT g AS id, 'name ' || g AS name, g * 1.5::float8 AS score FROM generate_series(0, 99999) g");
  await theirs.query('ALTER TABLE bench_people ADD PRIMARY KEY (id)');
  await theirs.query('ANALYZE bench_people');

  const point = 'SELECT id, name, score FROM bench_people WHERE id = $1';
  const check = (rows, id) => {
    if (rows.length !== 1 || rows[0].id !== id) throw new Error('a wrong row');
  };
  const select = await rounds({
    pg: () => inFlight(async (id) => check((await theirs.query({ name: 'point', text: point, values: [id] })).rows, id)),
    dbpool: () => inFlight(async (id) => check((await ours.query({ name: 'point', text: point, values: [id] })).rows, id)),
    postgres: () => inFlight(async (id) => check(await sql`SELECT id, name, score FROM bench_people WHERE id = ${id}`, id)),
  }, ROUNDS);
  report('point select, 64 in flight, 8 connections, against pg', 'us', select.pg, select.dbpool, 2);
  report('the same against postgres.js', 'us', select.postgres, select.dbpool, 1.3);

  const all = 'SELECT id, name, score FROM bench_people';
  const scan = await rounds({
    pg: () => timed(() => theirs.query(all)),
    dbpool: () => timed(() => ours.query(all)),
  }, ROUNDS);
  report('100,000 rows of 3 columns against pg', 'ms', scan.pg, scan.dbpool, 2);
  await Promise.all([ours.end(), theirs.end(), sql.end()]);
  process.exitCode = missed() === 0 || quick ? 0 : 1;
}

main();
