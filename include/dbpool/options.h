/**
 * @file options.h
 * @brief Settings by name and text, so that a new one never changes the ABI.
 *
 * Where a value comes from, the strongest first: dbpool_options_set(), the URI's query part
 * (`?pool_size=20`), the environment (dbpool_options_from_env()), the default. `dbpool options` on the
 * command line, dbpool_option_at() here and the README list them all.
 *
 * Durations: `250ms`, `30s`, `5m`, `1h`; a bare number is seconds, decimals allowed; `off` and `none` mean
 * never, where the option allows it.
 */
#ifndef DBPOOL_OPTIONS_H_
#define DBPOOL_OPTIONS_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief New, empty settings.
 * @return Owned by the caller, freed by dbpool_options_free(); NULL without memory.
 * @since 0.1 @threadsafety the object: one thread at a time
 */
DBPOOL_API dbpool_options *dbpool_options_new(void);

/**
 * @brief Frees settings. NULL is fine. Pools made of them are not affected.
 * @since 0.1 @threadsafety the object: one thread at a time, once
 */
DBPOOL_API void dbpool_options_free(dbpool_options *options);

/**
 * @brief Sets one option by its name or an alias; the last call for an option counts.
 *
 * @param name   For instance "pool_size"; case matters.
 * @param value  NUL-terminated, copied; "" for a text option is the empty text.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL; DBPOOL_ERR_OPTION for an unknown name or a value out of
 *         range, with a message that names the option, the value and what is allowed; DBPOOL_ERR_NOMEM.
 *         An option of the other database, or a contradiction, is refused by dbpool_create().
 * @since 0.1 @threadsafety the object: one thread at a time
 */
DBPOOL_API dbpool_status dbpool_options_set(dbpool_options *options, const char *name, const char *value,
                                            dbpool_error **error);

/**
 * @brief Reads options from the environment: prefix + NAME in capitals, aliases included.
 *
 * Only names it knows are read; other variables with the same prefix are ignored. What is set by
 * dbpool_options_set() or in the URI is stronger, whatever the order of calls. libpq's own variables (PGHOST,
 * PGUSER, PGPASSWORD ...) apply besides, as libpq documents them.
 *
 * @param prefix  NULL means "DBPOOL_": DBPOOL_POOL_SIZE, DBPOOL_URI ...
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL options; DBPOOL_ERR_OPTION for a bad value, naming the
 *         variable; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety the object: one thread at a time; no other thread may change the environment
 */
DBPOOL_API dbpool_status dbpool_options_from_env(dbpool_options *options, const char *prefix,
                                                 dbpool_error **error);

/** @brief One line of the table of options. Strings are constants of the library. @since 0.1 */
typedef struct dbpool_option {
    size_t struct_size;        /**< sizeof(dbpool_option), set by the caller */
    const char *name;          /**< "pool_size" */
    const char *aliases;       /**< comma separated, or "" */
    const char *type;          /**< "integer", "duration", "boolean", "text", "choice", "percent" */
    const char *range;         /**< what is allowed, in words */
    const char *default_value; /**< as text; "" for none */
    const char *group;         /**< "connection", "size", "time", "session", "sqlite" */
    const char *help;          /**< one sentence */
} dbpool_option;

/**
 * @brief The option at a place of the table.
 * @return DBPOOL_OK; DBPOOL_DONE past the last one; DBPOOL_ERR_INVALID if out is NULL or too small.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_option_at(size_t index, dbpool_option *out);

/** @brief Why a connection was closed, for the `closed` hook and the statistics. @since 0.1 */
enum {
    DBPOOL_CLOSED_IDLE = 1,        /**< unused for idle_timeout, and more than is kept */
    DBPOOL_CLOSED_LIFETIME = 2,    /**< older than max_lifetime */
    DBPOOL_CLOSED_USES = 3,        /**< lent max_uses times */
    DBPOOL_CLOSED_BROKEN = 4,      /**< the server or the network ended it, or a statement left it unusable */
    DBPOOL_CLOSED_PING = 5,        /**< it did not answer a ping */
    DBPOOL_CLOSED_RESET = 6,       /**< it could not be cleaned in reset_timeout */
    DBPOOL_CLOSED_INVALIDATED = 7, /**< dbpool_invalidate() or dbpool_reconnect() */
    DBPOOL_CLOSED_HOOK = 8,        /**< a hook refused it */
    DBPOOL_CLOSED_SHRUNK = 9,      /**< dbpool_resize() made the pool smaller, or pooling is off */
    DBPOOL_CLOSED_POOL = 10        /**< the pool was closed */
};

/**
 * @brief Functions of the caller's that see each connection; any of them may be NULL.
 *
 * They run without a lock, on the thread that opens, acquires, releases or closes. conn is valid during the
 * call and for that call only; dbpool_conn_query() and the like work on it, dbpool_release() does not. They
 * must return (no exception, no longjmp) and must not acquire from, close or unref the same pool.
 * @since 0.1
 */
typedef struct dbpool_hooks {
    size_t struct_size; /**< sizeof(dbpool_hooks), set by the caller */
    void *user_data;    /**< given to each function; must live until `destroy` */
    /** A new connection, before anyone gets it. Session state set here is gone with the first reset: what shall
        last belongs into init_sql. Anything but DBPOOL_OK, or a transaction or stream left open, closes it and
        counts as a failed open. */
    dbpool_status (*opened)(void *user_data, dbpool_conn conn);
    /** About to be lent. Anything but DBPOOL_OK closes it; the caller gets another one. */
    dbpool_status (*lent)(void *user_data, dbpool_conn conn);
    /** Given back, before it is reset. Not called for a connection that is lost. */
    void (*returned)(void *user_data, dbpool_conn conn);
    /** Closed; reason is DBPOOL_CLOSED_*. There is no connection any more. Not called for one that `opened` refused. */
    void (*closed)(void *user_data, uint32_t reason);
    /** The end of user_data: no function of these is running or will run. That is when the settings have been freed, or
        given other hooks, and every pool made of them is gone, each after its last connection, which may be later than
        its last dbpool_unref(). On any thread, without a lock; not in a forked child for what its parent's pools have. */
    void (*destroy)(void *user_data);
} dbpool_hooks;

/**
 * @brief Sets the hooks of the pools made of these settings. NULL removes them. On failure `destroy` is not called.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL options or a struct_size too small; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety the object: one thread at a time
 */
DBPOOL_API dbpool_status dbpool_options_set_hooks(dbpool_options *options, const dbpool_hooks *hooks,
                                                  dbpool_error **error);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_OPTIONS_H_ */
