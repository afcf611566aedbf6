/**
 * @file events.h
 * @brief Connections that come and go, as events on a loop.
 *
 * The hooks of options.h run inside the pool's work and may refuse a connection. Events only tell, afterwards, and cost
 * the pool nothing: for logs, metrics and bindings.
 */
#ifndef DBPOOL_EVENTS_H_
#define DBPOOL_EVENTS_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What has happened to a connection. @since 0.1 */
enum {
    DBPOOL_EVENT_OPENED = 1, /**< it is connected, set up, and in the pool */
    DBPOOL_EVENT_BROKEN = 2, /**< idle or lent, it is of no more use: the server or the network ended it, or a statement
                                  that would not end was cut off. CLOSED follows, when it is released */
    DBPOOL_EVENT_CLOSED = 3  /**< it is gone, for `reason` */
};

/** @brief One event. @since 0.1 */
typedef struct dbpool_event {
    size_t struct_size;  /**< what the library knows of it */
    uint32_t kind;       /**< DBPOOL_EVENT_* */
    uint32_t reason;     /**< of CLOSED: DBPOOL_CLOSED_*; otherwise 0 */
    uint64_t connection; /**< its number, which no other connection of the process has or will have; see dbpool_conn_id() */
    uint64_t missed;     /**< events lost just before this one, because too many were waiting */
} dbpool_event;

/**
 * @brief Hears of an event. It must return (no exception, no longjmp).
 * @param event  Valid during the call.
 * @since 0.1 @threadsafety runs on the loop's thread, one event at a time
 */
typedef void (*dbpool_event_fn)(void *user_data, const dbpool_event *event);

/**
 * @brief Tells of every connection of the pool that is opened, breaks, or is closed from now on.
 *
 * Events of a connection come in their order; of each, OPENED is the first and CLOSED the last, BROKEN at most one
 * between. Up to 1,024 wait for the loop; if it is not dispatched for that long the oldest are dropped and counted in
 * `missed`. Nothing is said of connections that are there already until they break or close.
 *
 * It ends with dbpool_unwatch(); when the pool is closed and its last connection gone, after the last event; or when the
 * loop is freed, without delivering what waits. Each time destroy(user_data) is called then, on the loop's thread, once:
 * it is the last call of all. An external loop must be dispatched for that.
 *
 * @param loop       NULL: the process's own loop thread.
 * @param callback   Required.
 * @param destroy    NULL if user_data needs no end. Not called if this function fails.
 * @param out_watch  For dbpool_unwatch(); may be NULL.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL pool or callback; DBPOOL_ERR_CLOSED: the pool is closed and
 *         empty, or the loop is being freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_watch(dbpool *pool, dbpool_loop *loop, dbpool_event_fn callback, void *user_data,
                                      void (*destroy)(void *user_data), uint64_t *out_watch, dbpool_error **error);

/**
 * @brief Ends a watch. When it returns no callback of it is running, and none will.
 *
 * Called in that very callback it cannot wait for it, of course. From another thread do not call it holding a lock that the
 * callback takes. destroy(user_data) comes later, on the loop's thread.
 *
 * @param watch  What dbpool_watch() gave.
 * @return DBPOOL_OK; DBPOOL_ERR_STALE: it has ended already, or never was one of this pool; DBPOOL_ERR_INVALID for a NULL
 *         pool; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_unwatch(dbpool *pool, uint64_t watch);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_EVENTS_H_ */
