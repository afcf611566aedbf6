#include "_cgo_export.h"
#include "bridge.h"

// The library's hooks and events, handed on to Go by the number of the pool's hooks or of the watch.

static uint32_t id_of(void *user_data) { return (uint32_t)(uintptr_t)user_data; }

static dbpool_status on_opened(void *user_data, dbpool_conn conn) { return dbpgoOpened(id_of(user_data), conn); }
static dbpool_status on_lent(void *user_data, dbpool_conn conn) { return dbpgoLent(id_of(user_data), conn); }
static void on_returned(void *user_data, dbpool_conn conn) { dbpgoReturned(id_of(user_data), conn); }
static void on_closed(void *user_data, uint32_t reason) { dbpgoClosed(id_of(user_data), reason); }
static void on_hooks_end(void *user_data) { dbpgoHooksEnd(id_of(user_data)); }

dbpool_status dbpgo_set_hooks(dbpool_options *options, uint32_t id, uint32_t which, dbpool_error **error) {
  const dbpool_hooks hooks = {.struct_size = sizeof hooks,
                              .user_data = (void *)(uintptr_t)id,
                              .opened = which & DBPGO_HOOK_OPENED ? on_opened : NULL,
                              .lent = which & DBPGO_HOOK_LENT ? on_lent : NULL,
                              .returned = which & DBPGO_HOOK_RETURNED ? on_returned : NULL,
                              .closed = which & DBPGO_HOOK_CLOSED ? on_closed : NULL,
                              .destroy = on_hooks_end};
  return dbpool_options_set_hooks(options, &hooks, error);
}

static void on_event(void *user_data, const dbpool_event *event) {
  dbpgoEvent(id_of(user_data), event->kind, event->reason, event->connection, event->missed);
}
static void on_watch_end(void *user_data) { dbpgoWatchEnd(id_of(user_data)); }

dbpool_status dbpgo_watch(dbpgo_loop *loop, dbpool *pool, uint32_t id, uint64_t *watch, dbpool_error **error) {
  return dbpool_watch(pool, dbpgo_loop_of(loop), on_event, (void *)(uintptr_t)id, on_watch_end, watch, error);
}
