'use strict';
// The addon that CMake builds is the one that node-gyp builds.

const { test } = require('node:test');
const { execFile, execFileSync } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const path = require('node:path');
const { assert, scratch } = require('./support');

const run = promisify(execFile);
const root = path.join(__dirname, '..');

function hasCMake() {
  try {
    return /3\.(2[5-9]|[3-9]\d)|[4-9]\.\d/.test(execFileSync('cmake', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

test('CMake builds the addon', { skip: hasCMake() ? false : 'no cmake >= 3.25', timeout: 600_000 }, async (t) => {
  const build = scratch(t);
  await run('cmake', ['-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS=-Werror']);
  await run('cmake', ['--build', build, '--parallel', '2']);
  const addon = path.join(build, 'lib/dbpool.node');
  assert.ok(fs.existsSync(addon));
  const { stdout } = await run(process.execPath, ['-e', `const dbpool = require('dbpool');
    dbpool.createPool('sqlite::memory:').then(async (pool) => console.log((await pool.one('SELECT 42 AS n')).n))`],
  { cwd: __dirname, env: { ...process.env, DBPOOL_NODE_ADDON: addon } });
  assert.equal(stdout.trim(), '42');
});
