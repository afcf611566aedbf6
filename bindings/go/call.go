package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
)

// A call is where an asynchronous call is answered. It is used again and again, and its answer, being C memory
// that the library may write to at any time before it has been answered, is never freed. There are as many as
// there ever were calls under way at once.
//
// There are two kinds. Calls on the reactor share its loop: whoever waits is parked on a channel, which costs memory
// alone. A seat is a call with a loop of its own, which its goroutine drives itself: nobody else has to wake it.
// A seat costs descriptors, so that there are few; they are for the calls that are quick, or else have a connection.
type call struct {
	answer *C.dbpgo_answer
	ready  chan struct{} // capacity 1; of the reactor's
	seat   *seat         // or nil
	next   *call         // in calls.free
}

// Begin makes a call: DBPOOL_PENDING, and its answer comes on the loop; or it is over. With flags of DBPGO_BLOCKING it
// is over in any case.
type begin func(loop *C.dbpgo_loop, flags C.uint32_t, answer *C.dbpgo_answer) C.dbpool_status

// Run makes the call and gives its answer, waiting for it if it is pending; then the call is free. When ctx is done it asks
// the call to end and waits on: the answer comes soon, and may be what was wanted after all. What it failed with is told
// in the words of ctx, too, if that is over.
func (c *call) run(ctx context.Context, begin begin, out *C.dbpgo_answer) error {
	var status C.dbpool_status
	if c.seat != nil {
		status = c.seat.run(ctx, begin)
	} else {
		status = c.wait(ctx, begin(c.answer.loop, 0, c.answer))
	}
	return c.finish(ctx, status, out)
}

// Wait waits for the reactor to bring the answer, if the call is pending.
func (c *call) wait(ctx context.Context, begun C.dbpool_status) C.dbpool_status {
	if begun != C.DBPOOL_PENDING {
		return begun
	}
	done := ctx.Done()
	if done == nil {
		<-c.ready
		return c.answer.status
	}
	select {
	case <-c.ready:
	case <-done:
		C.dbpool_op_cancel(c.answer.op) // stale: it has been answered just now
		<-c.ready
	}
	return c.answer.status
}

// Finish copies the answer and frees the call.
func (c *call) finish(ctx context.Context, status C.dbpool_status, out *C.dbpgo_answer) error {
	*out = *c.answer
	c.answer.error = nil
	c.free()
	if status < 0 {
		return withContext(ctx, takeError(status, out.error))
	}
	return nil
}

func (c *call) free() {
	if c.seat != nil {
		seats.put(c)
	} else {
		onReactor.put(c)
	}
}

// Calls are free ones.
type calls struct {
	spare atomic.Pointer[call] // for the goroutine that comes next

	mu   sync.Mutex
	free *call
}

func (cs *calls) get() *call {
	if c := cs.spare.Swap(nil); c != nil {
		return c
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.free
	if c != nil {
		cs.free = c.next
	}
	return c
}

func (cs *calls) put(c *call) {
	if cs.spare.CompareAndSwap(nil, c) {
		return
	}
	cs.mu.Lock()
	c.next = cs.free
	cs.free = c
	cs.mu.Unlock()
}

func newCall(l *loop, id int) (*call, error) {
	answer := C.dbpgo_answer_new(l.c, C.uint32_t(id))
	if answer == nil {
		return nil, &Error{Code: ErrNoMemory, Message: "out of memory"}
	}
	return &call{answer: answer}, nil
}
