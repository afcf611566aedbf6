/// <reference types="node" />

/** A value as a parameter. Objects and, on SQLite, arrays go as JSON; on PostgreSQL arrays are arrays. */
export type Param = null | undefined | boolean | number | bigint | string | Uint8Array | ArrayBuffer | ArrayBufferView | Date | readonly Param[] | object;

export type Row = Record<string, any>;

export interface Column {
  name: string;
  /** DBPOOL_KIND_* of the library. */
  kind: number;
  /** PostgreSQL: the type's OID; SQLite: 0. */
  nativeType: number;
  /** PostgreSQL: "int4" ...; SQLite: the declared type. */
  nativeName: string;
  /** PostgreSQL: the OID of the table it comes from; 0: none, or unknown. */
  nativeTable: number;
  /** Its number in that table, from 1; of a system column below 0. */
  nativeColumn: number;
}

export interface Result<R = Row> {
  rows: R[];
  /** "SELECT", "INSERT", "CREATE TABLE" ... */
  command: string;
  /** Rows that were inserted, updated or deleted. */
  affected: number;
  /** SQLite: the rowid of the row inserted last. */
  lastInsertId: number | bigint;
  columns: Column[];
  elapsedMs: number;
}

export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds. */
  timeout?: number;
}

export interface QueryOptions extends CallOptions {
  rowMode?: 'object' | 'array';
  /** Your word that the statement writes nothing: it may be run again when its connection is lost. */
  readOnly?: boolean;
  /** A query of the pool shares its connection with no other: one that is slow delays none, and none it. */
  alone?: boolean;
}

export interface StreamOptions extends QueryOptions {
  /** Rows fetched at a time at most. */
  batchSize?: number;
}

export interface TransactionOptions extends CallOptions {
  isolation?: 'default' | 'read committed' | 'repeatable read' | 'serializable';
  readOnly?: boolean;
  deferrable?: boolean;
}

export interface RetryOptions extends TransactionOptions {
  /** How often the function runs at most: 10. */
  maxAttempts?: number;
}

export interface ConnectOptions extends CallOptions {
  /** SQLite: 'write' has the writer's turn while the lease lasts, 'read' refuses to write. */
  access?: 'default' | 'read' | 'write';
  /** Who borrows, for diagnoses. */
  tag?: string;
}

