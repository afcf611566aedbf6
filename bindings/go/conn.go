package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Conn is a borrowed connection, used by one goroutine at a time; Cancel and Release may be called by others. After
// Release every method fails with ErrReleased.
type Conn struct {
	pool     *Pool
	lease    C.dbpool_conn
	blocking bool // in a hook, where nobody may wait for the loop
	released atomic.Bool
}

// Release gives the connection back. What is open in it is rolled back, by the pool and without waiting for it. A second
// Release does nothing.
//
// While another goroutine's statement runs on it, that is asked to end and takes the connection back with it.
func (c *Conn) Release() {
	lease := c.lease // before it may be another one: see Reacquire
	if c.blocking || c.pool == nil || c.released.Swap(true) {
		return
	}
	if c.pool.release(lease) == C.DBPOOL_ERR_BUSY {
		C.dbpool_conn_cancel(lease, nil)
	}
}

// Close is Release.
func (c *Conn) Close() error {
	c.Release()
	return nil
}

// Cancel asks that the statement running on this connection end, and does not wait for it. That statement fails with
// ErrCancelled, unless its result came first. For any goroutine.
func (c *Conn) Cancel() error {
	var cerr *C.dbpool_error
	if status := C.dbpool_conn_cancel(c.lease, &cerr); status < 0 {
		return takeError(status, cerr)
	}
	return nil
}

// Ping asks the database for a sign of life. A connection that does not answer in time is given up.
func (c *Conn) Ping(ctx context.Context) error {
	return c.verb(ctx, C.dbpgo_verb{verb: C.DBPGO_PING, timeout_ms: millis(ctx.Deadline())})
}

// Native is the driver's own handle, a PGconn * or a sqlite3 *; nil if the connection was released or is lost. It is valid
// until Release; never close it. The pool cleans the whole session afterwards.
func (c *Conn) Native() unsafe.Pointer { return C.dbpool_conn_native(c.lease) }

// ID is the number of the connection, by which events tell of it: the same in every lease of the connection, and no other
// connection of the process has it. 0 after Release.
func (c *Conn) ID() uint64 { return uint64(C.dbpool_conn_id(c.lease)) }

// Pool is the pool it is borrowed from.
func (c *Conn) Pool() *Pool { return c.pool }

// Do makes a call on the lease: in the calling goroutine if that is the best way, else on a loop.
func (c *Conn) do(ctx context.Context, answer *C.dbpgo_answer, begin begin) error {
	err := c.tryDo(ctx, answer, begin)
	if c.released.Load() { // meanwhile, when the lease was in use
		c.pool.release(c.lease)
	}
	return err
}

func (c *Conn) tryDo(ctx context.Context, answer *C.dbpgo_answer, begin begin) error {
	if c.pool == nil {
		return released()
	}
	if c.blocking || c.pool.sqlite {
		return c.doHere(ctx, answer, begin)
	}
	call, err := c.pool.loop.seatOrCall()
	if err != nil {
		return err
	}
	return call.run(ctx, begin, answer)
}

func (c *Conn) doHere(ctx context.Context, answer *C.dbpgo_answer, begin begin) error {
	call, err := c.pool.loop.call()
	if err != nil {
		return err
	}
	var stop func()
	if ctx.Done() != nil {
		stop = c.cancelWith(ctx)
	}
	status := begin(call.answer.loop, C.DBPGO_BLOCKING, call.answer)
	if stop != nil {
		stop()
	}
	return call.finish(ctx, status, answer)
}

// CancelWith cancels what runs on the connection when ctx is done. When stop has returned it cancels no more: the next
// statement is not hit.
func (c *Conn) cancelWith(ctx context.Context) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	stopFunc := context.AfterFunc(ctx, func() {
		defer close(ended)
		// Until the statement has ended: it may not have begun yet, and then a cancel passes it by.
		for again := time.NewTicker(5 * time.Millisecond); ; {
			C.dbpool_conn_cancel(c.lease, nil)
			select {
			case <-over:
				again.Stop()
				return
			case <-again.C:
			}
		}
	})
	return func() {
		if !stopFunc() {
			close(over)
			<-ended
		}
	}
}

func (c *Conn) verb(ctx context.Context, v C.dbpgo_verb) error {
	var answer C.dbpgo_answer
	return c.do(ctx, &answer, func(loop *C.dbpgo_loop, blocking C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
		v.flags = blocking
		return C.dbpgo_conn_do(loop, c.lease, &v, to)
	})
}
