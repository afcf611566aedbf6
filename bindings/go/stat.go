package dbpool

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// Stat is the pool's counts at one moment. The methods that pgxpool has, too, mean the same here.
type Stat struct{ c C.dbpool_statistics }

// Stat takes the counts. It is cheap.
func (p *Pool) Stat() *Stat {
	defer runtime.KeepAlive(p)
	s := &Stat{}
	s.c.struct_size = C.size_t(unsafe.Sizeof(s.c))
	C.dbpool_stats(p.c, &s.c) // fails only in a forked child, and then all is 0
	return s
}

// MaxConns is how many connections there may be.
func (s *Stat) MaxConns() int32 { return int32(s.c.limit) }

// TotalConns is how many there are, those being opened included.
func (s *Stat) TotalConns() int32 { return int32(s.c.open + s.c.opening) }

// IdleConns is how many are ready to be lent.
func (s *Stat) IdleConns() int32 { return int32(s.c.idle) }

// AcquiredConns is how many are lent.
func (s *Stat) AcquiredConns() int32 { return int32(s.c.leased) }

// ConstructingConns is how many are being opened.
func (s *Stat) ConstructingConns() int32 { return int32(s.c.opening) }

// Waiting is how many callers wait for a connection.
func (s *Stat) Waiting() int32 { return int32(s.c.waiting) }

// WriteWaiting is how many callers wait for the writer's turn (SQLite).
func (s *Stat) WriteWaiting() int32 { return int32(s.c.write_waiting) }

// PoolSize is the option pool_size as it is now.
func (s *Stat) PoolSize() int32 { return int32(s.c.pool_size) }

// MaxOverflow is the option max_overflow as it is now.
func (s *Stat) MaxOverflow() int32 { return int32(s.c.max_overflow) }

// MinSize is the option min_size as it is now.
func (s *Stat) MinSize() int32 { return int32(s.c.min_size) }

// AcquireCount is how many connections were lent since the pool was made.
func (s *Stat) AcquireCount() int64 { return int64(s.c.acquired) }

// EmptyAcquireCount is how many of them had to be waited for.
func (s *Stat) EmptyAcquireCount() int64 { return int64(s.c.waited) }

// EmptyAcquireWaitTime is how long all callers waited for them together.
func (s *Stat) EmptyAcquireWaitTime() time.Duration { return time.Duration(s.c.wait_ns) }

// MaxAcquireWaitTime is the longest of those waits.
func (s *Stat) MaxAcquireWaitTime() time.Duration { return time.Duration(s.c.wait_max_ns) }

// TimedOutCount is how many acquires ended in ErrTimeout.
func (s *Stat) TimedOutCount() int64 { return int64(s.c.timed_out) }

// RefusedCount is how many acquires ended in ErrFull.
func (s *Stat) RefusedCount() int64 { return int64(s.c.refused) }

// NewConnsCount is how many connections were opened.
func (s *Stat) NewConnsCount() int64 { return int64(s.c.opened) }

// ClosedConnsCount is how many were closed.
func (s *Stat) ClosedConnsCount() int64 { return int64(s.c.closed) }

// FailedConnsCount is how many attempts to open one failed.
func (s *Stat) FailedConnsCount() int64 { return int64(s.c.open_failed) }

// PingCount is how many idle connections were asked whether they live.
func (s *Stat) PingCount() int64 { return int64(s.c.pings) }

// ResetCount is how many connections were cleaned after use.
func (s *Stat) ResetCount() int64 { return int64(s.c.resets) }

// MaxLifetimeDestroyCount is how many connections were closed for their age.
func (s *Stat) MaxLifetimeDestroyCount() int64 { return int64(s.c.closed_lifetime) }

// MaxIdleDestroyCount is how many were closed because nobody used them.
func (s *Stat) MaxIdleDestroyCount() int64 { return int64(s.c.closed_idle) }

// ClosedCount is how many connections were closed for a reason.
func (s *Stat) ClosedCount(reason CloseReason) int64 {
	c := &s.c
	closed := [ClosedPool + 1]C.uint64_t{
		ClosedIdle:        c.closed_idle,
		ClosedLifetime:    c.closed_lifetime,
		ClosedUses:        c.closed_uses,
		ClosedBroken:      c.closed_broken,
		ClosedPing:        c.closed_ping,
		ClosedReset:       c.closed_reset,
		ClosedInvalidated: c.closed_invalidated,
		ClosedHook:        c.closed_hook,
		ClosedShrunk:      c.closed_shrunk,
	}
	rest := c.closed
	for _, count := range closed {
		rest -= count
	}
	closed[ClosedPool] = rest // the library does not count these apart
	if int(reason) >= len(closed) {
		return 0
	}
	return int64(closed[reason])
}

// A Server is what Probe found out; "" and -1 are unknown.
type Server struct {
	Product        string // "PostgreSQL", "SQLite"
	Version        string
	Database       string // its name, or the path of the file
	User           string
	TLS            string // protocol and cipher, "" without TLS
	ReadOnly       bool   // writes are refused
	InRecovery     bool   // a standby
	MaxConnections int64
	Sessions       int64 // in use on the server
	Connect        time.Duration
	RoundTrip      time.Duration
}

// Probe opens one connection without a pool, asks the database who it is, and closes it. It blocks a thread.
func Probe(ctx context.Context, uri string, options ...Option) (*Server, error) {
	o, err := settingsOf(options).build()
	if err != nil {
		return nil, err
	}
	defer C.dbpool_options_free(o)
	curi := textOrNull(uri)
	defer C.free(unsafe.Pointer(curi))
	var found C.dbpool_server
	var cerr *C.dbpool_error
	found.struct_size = C.size_t(unsafe.Sizeof(found))
	if status := C.dbpool_probe(curi, o, millis(ctx.Deadline()), &found, &cerr); status < 0 {
		return nil, withContext(ctx, takeError(status, cerr))
	}
	return &Server{
		Product:        textOf(&found.product[0]),
		Version:        textOf(&found.version[0]),
		Database:       textOf(&found.database[0]),
		User:           textOf(&found.user[0]),
		TLS:            textOf(&found.tls[0]),
		ReadOnly:       found.read_only != 0,
		InRecovery:     found.in_recovery != 0,
		MaxConnections: int64(found.max_connections),
		Sessions:       int64(found.sessions),
		Connect:        time.Duration(found.connect_ns),
		RoundTrip:      time.Duration(found.round_trip_ns),
	}, nil
}
