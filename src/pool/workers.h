#ifndef DBP_POOL_WORKERS_H_
#define DBP_POOL_WORKERS_H_

namespace dbp {

/// Work that may block: connecting (name resolution has no deadline), closing, checking. Linked through
/// the job itself: handing it over takes no memory. Nothing that waits for other work here is such work.
struct Job {
  void (*run)(Job&) = nullptr;

 private:
  friend class JobQueue;
  Job *prev_ = nullptr, *next_ = nullptr;
  bool queued_ = false;
};

/// Runs the job on one of the process's worker threads, of which there are as many as block at a time;
/// one that has had nothing to do for a second ends. The job may be reused as soon as it runs.
/// False: there is no thread to be had, and the job will not run.
[[nodiscard]] bool RunOnWorker(Job& job);

/// The same for statements of a database without a socket, which may be many: on a few threads of their own.
[[nodiscard]] bool RunStatement(Job& job);
/// Whether it was still waiting for a thread: then it does not run. O(1).
bool WithdrawStatement(Job& job);

}  // namespace dbp

#endif  // DBP_POOL_WORKERS_H_
