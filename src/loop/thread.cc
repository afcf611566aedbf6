#include "loop/thread.h"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <new>
#include <string>
#include <thread>

namespace dbp {

Status StartThread(const char* name, void (*main)(void*), void* argument) noexcept {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the thread
  bool started = false;
  try {
    std::thread([=] {
      pthread_setname_np(pthread_self(), name);
      main(argument);
    }).detach();
    started = true;
  } catch (const std::exception&) {  // no memory, or the system's limit of threads
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started) return Status::Ok();
  try {
    std::string text = "no thread for ";
    return Status::Error(DBPOOL_ERR_NOMEM, text.append(name));
  } catch (const std::bad_alloc&) {
    return Status::NoMemory();
  }
}

}  // namespace dbp
