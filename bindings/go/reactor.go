package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A reactor drives the one loop that calls share: for what waits long, in any number, and for one-shots that share
// connections. One goroutine dispatches it.
type reactor struct {
	*loop
	calls atomic.Pointer[[]*call] // by number; replaced when it grows, so that reading takes no lock
	mu    sync.Mutex              // who makes one
}

var onReactor calls

var theReactor = onlyOne[reactor]{make: newReactor}

func newReactor() (*reactor, error) {
	l, err := newLoop(C.DBPOOL_LOOP_EXTERNAL)
	if err != nil {
		return nil, err
	}
	r := &reactor{loop: l}
	r.calls.Store(&[]*call{})
	go r.await(func(uintptr) bool {
		for r.answerAll() {
			runtime.Gosched()
		}
		return false // until it is readable again
	})
	return r, nil
}

// AnswerAll reports whether there is more to do.
func (r *reactor) answerAll() bool {
	answer, more := r.dispatch()
	calls := *r.calls.Load()
	for answer != nil {
		next := answer.next // the answer is another goroutine's after the send
		calls[answer.id].ready <- struct{}{}
		answer = next
	}
	return more
}

// Run makes one call on the shared loop.
func (r *reactor) run(ctx context.Context, begin begin, out *C.dbpgo_answer) error {
	c, err := r.call()
	if err != nil {
		return err
	}
	return c.run(ctx, begin, out)
}

// Call gives one that is not under way.
func (r *reactor) call() (*call, error) {
	if r == nil {
		return nil, notMade()
	}
	if c := onReactor.get(); c != nil {
		return c, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := *r.calls.Load()
	c, err := newCall(r.loop, len(calls))
	if err != nil {
		return nil, err
	}
	c.ready = make(chan struct{}, 1)
	calls = append(calls, c) // readers of the shorter slice never look behind its end
	r.calls.Store(&calls)
	return c, nil
}