export interface RowStream<R = Row> extends AsyncIterableIterator<R> {
  readonly columns: Column[] | undefined;
  read(count: number): Promise<R[]>;
  batches(): AsyncGenerator<R[], void, undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Queries {
  /** Of a text of several statements it is a list of Results, which this type does not say. */
  query<R = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<Result<R>>;
  all<R = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<R[]>;
  one<R = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<R>;
  maybeOne<R = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<R | undefined>;
  execute(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<number>;
  stream<R = Row>(sql: string, params?: readonly Param[], options?: StreamOptions): RowStream<R>;
}

/** A text, or a text and its parameters. */
export type PipelineStatement = string | readonly [sql: string, params?: readonly Param[]];

export interface PipelineOptions extends QueryOptions {
  /** Each statement commits on its own, and one that fails fails alone. Otherwise they are all or nothing. */
  oneByOne?: boolean;
}

export interface Connection extends Queries {
  readonly isReleased: boolean;
  /** The number of the connection behind the lease, as events have it; 0 when it is released. */
  readonly id: number;
  /** Many statements in one round trip. Rejects with the first failure: a DbpoolError with `outcomes`. */
  pipeline(statements: readonly PipelineStatement[], options?: PipelineOptions): Promise<Result[]>;
  begin(options?: TransactionOptions): Promise<void>;
  commit(options?: { signal?: AbortSignal }): Promise<void>;
  rollback(options?: { signal?: AbortSignal }): Promise<void>;
  savepoint(name: string): Promise<void>;
  rollbackTo(name: string): Promise<void>;
  releaseSavepoint(name: string): Promise<void>;
  ping(options?: CallOptions): Promise<void>;
  describe(sql: string, options?: { signal?: AbortSignal }): Promise<{ columns: Column[]; params: Column[] }>;
  cancel(): void;
  release(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Stats {
  limit: number; open: number; idle: number; leased: number; opening: number; waiting: number; writeWaiting: number;
  poolSize: number; maxOverflow: number; minSize: number; acquired: number; waited: number; timedOut: number; refused: number;
  opened: number; closed: number; openFailed: number; waitMs: number; waitMaxMs: number; pings: number; resets: number;
  closedIdle: number; closedLifetime: number; closedUses: number; closedBroken: number; closedPing: number; closedReset: number;
  closedInvalidated: number; closedHook: number; closedShrunk: number;
}

export interface ConnectionEvent {
  /** Its number, which no other connection of the process has or will have. */
  connection: number;
  reason: 'idle' | 'lifetime' | 'uses' | 'broken' | 'ping' | 'reset' | 'invalidated' | 'hook' | 'shrunk' | 'pool' | undefined;
  /** Events lost just before this one. */
  missed: number;
}

export type EventName = 'opened' | 'broken' | 'closed';

export interface Pool extends Queries {
  connect(options?: ConnectOptions): Promise<Connection>;
  use<T>(fn: (connection: Connection) => T | Promise<T>, options?: ConnectOptions): Promise<T>;
  transaction<T>(fn: (connection: Connection) => T | Promise<T>, options?: RetryOptions): Promise<T>;
  pipeline(statements: readonly PipelineStatement[], options?: PipelineOptions): Promise<Result[]>;
  ping(options?: CallOptions): Promise<void>;
  /** Replaces all connections, and waits until a fresh one has answered. */
  reconnect(options?: CallOptions): Promise<void>;
  stats(): Stats;
  invalidate(): void;
  resize(poolSize: number, maxOverflow?: number): void;
  close(options?: { timeout?: number }): Promise<void>;
  /** 'error' may be listened to, as everywhere, and never comes: failures are those of the calls. */
  on(event: EventName | 'error', listener: (event: ConnectionEvent) => void): this;
  addListener(event: EventName | 'error', listener: (event: ConnectionEvent) => void): this;
  removeListener(event: EventName | 'error', listener: (event: ConnectionEvent) => void): this;
  once(event: EventName | 'error', listener: (event: ConnectionEvent) => void): this;
  off(event: EventName | 'error', listener: (event: ConnectionEvent) => void): this;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of the library by name (poolSize or pool_size ...); numbers of time options are milliseconds. */
export interface PoolOptions {
  /** Converters from text, by PostgreSQL's names of types. */
  types?: Record<string, (text: string) => unknown>;
  /** Ends the attempt to make the pool. */
  signal?: AbortSignal;
  /** Options from the environment, too: true for DBPOOL_POOL_SIZE ..., or what their names begin with. */
  env?: boolean | string;
  poolSize?: number;
  maxOverflow?: number;
  minSize?: number;
  acquireTimeout?: number | string;
  connectTimeout?: number | string;
  queryTimeout?: number | string;
  idleTimeout?: number | string;
  lazy?: boolean;
  [option: string]: unknown;
}

export declare class DbpoolError extends Error {
  /** "DBPOOL_ERR_TIMEOUT" ... */
  code: string;
  /** Five characters, or "". */
  sqlstate: string;
  detail?: string;
  hint?: string;
  schema?: string;
  table?: string;
  column?: string;
  constraint?: string;
  position?: number;
  /** What only PostgreSQL says: 'ERROR', 'FATAL' or 'PANIC'; the calls it happened in, innermost first, a line each; ... */
  severity?: string;
  where?: string;
  dataType?: string;
  /** The statement that failed, and where in it, if a function ran it and not the caller. */
  internalQuery?: string;
  internalPosition?: number;
  /** Of the server's source code. */
  file?: string;
  line?: number;
  routine?: string;
  /** SQLite: the extended result code. */
  nativeCode?: number;
  phase: 'none' | 'queue' | 'connect' | 'ping' | 'reset' | 'query' | 'close';
  flags: number;
  /** The pool when an acquire failed. */
  pool?: { open: number; idle: number; leased: number; waiting: number };
  /** Of a pipeline: what each statement gave. */
  outcomes?: PromiseSettledResult<Result>[];
  readonly isRetryable: boolean;
  readonly isConnectionBroken: boolean;
  readonly isTimeout: boolean;
  readonly isCancelled: boolean;
  readonly isNotSent: boolean;
  readonly isOutcomeUnknown: boolean;
}

/** Made by createPool() and connect(); here for `instanceof`. */
export declare const Pool: abstract new (...parameters: never) => Pool;
export declare const Connection: abstract new (...parameters: never) => Connection;

export declare function createPool(uri: string, options?: PoolOptions): Promise<Pool>;
export declare function createPool(options: PoolOptions): Promise<Pool>;

/** What a server says of itself; numbers that are unknown are -1. */
export interface Server {
  product: string; version: string; database: string; user: string; tls: string;
  readOnly: number; inRecovery: number; maxConnections: number; sessions: number; connectMs: number; roundTripMs: number;
}

/** Opens one connection without a pool, asks it who it is, and closes it. */
export declare function probe(uri: string, options?: PoolOptions & CallOptions): Promise<Server>;
export declare function probe(options: PoolOptions & CallOptions): Promise<Server>;

export interface Option {
  name: string; aliases: string; type: 'integer' | 'duration' | 'boolean' | 'text' | 'choice' | 'percent';
  range: string; defaultValue: string; group: string; help: string;
}

/** Every option of the library. */
export declare const optionTable: readonly Option[];

/** Of the library that is loaded. */
export declare const version: string;
