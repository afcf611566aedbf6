'use strict';
// Kysely, Knex, Drizzle and TypeORM, unchanged, on dbpool. What loads `pg` by name finds dbpool/pg.

require('dbpool/pg/register');
const { test, describe } = require('node:test');
const path = require('node:path');
const pg = require('dbpool/pg');
const Database = require('dbpool/better-sqlite3');
const { assert, fails, scratch, postgresConfig, postgresUrl, SKIP } = require('./support');

/** The same with each query builder of Kysely's: rows, a transaction that fails, a stream. */
async function withKysely(db, { createId, streams }) {
  const { sql } = require('kysely');
  await db.schema.dropTable('kysely_person').ifExists().execute();
  await createId(db.schema.createTable('kysely_person')).addColumn('name', 'varchar(50)', (column) => column.notNull().unique()).execute();
  const inserted = await db.insertInto('kysely_person').values([{ name: 'Ada' }, { name: 'Zuse' }]).returning(['id', 'name']).execute();
  assert.deepEqual(inserted.map((row) => row.name), ['Ada', 'Zuse']);
  const update = await db.updateTable('kysely_person').set({ name: 'Lovelace' }).where('name', '=', 'Ada').executeTakeFirst();
  assert.equal(update.numUpdatedRows, 1n);
  await fails(db.transaction().execute(async (tx) => {
    await tx.insertInto('kysely_person').values({ name: 'Nobody' }).execute();
    await tx.insertInto('kysely_person').values({ name: 'Zuse' }).execute();
  }));
  await db.transaction().execute((tx) => tx.insertInto('kysely_person').values({ name: 'Turing' }).execute());
  const names = await db.selectFrom('kysely_person').select('name').orderBy('id').execute();
  assert.deepEqual(names.map((row) => row.name), ['Lovelace', 'Zuse', 'Turing']);
  if (streams) {
    const streamed = [];
    for await (const row of db.selectFrom('kysely_person').select('name').orderBy('id').stream(2)) streamed.push(row.name);
    assert.deepEqual(streamed, ['Lovelace', 'Zuse', 'Turing']);
  }
  assert.equal((await sql`SELECT count(*) AS n FROM kysely_person`.execute(db)).rows[0].n, streams ? '3' : 3);
  await db.destroy();
}

