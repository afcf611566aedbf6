/**
 * @file dbpool.h
 * @brief Connection pools for PostgreSQL and SQLite. Include this one.
 *
 * Conventions:
 *  1. A fallible function returns a dbpool_status and takes a `dbpool_error **` last, which may be NULL; the caller
 *     frees what it gets there. There is no last error of a thread.
 *  2. A pool, an error and a lease may be used from any thread; options and results from one thread at a time.
 *  3. Text in is UTF-8: NUL-terminated, or pointer and size where a size is asked for (DBPOOL_NTS: measure it). Text
 *     out belongs to the object it came from. Nobody outside calls free() on the library's memory.
 *  4. A struct that crosses the border starts with struct_size, set by the caller; the library reads and writes no
 *     more than that. Zero the rest.
 *  5. Misuse is a status, as far as it can be told: NULL, stale, foreign and random leases. A freed pool, error,
 *     result or options object is not told apart; using it is undefined.
 *  6. After fork() a child may not use its parent's pools: every call answers DBPOOL_ERR_FORKED and touches nothing.
 *  7. The library installs no signal handler, writes to no standard stream, and changes no locale or environment.
 */
#ifndef DBPOOL_DBPOOL_H_
#define DBPOOL_DBPOOL_H_

#include <dbpool/async.h>
#include <dbpool/conn.h>
#include <dbpool/error.h>
#include <dbpool/events.h>
#include <dbpool/export.h>
#include <dbpool/loop.h>
#include <dbpool/options.h>
#include <dbpool/pipeline.h>
#include <dbpool/pool.h>
#include <dbpool/result.h>
#include <dbpool/types.h>

#endif /* DBPOOL_DBPOOL_H_ */
