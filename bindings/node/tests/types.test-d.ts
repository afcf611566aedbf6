// Checked by tsc and never run: what users write has the types they expect.
import { createPool, optionTable, probe, Connection, DbpoolError, Pool } from 'dbpool';
import { Pool as PgPool, Client, Cursor, types, type ClientBase, type PoolClient, type QueryArrayResult, type QueryResult, type QueryResultRow } from 'dbpool/pg';
import Database = require('dbpool/better-sqlite3');

export async function core(pool: Pool): Promise<string> {
  await using own = await createPool('sqlite::memory:', { poolSize: 2, acquireTimeout: 500 });
  const { name } = await own.one<{ name: string }>('SELECT $1 AS name', ['x'], { signal: AbortSignal.timeout(5) });
  const total: number = await pool.transaction(async (tx) => {
    await tx.savepoint('here');
    return tx.execute('DELETE FROM t');
  }, { isolation: 'serializable', maxAttempts: 3 });
  for await (const row of pool.stream<{ n: number }>('SELECT 1 AS n')) total + row.n;
  const [first] = await own.pipeline(['SELECT 1', ['SELECT $1', [optionTable.length]]], { oneByOne: true, timeout: 100 });
  const { product } = await probe({ env: true, timeout: 1000 });
  await pool.reconnect({ timeout: first.rows.length + product.length });
  // @ts-expect-error parameters are a list
  own.pipeline([['SELECT $1', 1]]);
  // @ts-expect-error no such isolation
  pool.transaction(async () => {}, { isolation: 'total' });
  if (!(pool instanceof Pool)) throw new TypeError();
  const held: boolean = await pool.use((connection) => connection instanceof Connection && connection.isReleased);
  pool.once('opened', ({ connection }) => connection.toFixed(Number(held)));
  // @ts-expect-error no such event
  pool.on('exploded', () => {});
  return name;
}

export async function shims(error: unknown): Promise<void> {
  if (error instanceof DbpoolError && error.isRetryable) return;
  types.setTypeParser(20, Number);
  const pool = new PgPool({ max: 4 });
  const client = await pool.connect();
  const rows: { n: number }[] = (await client.query<{ n: number }>('SELECT $1 AS n', [1])).rows;
  const cursor = client.query(new Cursor('SELECT 1'));
  await cursor.read(rows.length);
  pool.on('connect', (each) => each.query('SELECT 1')).on('release', (reason: Error, each: PoolClient) => void [reason.message, each.processID]);
  const arrays: QueryArrayResult<[number]> = await client.query<[number]>({ text: 'SELECT 1', rowMode: 'array' });
  const twice = (base: ClientBase, result: QueryResult<QueryResultRow>): number => arrays.rows[0][0] * result.rows.length * base.processID!;
  twice(client, await pool.query('SELECT 1'));
  client.release(true);
  // @ts-expect-error a client of one's own is not released
  new Client().release();
  const db = new Database(':memory:', { readonly: false });
  const insert = db.transaction((names: string[]) => names.length);
  const count: number = insert.immediate(['a']) + db.prepare<[number], { n: number }>('SELECT ? AS n').get(1)!.n;
  void count;
}
