'use strict';
// The examples of the README run, and say what they say there.

const { test } = require('node:test');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const path = require('node:path');
const { assert, postgresUrl } = require('./support');

const text = fs.readFileSync(path.join(__dirname, '../README.md'), 'utf8');
const examples = [...text.matchAll(/```js\n(.*?)```/gs)].map((found) => found[1]);
const said = [
  'Ada is 36\nZuse is 84\n',
  '500500\nTimeoutError\nDBPOOL_ERR_SQL 42703\n',
  postgresUrl ? '42\n10\n' : '',
  'Zuse\n',
];

examples.forEach((example, i) => {
  test(`example ${i + 1} of the README`, async () => {
    const env = { ...process.env, DATABASE_URL: i === 2 ? postgresUrl ?? '' : 'sqlite::memory:' };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', example], { cwd: __dirname, env, timeout: 300_000 });
    assert.equal(stdout, said[i]);
  });
});

test('the start of the README is short', () => {
  assert.equal(examples.length, said.length);
  assert.ok(examples[0].trimEnd().split('\n').length <= 15);
});
