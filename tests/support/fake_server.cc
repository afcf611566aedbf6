#include "tests/support/fake_driver.h"

#include <sys/socket.h>

#include <chrono>

#include "tests/support/testing.h"

// The gates and the counters; the connections are in fake_driver.cc.

namespace dbp {

uint32_t PhaseOf(FakeOp op) {
  switch (op) {
    case FakeOp::kConnect:
      return DBPOOL_PHASE_CONNECT;
    case FakeOp::kPing:
      return DBPOOL_PHASE_PING;
    case FakeOp::kReset:
      return DBPOOL_PHASE_RESET;
    case FakeOp::kClose:
      return DBPOOL_PHASE_CLOSE;
    default:
      return DBPOOL_PHASE_QUERY;
  }
}

void FakeServer::SetGate(FakeOp op, Gate gate, const Status& failure) {
  std::lock_guard lock(mu_);
  door(op).gate = gate;
  door(op).failure = failure.Clone();
  door(op).permits = 0;
  ChangedLocked();
}
void FakeServer::Allow(FakeOp op) {
  SetGate(op, Gate::kAllow, Status());
}
void FakeServer::Fail(FakeOp op, const Status& status) {
  SetGate(op, Gate::kFail, status);
}
void FakeServer::Hold(FakeOp op) {
  SetGate(op, Gate::kHold, Status());
}
void FakeServer::NeverEnd(FakeOp op) {
  SetGate(op, Gate::kNever, Status());
}
void FakeServer::FailNext(FakeOp op, const Status& status) {
  std::lock_guard lock(mu_);
  door(op).failures.push_back(status.Clone());
  ChangedLocked();
}
void FakeServer::AllowOne(FakeOp op) {
  std::lock_guard lock(mu_);
  ++door(op).permits;
  ChangedLocked();
}
void FakeServer::OnQuery(std::function<FakeAnswer(std::string_view)> answer) {
  std::lock_guard lock(mu_);
  on_query_ = std::move(answer);
}

void FakeServer::BreakIdleConnections() {
  std::lock_guard lock(mu_);
  for (Link* link : links_) {
    if (!link->running) shutdown(link->peer, SHUT_RDWR);
  }
}
void FakeServer::BreakAllConnections() {
  std::lock_guard lock(mu_);
  for (Link* link : links_) shutdown(link->peer, SHUT_RDWR);
}

void FakeServer::Start(FakeOp op) {
  std::lock_guard lock(mu_);
  ++door(op).started;
  ChangedLocked();
}
void FakeServer::End(FakeOp op) {
  std::lock_guard lock(mu_);
  ++door(op).ended;
  ChangedLocked();
}

bool FakeServer::PassLocked(FakeOp op, Status* status) {
  Door& at = door(op);
  if (!at.failures.empty()) {
    *status = std::move(at.failures.front());
    at.failures.pop_front();
    return true;
  }
  if (at.gate == Gate::kHold && at.permits > 0) {
    --at.permits;
    return true;
  }
  if (at.gate == Gate::kFail) *status = at.failure.Clone();
  return at.gate == Gate::kAllow || at.gate == Gate::kFail;
}

Status FakeServer::Wait(FakeOp op, Deadline deadline, const std::atomic<bool>* abandoned) {
  std::unique_lock lock(mu_);
  ++door(op).started;
  ChangedLocked();
  Status status;
  while (!PassLocked(op, &status)) {
    if (deadline.Passed() || (abandoned != nullptr && *abandoned)) {
      status = Status::Error(DBPOOL_ERR_TIMEOUT, "the deadline passed", PhaseOf(op), {},
                             DBPOOL_FLAG_TIMEOUT);
      break;
    }
    // `abandoned` tells nobody when it changes.
    changed_.wait_for(lock, std::chrono::milliseconds(1));
  }
  ++door(op).ended;
  ChangedLocked();
  return status;
}

void FakeServer::WakeLocked(Link& link) {
  if (link.woken || !link.running) return;
  link.woken = send(link.peer, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

void FakeServer::ChangedLocked() {
  for (Link* link : links_) WakeLocked(*link);
  changed_.notify_all();
}

int FakeServer::started(FakeOp op) const {
  std::lock_guard lock(mu_);
  return door(op).started;
}
int FakeServer::ended(FakeOp op) const {
  std::lock_guard lock(mu_);
  return door(op).ended;
}
int FakeServer::pending(FakeOp op) const {
  std::lock_guard lock(mu_);
  return door(op).started - door(op).ended;
}
int FakeServer::open() const {
  std::lock_guard lock(mu_);
  return static_cast<int>(links_.size());
}
int FakeServer::most_open() const {
  std::lock_guard lock(mu_);
  return most_open_;
}
std::vector<std::string> FakeServer::texts() const {
  std::lock_guard lock(mu_);
  return texts_;
}
std::vector<ResetMode> FakeServer::resets() const {
  std::lock_guard lock(mu_);
  return resets_;
}

bool FakeServer::Await(const std::function<bool()>& condition) const {
  std::unique_lock lock(mu_);
  return changed_.wait_for(lock, std::chrono::nanoseconds(kGenerous), condition);
}
bool FakeServer::AwaitStarted(FakeOp op, int n) const {
  return Await([&] { return door(op).started >= n; });
}
bool FakeServer::AwaitEnded(FakeOp op, int n) const {
  return Await([&] { return door(op).ended >= n; });
}
bool FakeServer::AwaitPending(FakeOp op, int n) const {
  return Await([&] { return door(op).started - door(op).ended == n; });
}
bool FakeServer::AwaitOpen(int n) const {
  return Await([&] { return static_cast<int>(links_.size()) == n; });
}

}  // namespace dbp
