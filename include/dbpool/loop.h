/**
 * @file loop.h
 * @brief Where asynchronous calls are driven and their callbacks run.
 *
 * Every asynchronous call takes a loop, or NULL: the one the whole process shares, which has a thread of its own and
 * starts with the first need. A loop of one's own is either a thread, or external: then a host that has an event loop
 * already (epoll, libuv, GLib, asyncio, tokio ...) polls one descriptor and calls dbpool_loop_dispatch(), and
 * callbacks run on the host's thread and nowhere else.
 *
 * An external loop polls its connections with an epoll of its own, which costs three system calls a statement. A host that
 * can poll them itself, each registered once for the life of its connection, saves these with a loop that is polled:
 * it asks dbpool_loop_wanted() for the sockets that calls wait for, and says dbpool_loop_ready() when one is ready.
 *
 * A callback runs once, on its loop's thread, never inside the call that asked for it, and never under a lock: every
 * function of the library may be called in it. It must return (no exception, no longjmp) and, as it holds up all
 * others of its loop, soon.
 */
#ifndef DBPOOL_LOOP_H_
#define DBPOOL_LOOP_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Kinds of loop. @since 0.1 */
enum {
    DBPOOL_LOOP_THREAD = 0,   /**< a thread of its own runs the callbacks */
    DBPOOL_LOOP_EXTERNAL = 1, /**< who calls dbpool_loop_dispatch() runs them */
    DBPOOL_LOOP_POLLED = 2    /**< the same, and sockets are polled by the host: dbpool_loop_wanted() */
};

/**
 * @brief A connection's socket that a call on a polled loop waits for. Set struct_size before the call.
 * @since 0.1
 */
typedef struct dbpool_socket {
    size_t struct_size;
    uint64_t number;  /**< what dbpool_loop_ready() and dbpool_loop_poll() take; good for one wait */
    dbpool_conn conn; /**< the lease whose connection it is; 0: not lent yet, or to no one */
    int32_t fd;       /**< the same for the life of the connection; do not read, write or close it */
    uint32_t events;  /**< POLLIN (1), or POLLIN | POLLOUT (5), of poll(2): any of these is ready */
} dbpool_socket;

/**
 * @brief Makes a loop. Serves any number of pools and calls.
 *
 * @param kind  DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL or DBPOOL_LOOP_POLLED.
 * @param out   The loop, to be freed by dbpool_loop_free(); NULL on failure.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL out or an unknown kind; DBPOOL_ERR_NOMEM: no memory, no descriptor or
 *         no thread to be had.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_loop_create(uint32_t kind, dbpool_loop **out, dbpool_error **error);

/**
 * @brief Cancels what is pending on the loop, runs the callbacks of that, and ends it.
 *
 * It returns when every callback has run: on the loop's thread, or, of an external loop, on the caller's. From then on
 * none runs. A call cancelled so ends in DBPOOL_ERR_CANCELLED, unless its result was there already; to start another
 * one on the loop is DBPOOL_ERR_CLOSED. Pools and leases stay as they are.
 *
 * In a callback of that very loop it returns at once and the rest happens after the callback: on the loop's thread, or
 * before the dbpool_loop_dispatch() under way returns. While another thread is in dbpool_loop_dispatch(), that thread
 * runs the callbacks. Do not call it holding a lock that a callback takes. NULL is fine. In a forked child it does
 * nothing.
 * @since 0.1 @threadsafety any thread, once; no other call on the loop may begin meanwhile or afterwards
 */
DBPOOL_API void dbpool_loop_free(dbpool_loop *loop);

/**
 * @brief The descriptor of an external loop: readable when there is something to dispatch.
 *
 * Always the same one. Sockets, time-outs and results from other threads all show on it; of a polled loop all but
 * the sockets. Poll it for reading, level- or edge-triggered; do not read, write or close it.
 * @return A descriptor of the loop's; -1 for a loop with a thread, for NULL, and in a forked child.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API int dbpool_loop_fd(dbpool_loop *loop);

/**
 * @brief Runs the callbacks that are due, on the calling thread.
 *
 * @param timeout_ms  How long to wait until there is something to do: 0 does not wait (what a host does when the
 *                    descriptor is readable), -1 and INT64_MAX wait without end. What there is may be a socket to read
 *                    or a statement to send, and no callback yet: call it in a loop until yours has come.
 * @return DBPOOL_OK: all that was ready has run, or nothing was ready in time; DBPOOL_PENDING: it stopped early so as not
 *         to keep the host, call again (the descriptor is readable); DBPOOL_ERR_BUSY: the loop is being dispatched
 *         already, by a callback's caller or another thread; DBPOOL_ERR_INVALID: NULL, a loop with a thread, or a
 *         time-out below -1; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread, one at a time
 */
DBPOOL_API dbpool_status dbpool_loop_dispatch(dbpool_loop *loop, int64_t timeout_ms);

/**
 * @brief What a polled loop's host is to poll, one socket a call.
 *
 * Ask until DBPOOL_DONE after each call that was made on the loop, each dbpool_loop_dispatch() and each
 * dbpool_loop_ready(): each wait is told once, and a call may wait several times. A wait may end by itself meanwhile (a
 * time-out, a cancel); then to be ready is harmless.
 *
 * A socket may be ready already when it is told. A host whose poller is edge-triggered looks (poll(2) without a time-out, or simply
 * dbpool_loop_ready()) after its registration and after each dbpool_loop_ready(), before it waits for the next edge.
 *
 * The connection may be closed, and its descriptor with it, when no call waits for it any more. A host that registers
 * the descriptor for longer keeps its registration with the connection, by dbpool_conn_set_data(), which tells when it
 * is to end.
 * @param out  The socket; zeroed but for DBPOOL_OK. Set struct_size.
 * @return DBPOOL_OK; DBPOOL_DONE: none that has not been told; DBPOOL_ERR_INVALID: NULL, struct_size not set, or not a
 *         polled loop; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_loop_wanted(dbpool_loop *loop, dbpool_socket *out);

/**
 * @brief A socket that was wanted is ready: goes on with the calls that wait for it and runs callbacks that are due, on
 *        the calling thread. Looks at nothing else, and makes no system call but to read and write that socket.
 *
 * @param number  Of the dbpool_socket. One that nobody waits for any more, or never was one, does nothing.
 * @return As dbpool_loop_dispatch(); DBPOOL_ERR_INVALID: NULL, or not a polled loop.
 * @since 0.1 @threadsafety any thread, one at a time, and not beside dbpool_loop_dispatch()
 */
DBPOOL_API dbpool_status dbpool_loop_ready(dbpool_loop *loop, uint64_t number);

/**
 * @brief The host leaves a socket that was wanted to the loop: it shows on dbpool_loop_fd(), for as long as its call goes
 *        on. For what the host cannot poll: there is no descriptor to spare, or its poller cannot wait to write.
 *
 * @param number  Of the dbpool_socket.
 * @return DBPOOL_OK, also if nobody waits for it any more; DBPOOL_ERR_INVALID: NULL, or not a polled loop;
 *         DBPOOL_ERR_NOMEM: it cannot be watched, say dbpool_loop_ready() from time to time; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_loop_poll(dbpool_loop *loop, uint64_t number);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_LOOP_H_ */
