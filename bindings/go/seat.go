package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"sync/atomic"
)

// A seat is a loop that one call at a time has to itself. Its goroutine begins the call, is parked in Go's poller until
// the loop has something to do, and does that. An answer comes to who waits for it without another goroutine between.
type seat struct {
	*loop
	call   *call
	step   func(uintptr) bool // made once
	begin  begin              // until it has begun
	ctx    context.Context
	stop   func() bool
	status C.dbpool_status
}

var (
	seats     calls
	seatCount atomic.Int32
)

// MostSeats is for four at once on each processor, of which one can run. A seat has four descriptors.
func mostSeats() int32 { return int32(max(16, 4*runtime.GOMAXPROCS(0))) }

// SeatOrCall gives a seat if one is free, or may be made, and else a call on the reactor.
func (r *reactor) seatOrCall() (*call, error) {
	if c := seats.get(); c != nil {
		return c, nil
	}
	if c := newSeat(); c != nil {
		return c, nil
	}
	return r.call()
}

// NewSeat gives nil if there are enough, or no descriptors.
func newSeat() *call {
	if seatCount.Load() >= mostSeats() {
		return nil
	}
	if seatCount.Add(1) > mostSeats() {
		seatCount.Add(-1)
		return nil
	}
	l, err := newLoop()
	if err != nil {
		seatCount.Add(-1)
		return nil
	}
	c, err := newCall(l, 0)
	if err != nil {
		seatCount.Add(-1)
		return nil
	}
	s := &seat{loop: l, call: c}
	s.step = s.next
	c.seat = s
	return c
}

// Run is call.run, without the answer.
func (s *seat) run(ctx context.Context, begin begin) C.dbpool_status {
	s.begin, s.ctx = begin, ctx
	s.await(s.step) // the call begins in it, so that no readiness is missed
	if s.stop != nil {
		s.stop() // too late: it cancels what is over
		s.stop = nil
	}
	s.ctx = nil
	return s.status
}

// Next reports whether the call is over.
func (s *seat) next(uintptr) bool {
	if s.begin != nil {
		s.status = s.begin(s.c, 0, s.call.answer)
		s.begin = nil
		if s.status == C.DBPOOL_PENDING {
			s.cancelWithContext()
		}
		return s.status != C.DBPOOL_PENDING
	}
	for {
		answer, more := s.dispatch()
		if answer != nil {
			s.status = answer.status
			return true
		}
		if !more {
			return false
		}
	}
}

func (s *seat) cancelWithContext() {
	if s.ctx.Done() == nil {
		return
	}
	op := s.call.answer.op
	s.stop = context.AfterFunc(s.ctx, func() { C.dbpool_op_cancel(op) })
}
