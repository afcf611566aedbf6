'use strict';
// dbpool/better-sqlite3 beside better-sqlite3: point selects and a scan, on a WAL file of each one's own.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const Ours = require('dbpool/better-sqlite3');
const Theirs = require('better-sqlite3');
const { rounds, report, missed } = require('./figure');

const quick = process.argv.includes('--quick');
const ROWS = quick ? 1000 : 100_000, POINTS = quick ? 1000 : 50_000, ROUNDS = quick ? 1 : 7;

function filled(Database, file) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, score REAL)');
  const insert = db.prepare('INSERT INTO person VALUES (?, ?, ?)');
  db.transaction(() => {
    for (let i = 0; i < ROWS; ++i) insert.run(i, `name ${i}`, i * 1.5);
  })();
  return db;
}

function points(db) {
  const select = db.prepare('SELECT id, name, score FROM person WHERE id = ?');
  return () => {
    const start = performance.now();
    for (let i = 0; i < POINTS; ++i) if (select.get(i % ROWS).id !== i % ROWS) throw new Error('a wrong row');
    return (performance.now() - start) * 1000 / POINTS;
  };
}

function scan(db) {
  const select = db.prepare('SELECT id, name, score FROM person');
  return () => {
    const start = performance.now();
    if (select.all().length !== ROWS) throw new Error('too few rows');
    return performance.now() - start;
  };
}

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dbpool-bench-'));
  try {
    const ours = filled(Ours, path.join(dir, 'ours.db')), theirs = filled(Theirs, path.join(dir, 'theirs.db'));
    const point = await rounds({ theirs: points(theirs), ours: points(ours) }, ROUNDS);
    report('point select against better-sqlite3', 'us', point.theirs, point.ours, 0.9);
    const all = await rounds({ theirs: scan(theirs), ours: scan(ours) }, ROUNDS);
    report(`scan of ${ROWS} rows against better-sqlite3`, 'ms', all.theirs, all.ours, 0.9);
    ours.close();
    theirs.close();
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
  process.exitCode = missed() === 0 || quick ? 0 : 1;
}

main();
