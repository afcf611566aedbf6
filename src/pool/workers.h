#ifndef DBP_POOL_WORKERS_H_
#define DBP_POOL_WORKERS_H_

namespace dbp {

/// Work that may block: connecting (name resolution has no deadline), closing, checking. Linked through
/// the job itself, so that handing it over cannot fail for want of memory.
struct Job {
  void (*run)(Job&) = nullptr;
  Job* next = nullptr;
};

/// Runs the job on one of the process's worker threads, of which there are as many as block at a time;
/// one that has had nothing to do for a second ends. Without a thread to be had, it runs on the caller's.
/// The job may be reused as soon as it runs.
void RunOnWorker(Job& job);

/// The same for statements of a database without a socket, which may be many: on a few threads of their own.
void RunStatement(Job& job);

/// While it lives, the thread waits for another one's statement: if it is one of those few, another may start
/// in its place, lest the one that it waits for find none.
class BlockedOnStatement {
 public:
  BlockedOnStatement();
  ~BlockedOnStatement();
  BlockedOnStatement(const BlockedOnStatement&) = delete;
  BlockedOnStatement& operator=(const BlockedOnStatement&) = delete;
};

}  // namespace dbp

#endif  // DBP_POOL_WORKERS_H_
