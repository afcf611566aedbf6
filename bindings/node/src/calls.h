#ifndef DBPOOL_NODE_CALLS_H_
#define DBPOOL_NODE_CALLS_H_

#include "env.h"

// What all calls that answer later share.

namespace dbpool_node {

inline Answer AnswerTo(void* call, Kind kind, dbpool_status status, dbpool_error* error) {
  Answer answer;
  answer.call = static_cast<Call*>(call);
  answer.kind = kind;
  answer.status = status;
  answer.error = error;
  return answer;
}

/// The dbpool_done_cb of a Call.
inline void OnDone(void* call, dbpool_status status, dbpool_error* error) {
  const Answer answer = AnswerTo(call, kKindDone, status, error);
  answer.call->env->Add(answer);
}

/// What JavaScript gets of a call that was begun: its status (and the op in `out`), or an error as an object.
inline napi_value Started(Env& self, dbpool_status status, dbpool_op op, dbpool_error* error) {
  if (status == DBPOOL_PENDING) {
    self.WriteOp(op);
    return Int(self.napi(), status);
  }
  self.Withdraw();
  return status >= 0 ? Int(self.napi(), status) : TakeError(self.napi(), status, error);
}

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_CALLS_H_
