'use strict';

const { test } = require('node:test');
const path = require('node:path');
const Database = require('dbpool/better-sqlite3');
const { assert, scratch } = require('./support');

function people() {
  const db = new Database(':memory:');
  db.exec("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE); INSERT INTO person VALUES (1, 'Ada'), (2, 'Zuse'), (3, NULL)");
  return db;
}

test('get, all and run give what better-sqlite3 gives', () => {
  const db = people();
  assert.deepEqual(db.prepare('SELECT * FROM person WHERE id = ?').get(2), { id: 2, name: 'Zuse' });
  assert.equal(db.prepare('SELECT * FROM person WHERE id = ?').get(9), undefined);
  assert.deepEqual(db.prepare('SELECT name FROM person ORDER BY id').all(), [{ name: 'Ada' }, { name: 'Zuse' }, { name: null }]);
  assert.deepEqual(db.prepare('INSERT INTO person (name) VALUES (?), (?)').run('a', 'b'), { changes: 2, lastInsertRowid: 5 });
  assert.deepEqual(db.prepare('SELECT ? AS a, ? AS b, ? AS c, ? AS d').get('ü😀', 1.5, Buffer.from([0, 1]), null), { a: 'ü😀', b: 1.5, c: Buffer.from([0, 1]), d: null });
  assert.deepEqual(db.prepare('DELETE FROM person').run().changes, 5);
  db.close();
});

test('raw, pluck, columns, bind and safeIntegers change how rows come', () => {
  const db = people();
  const statement = db.prepare('SELECT id, name FROM person WHERE id < 3');
  assert.ok(statement.reader);
  assert.equal(db.prepare('DELETE FROM person WHERE id = 9').reader, false);
  assert.deepEqual(statement.raw().all(), [[1, 'Ada'], [2, 'Zuse']]);
  assert.deepEqual(statement.pluck().all(), [1, 2]);
  assert.deepEqual(statement.pluck(false).get(), { id: 1, name: 'Ada' });
  assert.deepEqual(statement.columns(), [{ name: 'id', type: 'INTEGER' }, { name: 'name', type: 'TEXT' }]);
  assert.deepEqual(statement.safeIntegers().raw().get(), [1n, 'Ada']);
  assert.equal(db.prepare('SELECT 9007199254740993').pluck().get(), 9007199254740992);
  assert.equal(db.prepare('SELECT ?').safeIntegers().pluck().get(9007199254740993n), 9007199254740993n);
  assert.deepEqual(db.prepare('SELECT name FROM person WHERE id = ?').bind(2).get(), { name: 'Zuse' });
  db.defaultSafeIntegers();
  assert.equal(db.prepare('SELECT 1').pluck().get(), 1n);
  assert.throws(() => db.prepare('DELETE FROM person').all(), TypeError);
  db.close();
});

test('parameters have names, or places', () => {
  const db = people();
  assert.deepEqual(db.prepare("SELECT @a AS a, :b AS b, $c AS c, @a AS again, '@no' AS d -- :nor").get({ a: 1, b: 2, c: 3 }), { a: 1, b: 2, c: 3, again: 1, d: '@no' });
  assert.deepEqual(db.prepare('SELECT ?2 AS b, ?1 AS a').get(1, 2), { b: 2, a: 1 });
  assert.deepEqual(db.prepare('SELECT ? AS a, ? AS b').get([1, 2]), { a: 1, b: 2 });
  assert.throws(() => db.prepare('SELECT ?, ?').get(1), RangeError);
  assert.throws(() => db.prepare('SELECT ?').get(1, 2), RangeError);
  assert.throws(() => db.prepare('SELECT @a').get({ b: 1 }), RangeError);
  assert.throws(() => db.prepare('SELECT @constructor').get({}), RangeError);
  assert.deepEqual(db.prepare('SELECT @a AS x, :a AS y, $a AS z').get({ a: 1 }), { x: 1, y: 1, z: 1 });
  assert.throws(() => db.prepare('SELECT ?').get(true), TypeError);
  assert.throws(() => db.prepare('SELECT ?').get(2n ** 64n), RangeError);
  db.close();
});

test('an iteration reads as it goes, and steps aside for other statements', () => {
  const db = new Database(':memory:');
  const numbers = db.prepare('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT n FROM c').pluck();
  let sum = 0;
  for (const n of numbers.iterate()) {
    sum += n;
    if (n === 700) assert.equal(db.prepare('SELECT 1').pluck().get(), 1);
  }
  assert.equal(sum, 2001000);
  for (const n of numbers.iterate()) if (n === 3) break;
  assert.equal(numbers.busy, false);
  const endless = db.prepare('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c').pluck();
  for (const n of endless.iterate()) if (n === 1000) break;
  assert.equal(endless.get(), 1);
  db.close();
});

