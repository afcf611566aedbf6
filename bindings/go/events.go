package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"sync/atomic"
)

// An EventKind is what has happened to a connection.
type EventKind uint32

// The kinds of events.
const (
	EventOpened EventKind = C.DBPOOL_EVENT_OPENED // it is connected, set up, and in the pool
	EventBroken EventKind = C.DBPOOL_EVENT_BROKEN // it is of no more use; EventClosed follows
	EventClosed EventKind = C.DBPOOL_EVENT_CLOSED // it is gone, for Reason
)

// An Event tells of a connection.
type Event struct {
	Kind       EventKind
	Reason     CloseReason // of EventClosed
	Connection uint64      // its number, which no other connection of the process has
	Missed     uint64      // events lost just before this one, because f was too slow
}

// How many events may wait for a slow watcher.
const eventsWaiting = 1024

// A watch hands events from the loop's goroutine, which must not wait, to one of its own.
type watch struct {
	events chan Event
	missed uint64 // the loop's goroutine alone
}

var allWatches numbered[*watch]

// Watch calls f with every connection of the pool that is opened, breaks, or is closed from now on: on a goroutine of its
// own, one at a time, until stop is called or the pool is closed and its last connection gone. After stop, f may
// be at work with one event yet, and gets no other. Watching costs the pool nothing.
func (p *Pool) Watch(f func(Event)) (stop func(), err error) {
	defer runtime.KeepAlive(p)
	if p.loop == nil {
		return nil, notMade()
	}
	w := &watch{events: make(chan Event, eventsWaiting)}
	id := allWatches.add(w)
	var number C.uint64_t
	var cerr *C.dbpool_error
	if status := C.dbpgo_watch(p.loop.c, p.c, C.uint32_t(id), &number, &cerr); status < 0 {
		allWatches.drop(id)
		return nil, takeError(status, cerr)
	}
	var stopped atomic.Bool
	go func() {
		for event := range w.events {
			if !stopped.Load() {
				f(event)
			}
		}
	}()
	return func() {
		stopped.Store(true)
		C.dbpool_unwatch(p.c, number) // stale: it has ended already
		runtime.KeepAlive(p)
	}, nil
}

//export dbpgoEvent
func dbpgoEvent(id, kind, reason C.uint32_t, connection, missed C.uint64_t) {
	w, ok := allWatches.get(uint32(id))
	if !ok {
		return
	}
	w.missed += uint64(missed)
	select {
	case w.events <- Event{EventKind(kind), CloseReason(reason), uint64(connection), w.missed}:
		w.missed = 0
	default:
		w.missed++
	}
}

//export dbpgoWatchEnd
func dbpgoWatchEnd(id C.uint32_t) {
	if w, ok := allWatches.drop(uint32(id)); ok {
		close(w.events)
	}
}
