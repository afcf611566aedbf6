package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// A reactor is the one loop of the process on which asynchronous calls are driven: an external loop of the library's,
// whose descriptor Go's own poller watches. One goroutine dispatches it; whoever waits for an answer is parked on a
// channel, so that no wait costs a thread.
type reactor struct {
	c   *C.dbpgo_loop
	fd  *os.File // a duplicate of the loop's descriptor
	raw syscall.RawConn

	spare atomic.Pointer[call]    // a free call, for the goroutine that comes next
	calls atomic.Pointer[[]*call] // by number; replaced when it grows, so that reading takes no lock

	mu   sync.Mutex
	free *call
}

// A call is where an asynchronous call is answered. It is used again and again, and its answer, being C memory
// that the library may write to at any time before it has been answered, is never freed. There are as many as
// there ever were calls under way at once.
type call struct {
	answer *C.dbpgo_answer
	ready  chan struct{} // capacity 1
	next   *call         // in reactor.free
}

var theReactor = sync.OnceValues(newReactor)

func newReactor() (*reactor, error) {
	r := &reactor{}
	var cerr *C.dbpool_error
	if r.c = C.dbpgo_loop_new(&cerr); r.c == nil {
		return nil, takeError(C.DBPOOL_ERR_NOMEM, cerr)
	}
	// The library closes its own descriptor; os.File closes this one.
	fd, err := syscall.Dup(int(C.dbpool_loop_fd(C.dbpgo_loop_of(r.c))))
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil { // which makes os.File give it to the poller
		return nil, os.NewSyscallError("fcntl", err)
	}
	r.fd = os.NewFile(uintptr(fd), "dbpool loop")
	if r.raw, err = r.fd.SyscallConn(); err != nil {
		return nil, err
	}
	r.calls.Store(&[]*call{})
	go r.run()
	return r, nil
}

func (r *reactor) run() {
	// Read ends only when the file is closed, which it never is.
	err := r.raw.Read(func(uintptr) bool {
		for r.dispatch() {
			runtime.Gosched()
		}
		return false // until it is readable again
	})
	panic("dbpool: the loop cannot be polled: " + err.Error())
}

// Dispatch reports whether there is more to do.
func (r *reactor) dispatch() bool {
	var more C.int
	answer := C.dbpgo_loop_dispatch(r.c, &more)
	calls := *r.calls.Load()
	for answer != nil {
		next := answer.next // the answer is another goroutine's after the send
		calls[answer.id].ready <- struct{}{}
		answer = next
	}
	return more != 0
}

// Get gives a call that is not under way. It is Put back when its answer has been read.
func (r *reactor) get() (*call, error) {
	if c := r.spare.Swap(nil); c != nil {
		return c, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.free; c != nil {
		r.free = c.next
		return c, nil
	}
	calls := *r.calls.Load()
	answer := C.dbpgo_answer_new(C.uint32_t(len(calls)))
	if answer == nil {
		return nil, &Error{Code: ErrNoMemory, Message: "out of memory"}
	}
	c := &call{answer: answer, ready: make(chan struct{}, 1)}
	calls = append(calls, c) // readers of the shorter slice never look behind its end
	r.calls.Store(&calls)
	return c, nil
}

func (r *reactor) put(c *call) {
	if r.spare.CompareAndSwap(nil, c) {
		return
	}
	r.mu.Lock()
	c.next = r.free
	r.free = c
	r.mu.Unlock()
}

// Wait waits for the answer of a call that is pending. When ctx is done it asks the call to end and waits on: the answer
// comes soon, and may be what was wanted after all.
func (c *call) wait(ctx context.Context) {
	done := ctx.Done()
	if done == nil {
		<-c.ready
		return
	}
	select {
	case <-c.ready:
	case <-done:
		C.dbpool_op_cancel(c.answer.op) // stale: it has been answered just now
		<-c.ready
	}
}

// Finish gives the call's answer, waiting for it if status says that it is pending, and puts the call back.
// What it failed with is told in the words of ctx, too, if that is over.
func (r *reactor) finish(ctx context.Context, c *call, status C.dbpool_status, out *C.dbpgo_answer) error {
	if status == C.DBPOOL_PENDING {
		c.wait(ctx)
		status = c.answer.status
	}
	*out = *c.answer
	c.answer.error = nil
	r.put(c)
	if status < 0 {
		return withContext(ctx, takeError(status, out.error))
	}
	return nil
}
