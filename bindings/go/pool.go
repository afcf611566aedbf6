package dbpool

/*
#cgo pkg-config: dbpool
#cgo CFLAGS: -O2
#cgo nocallback dbpgo_acquire
#cgo nocallback dbpgo_release
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Pool is a pool of connections. All its methods may be called from any goroutine.
type Pool struct {
	c      *C.dbpool
	loop   *reactor
	sqlite bool // statements run in the calling goroutine
	hooked bool // acquire and release may call back into Go
	size   atomic.Int32
	busy   atomic.Int32 // connections borrowed, and one-shots under way
}

// New makes a pool and opens its first connections, unless lazy=true. ctx bounds that; afterwards it means nothing to the
// pool.
//
// The URI is `postgresql://user@host/db?pool_size=20`, `sqlite:file.db`, `sqlite::memory:` ...; "" if options (or the
// environment, see WithEnvironment) name the database.
func New(ctx context.Context, uri string, options ...Option) (*Pool, error) {
	loop, err := theReactor.get()
	if err != nil {
		return nil, err
	}
	s := settingsOf(options)
	o, err := s.build()
	if err != nil {
		return nil, err
	}
	defer C.dbpool_options_free(o)
	p := &Pool{loop: loop, sqlite: s.isSQLite(uri)}
	h, err := s.hooks.set(o, p)
	if err != nil {
		return nil, err
	}
	p.hooked = h != nil
	if err := p.create(ctx, uri, o); err != nil {
		return nil, h.because(err)
	}
	p.size.Store(p.Stat().PoolSize())
	// The last one closes the pool, which takes its time; other cleanups wait meanwhile.
	runtime.AddCleanup(p, func(c *C.dbpool) { go C.dbpool_unref(c) }, p.c)
	return p, nil
}

func (p *Pool) create(ctx context.Context, uri string, o *C.dbpool_options) error {
	curi := textOrNull(uri)
	defer C.free(unsafe.Pointer(curi))
	var answer C.dbpgo_answer
	err := p.loop.run(ctx, func(loop *C.dbpgo_loop, _ C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
		return C.dbpgo_create(loop, curi, o, to)
	}, &answer)
	if err != nil {
		return err
	}
	p.c = answer.pool
	return nil
}

// Close closes the pool: callers that wait get ErrClosed at once, connections in use are awaited for the pool's
// acquire_timeout and then cut off. Closing twice is fine.
func (p *Pool) Close() { _ = p.shutdown(context.Background(), -1) }

// Shutdown is Close, which waits for connections in use until ctx is done. ErrTimeout: some had to be cut off. The
// pool is closed in any case.
func (p *Pool) Shutdown(ctx context.Context) error {
	timeout := millis(ctx.Deadline())
	if timeout > 0 {
		return p.shutdown(context.WithoutCancel(ctx), timeout)
	}
	err := p.shutdown(ctx, C.INT64_MAX)
	if errors.Is(err, ErrCancelled) { // the waiting was given up, not yet the leases
		_ = p.shutdown(context.Background(), 0)
	}
	return err
}

func (p *Pool) shutdown(ctx context.Context, timeout C.int64_t) error {
	defer runtime.KeepAlive(p)
	var answer C.dbpgo_answer
	return p.loop.run(ctx, func(loop *C.dbpgo_loop, _ C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
		return C.dbpgo_close(loop, p.c, timeout, to)
	}, &answer)
}

// Acquire borrows a connection; give it back with Release. Callers that wait are served in the order they came. A
// context with a deadline replaces the pool's acquire_timeout. A waiting caller costs no thread.
func (p *Pool) Acquire(ctx context.Context) (*Conn, error) {
	lease, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{pool: p, lease: lease}, nil
}

func (p *Pool) acquire(ctx context.Context) (C.dbpool_conn, error) {
	if ctx.Err() != nil {
		return 0, notBegun(ctx, PhaseQueue)
	}
	call, err := p.loop.call()
	if err != nil {
		return 0, err
	}
	timeout := C.int64_t(-1)
	if ctx.Done() != nil {
		timeout = millis(ctx.Deadline())
	}
	var status C.dbpool_status
	if p.hooked {
		status = C.dbpgo_acquire_hooked(p.loop.c, p.c, timeout, call.answer)
	} else {
		status = C.dbpgo_acquire(p.loop.c, p.c, timeout, call.answer)
	}
	runtime.KeepAlive(p)
	if status == C.DBPOOL_OK {
		lease := C.dbpool_conn(call.answer.lease)
		call.free()
		p.busy.Add(1)
		return lease, nil
	}
	return p.borrowed(ctx, call, status)
}

// Borrowed waits for the lease that a call on the reactor is to bring.
func (p *Pool) borrowed(ctx context.Context, call *call, status C.dbpool_status) (C.dbpool_conn, error) {
	var answer C.dbpgo_answer
	if err := call.finish(ctx, call.wait(ctx, status), &answer); err != nil {
		return 0, err
	}
	p.busy.Add(1)
	return C.dbpool_conn(answer.lease), nil
}

func (p *Pool) release(lease C.dbpool_conn) C.dbpool_status {
	var status C.dbpool_status
	if p.hooked {
		status = C.dbpool_release(lease)
	} else {
		status = C.dbpgo_release(lease)
	}
	if status == C.DBPOOL_OK {
		p.busy.Add(-1)
	}
	return status
}

// Access is what a connection is borrowed for.
type Access uint32

// The kinds of access.
const (
	AccessDefault Access = C.DBPOOL_ACCESS_DEFAULT // anything
	AccessRead    Access = C.DBPOOL_ACCESS_READ    // SQLite: the connection refuses to write while it is lent
	AccessWrite   Access = C.DBPOOL_ACCESS_WRITE   // SQLite: it has the writer's turn while it is lent
)

// AcquireOptions say how to borrow.
type AcquireOptions struct {
	Access Access
	Tag    string // who borrows, for the diagnosis of an exhausted pool; at most 63 bytes
	NoWait bool   // take an idle connection or fail with ErrTimeout
}

// AcquireWith is Acquire, with options.
func (p *Pool) AcquireWith(ctx context.Context, options AcquireOptions) (*Conn, error) {
	defer runtime.KeepAlive(p)
	tag := textOrNull(options.Tag)
	defer C.free(unsafe.Pointer(tag))
	var flags C.uint32_t
	if options.NoWait {
		flags = C.DBPOOL_ACQUIRE_NO_WAIT
	}
	var answer C.dbpgo_answer
	err := p.loop.run(ctx, func(loop *C.dbpgo_loop, _ C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
		return C.dbpgo_acquire_with(loop, p.c, millis(ctx.Deadline()), C.uint32_t(options.Access), flags, tag, to)
	}, &answer)
	if err != nil {
		return nil, err
	}
	p.busy.Add(1)
	return &Conn{pool: p, lease: C.dbpool_conn(answer.lease)}, nil
}

// AcquireFunc borrows a connection for f and gives it back.
func (p *Pool) AcquireFunc(ctx context.Context, f func(*Conn) error) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return f(conn)
}

// Ping borrows a connection, asks the database for a sign of life, and gives it back.
func (p *Pool) Ping(ctx context.Context) error {
	return p.AcquireFunc(ctx, func(conn *Conn) error { return conn.Ping(ctx) })
}

// Reset replaces all connections, softly: idle ones now, others when they are released.
func (p *Pool) Reset() error {
	defer runtime.KeepAlive(p)
	var cerr *C.dbpool_error
	if status := C.dbpool_invalidate(p.c, &cerr); status < 0 {
		return takeError(status, cerr)
	}
	return nil
}

// Reconnect is Reset, and returns when a fresh connection has answered, or with the cause. It blocks a thread.
func (p *Pool) Reconnect(timeout time.Duration) error {
	defer runtime.KeepAlive(p)
	var cerr *C.dbpool_error
	if status := C.dbpool_reconnect(p.c, C.int64_t(timeout/time.Millisecond), &cerr); status < 0 {
		return takeError(status, cerr)
	}
	return nil
}

// Resize changes the size of the pool. Surplus connections go when they are idle.
func (p *Pool) Resize(poolSize, maxOverflow int) error {
	defer runtime.KeepAlive(p)
	if poolSize < 1 || poolSize > 10000 || maxOverflow < 0 || maxOverflow > 10000 {
		return invalid("a pool of %d and %d more connections", poolSize, maxOverflow)
	}
	var cerr *C.dbpool_error
	if status := C.dbpool_resize(p.c, C.uint32_t(poolSize), C.uint32_t(maxOverflow), &cerr); status < 0 {
		return takeError(status, cerr)
	}
	p.size.Store(int32(poolSize))
	return nil
}

// Version is the version of the library that is loaded.
func Version() (major, minor, patch int) {
	v := uint32(C.dbpool_version())
	return int(v >> 16), int(v >> 8 & 0xff), int(v & 0xff)
}
