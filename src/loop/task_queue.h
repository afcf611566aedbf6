#ifndef DBP_LOOP_TASK_QUEUE_H_
#define DBP_LOOP_TASK_QUEUE_H_

#include <atomic>
#include <exception>

namespace dbp {

/// Something to run once on a reactor's thread. Lives in its owner, who keeps it until it has begun to run.
class Task {
 public:
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// On the reactor's thread, without a lock. The task may be posted again, or destroyed.
  virtual void Run() = 0;

 protected:
  Task() = default;
  ~Task() = default;

 private:
  friend class TaskQueue;
  Task* next_ = nullptr;
};

/// Calls what must not throw. Should it do so all the same, without memory for instance, whoever it belongs to has to
/// live with it; the loop that called it goes on for the others.
template <class Call>
void Contained(Call call) {
  try {
    call();
  } catch (const std::exception&) {
  }
}

/// From any thread to one. A push is one CAS; the reader takes everything there is at once, hence no ABA.
class TaskQueue {
 public:
  /// REQUIRES: the task is in no queue.
  void Push(Task& task) {
    Task* head = head_.load(std::memory_order_relaxed);
    do {
      task.next_ = head;
    } while (!head_.compare_exchange_weak(head, &task, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  }
  bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

  /// Runs what is in it now, oldest first; what is pushed meanwhile stays. Whether there was any.
  bool RunAll() {
    Task* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Task* oldest = nullptr;
    while (newest) {
      Task* next = newest->next_;
      newest->next_ = oldest;
      oldest = newest;
      newest = next;
    }
    const bool any = oldest != nullptr;
    while (oldest) {
      Task* task = oldest;
      oldest = task->next_;  // before Run(), which may destroy it
      task->next_ = nullptr;
      Contained([task] { task->Run(); });
    }
    return any;
  }

 private:
  std::atomic<Task*> head_{nullptr};
};

}  // namespace dbp

#endif  // DBP_LOOP_TASK_QUEUE_H_
