/// <reference types="node" />

declare namespace Database {
  interface Options {
    readonly?: boolean;
    fileMustExist?: boolean;
    /** Milliseconds a statement waits for a lock. */
    timeout?: number;
    verbose?: (sql: string) => void;
    /** Options of the library, which are stronger. */
    dbpool?: Record<string, unknown>;
  }
  interface RunResult {
    changes: number;
    lastInsertRowid: number | bigint;
  }
  interface ColumnDefinition {
    name: string;
    type: string | null;
  }
  interface Statement<P extends unknown[] = unknown[], R = unknown> {
    readonly database: Database;
    readonly source: string;
    readonly reader: boolean;
    readonly busy: boolean;
    run(...params: P): RunResult;
    get(...params: P): R | undefined;
    all(...params: P): R[];
    iterate(...params: P): IterableIterator<R>;
    raw(on?: boolean): this;
    pluck(on?: boolean): this;
    safeIntegers(on?: boolean): this;
    bind(...params: P): this;
    columns(): ColumnDefinition[];
  }
  interface Transaction<F extends (...args: any[]) => unknown> {
    (...args: Parameters<F>): ReturnType<F>;
    default(...args: Parameters<F>): ReturnType<F>;
    deferred(...args: Parameters<F>): ReturnType<F>;
    immediate(...args: Parameters<F>): ReturnType<F>;
    exclusive(...args: Parameters<F>): ReturnType<F>;
  }
  interface Database {
    readonly name: string;
    readonly memory: boolean;
    readonly readonly: boolean;
    readonly open: boolean;
    readonly inTransaction: boolean;
    prepare<P extends unknown[] = unknown[], R = unknown>(source: string): Statement<P, R>;
    exec(source: string): this;
    transaction<F extends (...args: any[]) => unknown>(fn: F): Transaction<F>;
    pragma(source: string, options?: { simple?: boolean }): unknown;
    defaultSafeIntegers(on?: boolean): this;
    close(): this;
    [Symbol.dispose](): void;
  }
  interface SqliteError extends Error {
    /** "SQLITE_CONSTRAINT_UNIQUE" ... */
    code: string;
  }
}

interface DatabaseConstructor {
  new (filename?: string, options?: Database.Options): Database.Database;
  (filename?: string, options?: Database.Options): Database.Database;
  SqliteError: new (message: string, code: string) => Database.SqliteError;
}

declare const Database: DatabaseConstructor;
export = Database;
