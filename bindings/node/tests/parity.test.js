'use strict';
// parity.tsv says of every function of the C interface what it is in Node, or why it is nothing there.

const { test } = require('node:test');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const dbpool = require('dbpool');
const { assert } = require('./support');

const root = path.join(__dirname, '..');
const headers = path.join(execFileSync('sh', ['scripts/locate', 'include'], { cwd: root, encoding: 'utf8' }).trim(), 'dbpool');
const rows = fs.readFileSync(path.join(root, 'parity.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));

test('every function of the headers has its line, and no other', () => {
  const declared = fs.readdirSync(headers).flatMap((file) =>
    [...fs.readFileSync(path.join(headers, file), 'utf8').matchAll(/^DBPOOL_API [^(]*?(dbpool_\w+)\(/gm)].map(([, name]) => name));
  assert.ok(declared.length > 80);
  assert.deepEqual(rows.map(([name]) => name), declared.sort());
});

test('what is nothing in Node has a reason, and the addon calls only what is something', () => {
  for (const [name, what] of rows) assert.match(what, /^(- \(.+\)|[^-].*)$/, name);
  const called = new Set(fs.readdirSync(path.join(root, 'src')).flatMap((file) =>
    fs.readFileSync(path.join(root, 'src', file), 'utf8').match(/\bdbpool_\w+(?=\(|>|, )/g) ?? []));
  const uncalled = rows.filter(([name, what]) => !what.startsWith('-') && !called.has(name)).map(([name]) => name);
  const blocking = uncalled.filter((name) => !called.has(`${name}_async`));
  assert.deepEqual(blocking, ['dbpool_error_code', 'dbpool_health', 'dbpool_reconnect', 'dbpool_transaction'], 'made of others, in JavaScript');
});

test('what it names is there', async () => {
  const pool = await dbpool.createPool('sqlite::memory:');
  const connection = await pool.connect();
  const stream = connection.stream('SELECT 1');
  const Database = require('dbpool/better-sqlite3');
  const db = new Database(':memory:');
  const owners = { Pool: pool, Connection: connection, RowStream: stream, Database: db, Statement: db.prepare('SELECT 1') };
  for (const [name, what] of rows.filter(([, text]) => !text.startsWith('-'))) {
    for (const [, owner, member] of what.matchAll(/\b(Pool|Connection|RowStream|Database|Statement)\.(\w+)/g)) {
      assert.ok(member in owners[owner], `${owner}.${member} of ${name}`);
    }
    const [first] = what.match(/^\w+$/) ?? [];
    assert.ok(first === undefined || first in dbpool, `${first} of ${name}`);
  }
  await stream[Symbol.asyncDispose]();
  connection.release();
  db.close();
  await pool.close();
});
