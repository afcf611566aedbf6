/// <reference types="node" />
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';

export interface CustomTypes {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: any) => any;
}
export type CustomTypesConfig = CustomTypes;

export interface ClientConfig {
  connectionString?: string;
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  /** true: verify-full. Certificates are names of files. */
  ssl?: boolean | { rejectUnauthorized?: boolean; ca?: string; cert?: string; key?: string };
  application_name?: string;
  fallback_application_name?: string;
  options?: string;
  keepAlive?: boolean;
  keepAliveInitialDelayMillis?: number;
  connectionTimeoutMillis?: number;
  statement_timeout?: number | false;
  query_timeout?: number;
  lock_timeout?: number;
  idle_in_transaction_session_timeout?: number;
  types?: CustomTypes;
  /** Options of the library, which are stronger. */
  dbpool?: Record<string, unknown>;
}

export interface PoolConfig extends ClientConfig {
  max?: number;
  min?: number;
  idleTimeoutMillis?: number;
  maxUses?: number;
  maxLifetimeSeconds?: number;
}

export interface PoolOptions extends PoolConfig {
  max: number;
  min: number;
  maxUses: number;
  idleTimeoutMillis: number;
  connectionTimeoutMillis: number;
}

export type QueryConfigValues<T> = T extends Array<infer U> ? T : never;

export interface QueryConfig<I extends any[] = any[]> {
  text: string;
  values?: I;
  name?: string;
  rowMode?: 'array';
  types?: CustomTypes;
  query_timeout?: number;
  signal?: AbortSignal;
}

export interface QueryArrayConfig<I extends any[] = any[]> extends QueryConfig<I> {
  rowMode: 'array';
}

export interface FieldDef {
  name: string;
  tableID: number;
  columnID: number;
  dataTypeID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: string;
}

export interface QueryResultBase {
  fields: FieldDef[];
  command: string;
  rowCount: number | null;
  oid: number;
}
export interface QueryResultRow {
  [column: string]: any;
}
export interface QueryResult<R = any> extends QueryResultBase {
  rows: R[];
}
export interface QueryArrayResult<R extends any[] = any[]> extends QueryResultBase {
  rows: R[];
}
export type QueryCallback<R> = (error: Error, result: QueryResult<R>) => void;

export declare class Result {}

export interface Submittable {}

interface QueryMethods {
  query<T extends Submittable & { text?: unknown } & (Cursor | QueryStream | Query)>(submittable: T): T;
  query<R extends any[] = any[], I extends any[] = any[]>(query: QueryArrayConfig<I>, values?: I): Promise<QueryArrayResult<R>>;
  query<R = any, I extends any[] = any[]>(query: string | QueryConfig<I>, values?: I): Promise<QueryResult<R>>;
  query<R = any>(query: string | QueryConfig, callback: QueryCallback<R>): void;
  query<R = any, I extends any[] = any[]>(query: string | QueryConfig<I>, values: I, callback: QueryCallback<R>): void;
}

export interface Client extends QueryMethods {}
export declare class Client extends EventEmitter {
  constructor(config?: string | ClientConfig);
  readonly processID: number | null;
  connect(): Promise<this>;
  connect(callback: (error?: Error) => void): void;
  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  setTypeParser(oid: number, parser: (text: string) => any): void;
  setTypeParser(oid: number, format: 'text' | 'binary', parser: (text: string) => any): void;
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => any;
  escapeIdentifier(text: string): string;
  escapeLiteral(text: string): string;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export type ClientBase = Client;

export interface PoolClient extends Client {
  /** With an error or true the connection is closed instead of reused. */
  release(error?: Error | boolean): void;
}

export declare class Pool extends EventEmitter {
  constructor(config?: string | PoolConfig);
  readonly options: PoolOptions;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ending: boolean;
  readonly ended: boolean;
  connect(): Promise<PoolClient>;
  connect(callback: (error: Error | undefined, client: PoolClient | undefined, release: (error?: Error | boolean) => void) => void): void;
  query<R extends any[] = any[], I extends any[] = any[]>(query: QueryArrayConfig<I>, values?: I): Promise<QueryArrayResult<R>>;
  query<R = any, I extends any[] = any[]>(query: string | QueryConfig<I>, values?: I): Promise<QueryResult<R>>;
  query<R = any>(query: string | QueryConfig, callback: QueryCallback<R>): void;
  query<R = any, I extends any[] = any[]>(query: string | QueryConfig<I>, values: I, callback: QueryCallback<R>): void;
  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  setTypeParser(oid: number, parser: (text: string) => any): void;
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => any;
  on(event: 'connect' | 'acquire' | 'remove', listener: (client: PoolClient) => void): this;
  on(event: 'error' | 'release', listener: (error: Error, client: PoolClient) => void): this;
  on(event: string | symbol, listener: (...parameters: any[]) => void): this;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface CursorConfig { rowMode?: 'array'; types?: CustomTypes; query_timeout?: number }

export declare class Cursor<R = any> extends EventEmitter implements Submittable {
  constructor(text: string, values?: any[], config?: CursorConfig);
  read(count: number): Promise<R[]>;
  read(count: number, callback: (error: Error, rows: R[]) => void): void;
  close(): Promise<void>;
  close(callback: (error?: Error) => void): void;
  [Symbol.asyncIterator](): AsyncGenerator<R, void, undefined>;
}

export declare class QueryStream extends Readable implements Submittable {
  constructor(text: string, values?: any[], config?: CursorConfig & { batchSize?: number; highWaterMark?: number });
}

export declare class Query extends EventEmitter implements Submittable {
  constructor(text: string | QueryConfig, values?: any[], callback?: QueryCallback<any>);
}

export declare class DatabaseError extends Error {
  code: string | undefined;
  severity: string | undefined;
  detail: string | undefined;
  hint: string | undefined;
  position: string | undefined;
  internalPosition: string | undefined;
  internalQuery: string | undefined;
  where: string | undefined;
  schema: string | undefined;
  table: string | undefined;
  column: string | undefined;
  dataType: string | undefined;
  constraint: string | undefined;
  file: string | undefined;
  line: string | undefined;
  routine: string | undefined;
}

export declare class TypeOverrides implements CustomTypes {
  constructor(types?: CustomTypes);
  setTypeParser(oid: number, parser: (text: string) => any): void;
  setTypeParser(oid: number, format: 'text' | 'binary', parser: (text: string) => any): void;
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: any) => any;
}

export declare const types: CustomTypes & {
  builtins: Readonly<Record<string, number>>;
  setTypeParser(oid: number, parser: (text: string) => any): void;
  setTypeParser(oid: number, format: 'text' | 'binary', parser: (text: string) => any): void;
};
export declare const defaults: { parseInt8: boolean; parseInputDatesAsUTC: boolean; [name: string]: any };
export declare function escapeIdentifier(text: string): string;
export declare function escapeLiteral(text: string): string;
