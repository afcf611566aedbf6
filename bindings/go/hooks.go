package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"log"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Hooks see each connection. They run without a lock, each on a goroutine of its own that whoever opens, acquires, releases
// or closes waits for, also several at a time. They may run statements on the connection, which is valid during the call; they
// must not acquire from or close the same pool. A hook that takes long holds up other users of the pool. A panic in one goes
// no further: it is logged, and counts as an error.
type hooks struct {
	opened   func(*Conn) error
	lent     func(*Conn) error
	returned func(*Conn)
	closed   func(CloseReason)
}

// WithAfterConnect sets a function that sees a new connection before anyone gets it. An error closes it and counts as a
// failure to connect; that of New wraps it. Session state set here is gone with the connection's first reset: what shall
// last belongs into the option init_sql.
func WithAfterConnect(f func(*Conn) error) Option { return func(s *settings) { s.hooks.opened = f } }

// WithBeforeAcquire sets a function that sees a connection about to be lent. An error closes it, and the caller gets
// another one.
func WithBeforeAcquire(f func(*Conn) error) Option { return func(s *settings) { s.hooks.lent = f } }

// WithAfterRelease sets a function that sees a connection given back, before it is cleaned. Not one that is lost.
func WithAfterRelease(f func(*Conn)) Option { return func(s *settings) { s.hooks.returned = f } }

// WithAfterClose sets a function that hears of connections that were closed.
func WithAfterClose(f func(CloseReason)) Option { return func(s *settings) { s.hooks.closed = f } }

// CloseReason is why a connection was closed.
type CloseReason uint32

// The reasons to close a connection.
const (
	ClosedIdle        CloseReason = C.DBPOOL_CLOSED_IDLE        // unused for idle_timeout
	ClosedLifetime    CloseReason = C.DBPOOL_CLOSED_LIFETIME    // older than max_lifetime
	ClosedUses        CloseReason = C.DBPOOL_CLOSED_USES        // lent max_uses times
	ClosedBroken      CloseReason = C.DBPOOL_CLOSED_BROKEN      // the server or the network ended it
	ClosedPing        CloseReason = C.DBPOOL_CLOSED_PING        // it did not answer a ping
	ClosedReset       CloseReason = C.DBPOOL_CLOSED_RESET       // it could not be cleaned in time
	ClosedInvalidated CloseReason = C.DBPOOL_CLOSED_INVALIDATED // Reset or Reconnect
	ClosedHook        CloseReason = C.DBPOOL_CLOSED_HOOK        // a hook refused it
	ClosedShrunk      CloseReason = C.DBPOOL_CLOSED_SHRUNK      // Resize made the pool smaller
	ClosedPool        CloseReason = C.DBPOOL_CLOSED_POOL        // the pool was closed
)

// What C knows by a number: hooks of pools, and watches. 0 is none.
type numbered[T any] struct {
	mu   sync.RWMutex
	last uint32
	all  map[uint32]T
}

func (n *numbered[T]) add(v T) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[uint32]T{}
	}
	for n.last++; ; n.last++ {
		if _, taken := n.all[n.last]; !taken && n.last != 0 {
			n.all[n.last] = v
			return n.last
		}
	}
}

func (n *numbered[T]) get(id uint32) (T, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	v, ok := n.all[id]
	return v, ok
}

func (n *numbered[T]) drop(id uint32) (T, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	v, ok := n.all[id]
	delete(n.all, id)
	return v, ok
}

type numberedHooks struct {
	hooks
	pool    *Pool                 // of the connections that hooks see; it only says how statements run
	refused atomic.Pointer[error] // why the connection was that a hook refused last; the library knows only that it was
}

// Because adds that to what the library says of its connections.
func (h *numberedHooks) because(err error) error {
	if h == nil || !errors.Is(err, ErrConnect) {
		return err
	}
	if why := h.refused.Load(); why != nil {
		return fmt.Errorf("%w: %w", err, *why)
	}
	return err
}

var allHooks numbered[*numberedHooks]

// Set gives the options the hooks, which are there until dbpgoHooksEnd. Nil: there are none.
func (h *hooks) set(o *C.dbpool_options, p *Pool) (*numberedHooks, error) {
	var which C.uint32_t
	if h.opened != nil {
		which |= C.DBPGO_HOOK_OPENED
	}
	if h.lent != nil {
		which |= C.DBPGO_HOOK_LENT
	}
	if h.returned != nil {
		which |= C.DBPGO_HOOK_RETURNED
	}
	if h.closed != nil {
		which |= C.DBPGO_HOOK_CLOSED
	}
	if which == 0 {
		return nil, nil
	}
	set := &numberedHooks{hooks: *h, pool: &Pool{loop: p.loop, sqlite: p.sqlite, hooked: true}}
	id := allHooks.add(set)
	var cerr *C.dbpool_error
	if status := C.dbpgo_set_hooks(o, C.uint32_t(id), which, &cerr); status < 0 {
		allHooks.drop(id)
		return nil, takeError(status, cerr)
	}
	return set, nil
}

// Ask lets a hook see a connection, on which statements run in the calling thread.
func ask(id C.uint32_t, lease C.dbpool_conn, hook func(*numberedHooks, *Conn) error) C.dbpool_status {
	h, ok := allHooks.get(uint32(id))
	if !ok {
		return C.DBPOOL_OK
	}
	err := errHookLeft
	contain(func() { err = hook(h, &Conn{pool: h.pool, lease: lease, blocking: true}) })
	if err != nil {
		h.refused.Store(&err)
		return C.DBPOOL_ERR_INVALID
	}
	return C.DBPOOL_OK
}

var errHookLeft = errors.New("dbpool: a hook did not return")

// Contain runs what must end here: a panic or runtime.Goexit that went on would pass over frames of C++, which then never
// unlock and give back what they hold. Goexit cannot be stopped but with its goroutine.
func contain(hook func()) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if cause := recover(); cause != nil {
				log.Printf("dbpool: panic in a hook: %v\n%s", cause, debug.Stack())
			}
		}()
		hook()
	}()
	<-over
}

//export dbpgoOpened
func dbpgoOpened(id C.uint32_t, lease C.dbpool_conn) C.dbpool_status {
	return ask(id, lease, func(h *numberedHooks, c *Conn) error { return h.opened(c) })
}

//export dbpgoLent
func dbpgoLent(id C.uint32_t, lease C.dbpool_conn) C.dbpool_status {
	return ask(id, lease, func(h *numberedHooks, c *Conn) error { return h.lent(c) })
}

//export dbpgoReturned
func dbpgoReturned(id C.uint32_t, lease C.dbpool_conn) {
	ask(id, lease, func(h *numberedHooks, c *Conn) error { h.returned(c); return nil })
}

//export dbpgoClosed
func dbpgoClosed(id C.uint32_t, reason C.uint32_t) {
	if h, ok := allHooks.get(uint32(id)); ok {
		contain(func() { h.closed(CloseReason(reason)) })
	}
}

//export dbpgoHooksEnd
func dbpgoHooksEnd(id C.uint32_t) { allHooks.drop(uint32(id)) }
