package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// A seat is a polled loop that one call at a time has to itself. Its goroutine makes the call, is parked at the socket of
// its connection, which Go's poller has anyway, and reads the answer: no other goroutine is between, and no other poller.
//
// What does not show on the socket (a time-out, a cancel) shows on the loop's descriptor, where another goroutine of the
// seat's is parked for ever. It pokes: sets poked, and then wakes whoever is parked, where parked says. Who parks says where
// before it looks at poked. So one of them sees the other.
type seat struct {
	*loop
	call   *call
	step   func(uintptr) bool // made once
	over   bool
	stop   func() bool
	poked  atomic.Bool
	parked atomic.Pointer[os.File] // nil: at wake, or not at all
	wake   chan struct{}           // capacity 1
}

var (
	seats     calls
	seatCount atomic.Int32
)

// MostSeats is for four at once on each processor, of which one can run. A seat has four descriptors and a goroutine.
func mostSeats() int32 { return int32(max(16, 4*runtime.GOMAXPROCS(0))) }

// SeatOrCall gives a seat if one is free, or may be made, and else a call on the reactor.
func (r *reactor) seatOrCall() (*call, error) {
	if r == nil {
		return r.call()
	}
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
	c, err := tryNewSeat()
	if err != nil {
		seatCount.Add(-1)
		return nil
	}
	return c
}

func tryNewSeat() (*call, error) {
	if _, err := allSockets.get(); err != nil {
		return nil, err
	}
	l, err := newLoop(C.DBPOOL_LOOP_POLLED)
	if err != nil {
		return nil, err
	}
	c, err := newCall(l, 0)
	if err != nil {
		C.dbpgo_loop_free(l.c)
		return nil, err
	}
	s := &seat{loop: l, call: c, wake: make(chan struct{}, 1)}
	s.step = s.stepped
	c.seat = s
	go l.await(func(uintptr) bool {
		s.poke()
		return false
	})
	return c, nil
}

// Run is call.run, without the answer.
func (s *seat) run(ctx context.Context, begin begin) C.dbpool_status {
	answer := s.call.answer
	answer.socket = C.dbpgo_socket{}
	status := begin(s.c, 0, answer)
	if status != C.DBPOOL_PENDING {
		return status
	}
	s.cancelWithContext(ctx)
	s.over = false
	if answer.socket.number == 0 { // statements have looked
		C.dbpgo_seat_look(answer)
	}
	for !s.over {
		s.park()
	}
	if s.stop != nil {
		s.stop() // too late: it cancels what is over
		s.stop = nil
	}
	return answer.status
}

// Park waits for what the call waits for, and goes on with it.
func (s *seat) park() {
	wanted := &s.call.answer.socket
	if wanted.number != 0 {
		sockets := allSockets.made.Load()
		if at := sockets.of(wanted); at != nil && wanted.events&pollOut == 0 && s.parkAt(at) {
			return
		}
		if C.dbpgo_seat_poll(s.call.answer) == 0 {
			s.lookLater()
			return
		}
	}
	if s.over = C.dbpgo_seat_dispatch(s.call.answer) != 0; s.over || wanted.number != 0 {
		return
	}
	for !s.poked.Swap(false) {
		<-s.wake
	}
}

// LookLater is for a socket that neither poller has room for: it is looked at from time to time.
func (s *seat) lookLater() {
	time.Sleep(time.Millisecond)
	if s.poked.Swap(false) {
		s.over = C.dbpgo_seat_dispatch(s.call.answer) != 0
	}
	s.over = s.over || C.dbpgo_seat_ready(s.call.answer) != 0
}

const pollOut = 4 // of poll(2): Go's poller waits for one thing at a time

// ParkAt reports whether the socket can be parked at.
func (s *seat) parkAt(at *socket) bool {
	s.parked.Store(at.file)
	err := at.raw.Read(s.step)
	s.parked.Store(nil)
	if err == nil {
		return true
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	// A poke, of whoever has been parked here: who gets it takes it away, and then looks whether it was his.
	return at.file.SetReadDeadline(time.Time{}) == nil
}

// Stepped goes on with the call, and reports whether to park here no longer. The socket is looked at in any case: whoever
// is to be parked has read what is there, or else nobody tells him of it.
func (s *seat) stepped(uintptr) bool {
	answer := s.call.answer
	number := answer.socket.number
	if s.poked.Swap(false) {
		s.over = C.dbpgo_seat_dispatch(answer) != 0
		if s.over || answer.socket.number != number {
			return true
		}
	}
	s.over = C.dbpgo_seat_ready(answer) != 0
	return s.over || answer.socket.number != number || answer.socket.events&pollOut != 0
}

var longAgo = time.Unix(1, 0)

func (s *seat) poke() {
	s.poked.Store(true)
	if at := s.parked.Load(); at != nil {
		_ = at.SetReadDeadline(longAgo)
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *seat) cancelWithContext(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	op := s.call.answer.op
	s.stop = context.AfterFunc(ctx, func() { C.dbpool_op_cancel(op) })
}