test('a transaction commits, rolls back, and nests', () => {
  const db = people();
  const insert = db.prepare('INSERT INTO person (name) VALUES (?)');
  const many = db.transaction((names) => {
    assert.ok(db.inTransaction);
    for (const name of names) insert.run(name);
    return names.length;
  });
  assert.equal(many(['a', 'b']), 2);
  assert.equal(many.immediate(['c']), 1);
  assert.throws(() => many(['d', 'Ada']), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
  db.transaction(() => {
    insert.run('e');
    assert.throws(() => many(['f', 'Ada']), Database.SqliteError);
  })();
  assert.equal(db.inTransaction, false);
  assert.deepEqual(db.prepare('SELECT name FROM person WHERE id > 3').pluck().all(), ['a', 'b', 'c', 'e']);
  assert.throws(() => db.transaction(async () => {})(), TypeError);
  db.close();
});

test('a database is opened as it is asked for, and closed twice', (t) => {
  const file = path.join(scratch(t), 'a b%c?.db');
  assert.throws(() => new Database(file, { fileMustExist: true }), { code: 'SQLITE_CANTOPEN' });
  assert.throws(() => new Database(path.join(file, 'no', 'such.db')), TypeError);
  const said = [];
  const db = Database(file, { verbose: (sql) => said.push(sql), timeout: 100 });
  db.exec('CREATE TABLE t (n)');
  assert.deepEqual(said, ['CREATE TABLE t (n)']);
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  assert.deepEqual(db.pragma('user_version = 7'), []);
  assert.deepEqual(db.pragma('user_version'), [{ user_version: 7 }]);
  const reader = new Database(file, { readonly: true });
  assert.throws(() => reader.exec('INSERT INTO t VALUES (1)'), { code: 'SQLITE_READONLY' });
  reader.close();
  assert.ok(db.open && !db.memory && db.name === file);
  db.close().close();
  assert.equal(db.open, false);
  assert.throws(() => db.prepare('SELECT 1'), /not open/);
  for (const wrong of [{ nativeBinding: 'x' }, { verbose: 'x' }, { readonly: 1 }, { timeout: 'x' }, { timeout: -1 }, { fileMustExist: null }, { constructor: 1 }, 5]) {
    assert.throws(() => new Database(':memory:', wrong), TypeError);
  }
  new Database(null, null).close();
  assert.throws(() => new Database(':memory:').prepare('SELEC 1'), { name: 'SqliteError', code: 'SQLITE_ERROR' });
});

test('numbers take the short way to the addon, and nothing gets in between', () => {
  let inner;
  const db = new Database(':memory:', { verbose: () => inner?.get(7, 8) });
  const types = db.prepare('SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c');
  assert.deepEqual(types.get(1, 1.5, 2 ** 53), { a: 'integer', b: 'real', c: 'integer' });
  assert.deepEqual(types.get(Infinity, NaN, 2 ** 60), { a: 'real', b: 'null', c: 'real' });
  assert.deepEqual(types.get('x', null, 5), { a: 'text', b: 'null', c: 'integer' });
  assert.throws(() => types.get(1, 2), RangeError);
  assert.throws(() => types.get(1, 2, 3, 4), RangeError);
  const sum = db.prepare('SELECT ? + ? AS n');
  inner = new Database(':memory:').prepare('SELECT ? * ? AS n');
  assert.deepEqual([sum.get(1, 2), sum.get([3, 4]), inner.get(5, 6)], [{ n: 3 }, { n: 7 }, { n: 30 }]);
  const many = Array.from({ length: 100 }, (_, i) => i);
  assert.equal(db.prepare(`SELECT ${many.map(() => '?').join(' + ')} AS n`).get(...many).n, 4950);
  const row = db.prepare('SELECT ? AS n, 5 AS m');
  for (let i = 0; i < 200; ++i) assert.deepEqual(row.get(i), { n: i, m: 5 });
  assert.deepEqual(row.raw().get(1), [1, 5]);
  assert.equal(row.pluck().get(2), 2);
  assert.deepEqual(row.pluck(false).safeIntegers().get(3), { n: 3n, m: 5n });
  assert.equal(db.prepare('SELECT 1 AS n WHERE 1 = ?').get(2), undefined);
});