describe('on PostgreSQL', { skip: SKIP, timeout: 300_000 }, () => {
  test('Kysely', async () => {
    const { Kysely, PostgresDialect } = require('kysely');
    const created = [];
    const dialect = new PostgresDialect({ pool: new pg.Pool({ ...postgresConfig(), max: 4 }), cursor: pg.Cursor, onCreateConnection: async (connection) => created.push(connection) });
    await withKysely(new Kysely({ dialect }), { streams: true, createId: (table) => table.addColumn('id', 'serial', (column) => column.primaryKey()) });
    assert.ok(created.length > 0);
  });

  test('Knex', async () => {
    const knex = require('knex')({ client: 'pg', connection: postgresConfig(), pool: { min: 0, max: 4 } });
    await knex.schema.dropTableIfExists('knex_person');
    await knex.schema.createTable('knex_person', (table) => {
      table.increments('id');
      table.string('name').notNullable().unique();
      table.jsonb('data');
      table.timestamp('born');
    });
    const born = new Date('1815-12-10T00:00:00Z');
    const [ada] = await knex('knex_person').insert({ name: 'Ada', data: { notes: ['G'] }, born }).returning('*');
    assert.deepEqual([ada.name, ada.data, ada.born], ['Ada', { notes: ['G'] }, born]);
    assert.equal(await knex('knex_person').where({ name: 'Ada' }).update({ name: 'Lovelace' }), 1);
    const duplicate = await fails(knex.transaction(async (tx) => {
      await tx('knex_person').insert({ name: 'Nobody' });
      await tx('knex_person').insert({ name: 'Lovelace' });
    }), '23505');
    assert.match(duplicate.detail, /already exists/);
    await knex.transaction((tx) => tx('knex_person').insert({ name: 'Turing' }));
    assert.deepEqual(await knex('knex_person').orderBy('id').pluck('name'), ['Lovelace', 'Turing']);
    const streamed = [];
    for await (const row of knex('knex_person').orderBy('id').stream()) streamed.push(row.name);
    assert.deepEqual(streamed, ['Lovelace', 'Turing']);
    assert.equal((await knex.raw('SELECT ?::int + 1 AS n', [41])).rows[0].n, 42);
    await knex.destroy();
  });

  test('Drizzle', async () => {
    const { drizzle } = require('drizzle-orm/node-postgres');
    const { pgTable, serial, text, timestamp, jsonb } = require('drizzle-orm/pg-core');
    const { eq, sql } = require('drizzle-orm');
    const person = pgTable('drizzle_person', { id: serial('id').primaryKey(), name: text('name').notNull().unique(), data: jsonb('data'),
      born: timestamp('born', { withTimezone: true }) });
    const pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    const db = drizzle(pool, { schema: { person } });
    await db.execute(sql`DROP TABLE IF EXISTS drizzle_person`);
    await db.execute(sql`CREATE TABLE drizzle_person (id serial PRIMARY KEY, name text NOT NULL UNIQUE, data jsonb, born timestamptz)`);
    const born = new Date('1815-12-10T00:00:00Z');
    const [ada] = await db.insert(person).values({ name: 'Ada', data: { notes: ['G'] }, born }).returning();
    assert.deepEqual(ada, { id: 1, name: 'Ada', data: { notes: ['G'] }, born });
    await db.update(person).set({ name: 'Lovelace' }).where(eq(person.name, 'Ada'));
    await fails(db.transaction(async (tx) => {
      await tx.insert(person).values({ name: 'Nobody' });
      await tx.insert(person).values({ name: 'Lovelace' });
    }));
    await db.transaction((tx) => tx.insert(person).values({ name: 'Turing' }));
    assert.deepEqual(await db.select({ name: person.name }).from(person).orderBy(person.id), [{ name: 'Lovelace' }, { name: 'Turing' }]);
    assert.equal((await db.query.person.findFirst({ where: eq(person.name, 'Turing') })).name, 'Turing');
    await pool.end();
  });

  test('TypeORM', async () => {
    const { DataSource, EntitySchema } = require('typeorm');
    const Person = new EntitySchema({ name: 'Person', tableName: 'typeorm_person', columns: {
      id: { type: Number, primary: true, generated: true }, name: { type: String, unique: true }, data: { type: 'jsonb', nullable: true },
      born: { type: 'timestamptz', nullable: true } } });
    const { user, ...address } = postgresConfig();
    const source = new DataSource({ type: 'postgres', ...address, username: user, entities: [Person], synchronize: true, dropSchema: false });
    await source.query('SELECT 1').catch(() => {}); // before it is there: an error of TypeORM's own
    await source.initialize();
    const people = source.getRepository(Person);
    await people.clear();
    const born = new Date('1815-12-10T00:00:00Z');
    const ada = await people.save({ name: 'Ada', data: { notes: ['G'] }, born });
    assert.deepEqual(await people.findOneBy({ id: ada.id }), { id: ada.id, name: 'Ada', data: { notes: ['G'] }, born });
    assert.equal((await people.update({ name: 'Ada' }, { name: 'Lovelace' })).affected, 1);
    await fails(source.transaction(async (manager) => {
      await manager.getRepository(Person).save({ name: 'Nobody' });
      await manager.getRepository(Person).insert({ name: 'Lovelace' });
    }), '23505');
    await source.transaction((manager) => manager.getRepository(Person).save({ name: 'Turing' }));
    assert.deepEqual((await people.find({ order: { id: 'ASC' } })).map((row) => row.name), ['Lovelace', 'Turing']);
    const streamed = [];
    const stream = await people.createQueryBuilder('p').orderBy('p.id').stream();
    for await (const row of stream) streamed.push(row.p_name);
    assert.deepEqual(streamed, ['Lovelace', 'Turing']);
    await source.destroy();
  });
});

describe('on SQLite', { timeout: 120_000 }, () => {
  test('Kysely', async (t) => {
    const { Kysely, SqliteDialect } = require('kysely');
    const dialect = new SqliteDialect({ database: new Database(path.join(scratch(t), 'kysely.db')) });
    await withKysely(new Kysely({ dialect }), { streams: false, createId: (table) => table.addColumn('id', 'integer', (column) => column.primaryKey()) });
  });

  test('Drizzle', () => {
    const { drizzle } = require('drizzle-orm/better-sqlite3');
    const { sqliteTable, integer, text, blob } = require('drizzle-orm/sqlite-core');
    const { eq, sql } = require('drizzle-orm');
    const person = sqliteTable('person', { id: integer('id').primaryKey(), name: text('name').notNull().unique(),
      active: integer('active', { mode: 'boolean' }), born: integer('born', { mode: 'timestamp' }), face: blob('face', { mode: 'buffer' }) });
    const client = new Database(':memory:');
    const db = drizzle(client, { schema: { person } });
    db.run(sql`CREATE TABLE person (id integer PRIMARY KEY, name text NOT NULL UNIQUE, active integer, born integer, face blob)`);
    const born = new Date('1815-12-10T00:00:00Z'), face = Buffer.from([1, 2]);
    assert.equal(db.insert(person).values({ name: 'Ada', active: true, born, face }).run().changes, 1);
    assert.deepEqual(db.select().from(person).get(), { id: 1, name: 'Ada', active: true, born, face });
    assert.throws(() => db.transaction((tx) => {
      tx.insert(person).values({ name: 'Nobody' }).run();
      tx.insert(person).values({ name: 'Ada' }).run();
    }));
    db.transaction((tx) => {
      tx.insert(person).values({ name: 'Turing' }).run();
      assert.throws(() => tx.transaction((inner) => {
        inner.insert(person).values({ name: 'Nobody' }).run();
        inner.rollback();
      }));
    });
    assert.deepEqual(db.select({ name: person.name }).from(person).all(), [{ name: 'Ada' }, { name: 'Turing' }]);
    assert.equal(db.query.person.findFirst({ where: eq(person.name, 'Turing') }).sync().name, 'Turing');
    client.close();
  });
});
