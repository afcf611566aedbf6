'use strict';
// The package in an empty folder elsewhere: it is installed with nothing fetched, and there for CommonJS, ESM and TypeScript.

const { test, describe, before, after } = require('node:test');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { assert, postgresUrl } = require('./support');

const run = promisify(execFile);
const root = path.join(__dirname, '..');
const NOBODY = 'http://127.0.0.1:9/'; // whom a download would ask

const TYPES = `import { createPool, Pool } from 'dbpool';
import pg, { type PoolClient, type QueryResult } from 'dbpool/pg';
import Database from 'dbpool/better-sqlite3';
export const open = async (uri: string): Promise<Pool> => createPool(uri, { poolSize: 2 });
export const ask = async (client: PoolClient): Promise<QueryResult<{ n: number }>> => client.query<{ n: number }>('SELECT 1 AS n');
export const pool: pg.Pool = new pg.Pool({ max: 1 });
export const db: Database.Database = new Database();
`;

describe('in an empty folder', { timeout: 600_000 }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dbpool-newcomer-'));
  const inFolder = (file, args, env) => run(file, args, { cwd: folder, env: { ...process.env, HOME: folder, ...env } });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  before(async () => {
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "newcomer", "private": true }');
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
    const [archive] = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const env = { NODEJS_ORG_MIRROR: NOBODY, npm_config_disturl: NOBODY, npm_config_registry: NOBODY, npm_config_offline: 'true',
      npm_config_userconfig: path.join(folder, 'none'), DBPOOL_NODE_ADDON: '' };
    for (const name of Object.keys(process.env)) if (/^npm_config_nodedir$/i.test(name)) env[name] = '';
    await inFolder('npm', ['install', '--no-audit', '--no-fund', path.join(folder, archive)], env);
  });

  const uris = ['sqlite::memory:', ...(postgresUrl ? [postgresUrl] : [])];
  const use = `.then(async (pool) => { console.log((await pool.one('SELECT 42 AS n')).n); await pool.close(); })`;
  test('it is required', async () => {
    for (const uri of uris) {
      const { stdout } = await inFolder(process.execPath, ['-e', `require('dbpool').createPool(${JSON.stringify(uri)})${use}`], { DBPOOL_NODE_ADDON: '' });
      assert.equal(stdout, '42\n');
    }
  });

  test('it is imported', async () => {
    const { stdout } = await inFolder(process.execPath, ['--input-type=module', '-e', `import dbpool, { createPool } from 'dbpool';
      import pg, { Pool } from 'dbpool/pg';
      import Database, { SqliteError } from 'dbpool/better-sqlite3';
      console.log(dbpool.createPool === createPool, pg.Pool === Pool, Database.SqliteError === SqliteError, new Database().prepare('SELECT 1').pluck().get());`],
    { DBPOOL_NODE_ADDON: '' });
    assert.equal(stdout, 'true true true 1\n');
  });

  for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler'], ['commonjs', 'node10']]) {
    test(`TypeScript finds its types by ${resolution}`, async () => {
      fs.writeFileSync(path.join(folder, 'use.ts'), TYPES);
      await inFolder(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--esModuleInterop', '--target', 'es2022', '--module', module,
        '--moduleResolution', resolution, '--types', 'node', '--typeRoots', path.join(root, 'node_modules/@types'), 'use.ts'])
        .catch((error) => assert.fail(error.stdout));
    });
  }
});
