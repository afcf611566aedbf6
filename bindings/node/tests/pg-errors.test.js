'use strict';
// Errors and fields of dbpool/pg beside those of node-postgres itself, on one server.

const { test, describe } = require('node:test');
const theirs = require('pg');
const ours = require('dbpool/pg');
const { assert, fails, postgresConfig, SKIP } = require('./support');

const FIELDS = ['name', 'message', 'severity', 'code', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where', 'schema',
  'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine'];

/** The fields, without the numbers that sessions have in names of their temporary schemas. */
const fieldsOf = (error) => Object.fromEntries(FIELDS.map((name) => [name, error[name]?.replace(/pg_temp_\d+/g, 'pg_temp')]));

/** Runs fn with a client of each, and gives what it gave. */
async function ofBoth(t, fn) {
  const given = [];
  for (const pg of [theirs, ours]) {
    const client = new pg.Client(postgresConfig());
    await client.connect();
    t.after(() => client.end());
    given.push(await fn(client, pg));
  }
  return given;
}

const SETUP = `
  CREATE DOMAIN pg_temp.positive AS int CONSTRAINT above_zero CHECK (VALUE > 0);
  CREATE TEMP TABLE node_fields (id int CONSTRAINT once PRIMARY KEY, name text NOT NULL);
  INSERT INTO node_fields VALUES (1, 'x');
  CREATE FUNCTION pg_temp.inner() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT count(*) FROM no_such_table);
  END $$;
  CREATE FUNCTION pg_temp.outer() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN pg_temp.inner(); END $$`;

/** What fails, and fields that it must have, so that two who say nothing are not alike. */
const FAILURES = [
  ['SELECT nonsense', ['position', 'file', 'line', 'routine']],
  ['SELECT pg_temp.outer()', ['where', 'internalQuery', 'internalPosition']],
  ['SELECT (-1)::pg_temp.positive', ['dataType', 'constraint', 'schema']],
  ["INSERT INTO node_fields VALUES (1, 'y')", ['detail', 'table', 'constraint']],
  ['INSERT INTO node_fields VALUES (2)', ['column', 'table']],
  [`DO $$ BEGIN RAISE 'said' USING ERRCODE = 'ZX001', DETAIL = 'd', HINT = 'h', COLUMN = 'c', CONSTRAINT = 'n', DATATYPE = 't',
      TABLE = 'a', SCHEMA = 's'; END $$`, ['where', 'detail', 'hint', 'dataType']],
];

describe("errors and fields are node-postgres's", { skip: SKIP, timeout: 120_000 }, () => {
  for (const [sql, having] of FAILURES) {
    test(`of ${sql.replace(/\s+/g, ' ').slice(0, 50)}`, async (t) => {
      const [wanted, got] = await ofBoth(t, async (client) => {
        await client.query(SETUP);
        return fails(client.query(sql));
      });
      for (const name of ['severity', 'code', ...having]) assert.equal(typeof got[name], 'string', name);
      assert.ok(got instanceof ours.DatabaseError && wanted instanceof theirs.DatabaseError);
      assert.deepEqual(fieldsOf(got), fieldsOf(wanted));
    });
  }

  test('of a connection that is refused', async () => {
    const errors = await Promise.all([theirs, ours].map((pg) => {
      const client = new pg.Client({ ...postgresConfig(), database: 'no_such_database' });
      client.on('error', () => {});
      return fails(client.connect(), '3D000');
    }));
    const [wanted, got] = errors.map(fieldsOf);
    assert.deepEqual([got.severity, got.routine], ['FATAL', 'InitPostgres']);
    assert.deepEqual(got, wanted);
  });

  test('of a column tell its table', async (t) => {
    const [wanted, got] = await ofBoth(t, async (client) => {
      await client.query(SETUP);
      const { fields } = await client.query('SELECT name, id, ctid, id + 1 AS sum FROM node_fields');
      const { rows: [{ oid }] } = await client.query("SELECT 'node_fields'::regclass::oid AS oid");
      return fields.map(({ name, tableID, columnID, dataTypeID, format }) => ({ name, ours: tableID === Number(oid), columnID, dataTypeID, format }));
    });
    assert.deepEqual(got.map((field) => [field.ours, field.columnID]), [[true, 2], [true, 1], [true, -1], [false, 0]]);
    assert.deepEqual(got, wanted);
  });

  test('but for what the library does not tell', async (t) => {
    const [, got] = await ofBoth(t, async (client) => ({
      field: (await client.query("SELECT 'x'::varchar(5) AS name")).fields[0],
      error: await fails(client.query('SELECT nonsense')),
    }));
    assert.deepEqual([got.field.dataTypeSize, got.field.dataTypeModifier], [-1, -1]);
    assert.equal(got.error.length, got.error.message.length);
  });
});
