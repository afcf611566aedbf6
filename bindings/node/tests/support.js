'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createPool } = require('dbpool');

const postgresUrl = process.env.DBPOOL_TEST_POSTGRES_URL;

/** A directory that goes with the test. */
function scratch(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dbpool-node-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Both databases, as [name, uri(t)]; without a server only one, and the runner says so. */
const databases = [['SQLite', (t) => `sqlite:${path.join(scratch(t), 'test.db')}`]];
if (postgresUrl) databases.push(['PostgreSQL', () => postgresUrl]);

/** The error that a promise ends in; it must be of that code. */
async function fails(promise, code) {
  const error = await promise.then((value) => assert.fail(`it gave ${JSON.stringify(value)}`), (reason) => reason);
  if (code !== undefined) assert.equal(error.code, code, error.stack);
  return error;
}

/** Waits until the condition holds; the test's own time-out is the limit. */
async function until(condition) {
  while (!await condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** node-postgres's configuration of the test server. */
function postgresConfig() {
  const url = new URL(postgresUrl.replace('@/', '@localhost/'));
  return { host: url.searchParams.get('host'), port: Number(url.searchParams.get('port')), user: url.username, database: url.pathname.slice(1) };
}

/** A pool that goes with the test. */
async function poolOf(t, uri, options) {
  const pool = await createPool(uri(t), options);
  t.after(() => pool.close({ timeout: 0 }).catch(() => {}));
  return pool;
}

/** The same in the shape of node-postgres. */
function pgPoolOf(t, config) {
  const { Pool } = require('dbpool/pg');
  const pool = new Pool({ ...postgresConfig(), ...config });
  t.after(async () => {
    if (!pool.ending) await pool.end();
  });
  return pool;
}

const SKIP = postgresUrl ? false : 'no PostgreSQL server';

module.exports = { assert, scratch, databases, fails, until, poolOf, pgPoolOf, postgresUrl, postgresConfig, SKIP };
