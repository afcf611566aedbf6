#ifndef DBP_LOOP_THREAD_H_
#define DBP_LOOP_THREAD_H_

#include "base/status.h"

namespace dbp {

/// Starts a detached thread that runs main(argument). It blocks all signals, which are the application's:
/// a handler of its shall not run on a thread it does not know. `name`, at most 15 bytes, is what ps and gdb
/// show; without one a thread has its maker's. DBPOOL_ERR_NOMEM if there is no thread to be had. Never throws.
Status StartThread(const char* name, void (*main)(void*), void* argument) noexcept;

}  // namespace dbp

#endif  // DBP_LOOP_THREAD_H_
