package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// Connections and rows that are used again: what a driver of database/sql, or whoever else runs one short statement after
// the other, saves in allocations.

// Reacquire borrows a connection of the same pool again, as Pool.Acquire does. c was released, and nothing runs on it; no
// other goroutine may use it meanwhile, not even to Cancel or Release it, and all who still have it use the new lease with it.
func (c *Conn) Reacquire(ctx context.Context) error {
	if c.blocking || c.pool == nil || !c.released.Load() {
		return invalid("the connection was not released")
	}
	lease, err := c.pool.acquire(ctx)
	if err != nil {
		return err
	}
	c.take(lease)
	return nil
}

func (c *Conn) take(lease C.dbpool_conn) {
	c.lease = lease
	c.released.Store(false)
}

// QueryInto is Query into rows that are used again: new ones, or closed ones. What was read from them stays good.
func (c *Conn) QueryInto(ctx context.Context, r *Rows, sql string, args ...any) error {
	if c.pool == nil {
		return released()
	}
	s, err := c.pool.statement(ctx, sql, args, 0)
	if err != nil {
		return err
	}
	defer s.free()
	r.Close()
	r.reset(c)
	if err = c.runInto(ctx, s, r); err != nil {
		r.void()
	}
	return err
}

// ReacquireInto is Reacquire and then QueryInto; if it fails c stays released.
func (c *Conn) ReacquireInto(ctx context.Context, r *Rows, sql string, args ...any) error {
	if c.pool != nil && c.pool.sqlite && !c.pool.hooked && ctx.Done() == nil && c.released.Load() {
		return c.reacquireHere(ctx, r, sql, args)
	}
	err := c.Reacquire(ctx)
	if err != nil {
		return err
	}
	if err = c.QueryInto(ctx, r, sql, args...); err != nil {
		c.Release()
	}
	return err
}

// ReacquireHere does it in one call. REQUIRES: no hook calls back into Go, and ctx never ends.
func (c *Conn) reacquireHere(ctx context.Context, r *Rows, sql string, args []any) error {
	s, err := c.pool.statement(ctx, sql, args, 0)
	if err != nil {
		return err
	}
	defer s.free()
	r.Close()
	r.reset(c)
	if err = c.acquireAndQuery(ctx, s, r); err != nil {
		r.void()
		c.Release()
	}
	return err
}

// AcquireAndQuery may have borrowed when it fails.
func (c *Conn) acquireAndQuery(ctx context.Context, s *statement, r *Rows) error {
	defer runtime.KeepAlive(c.pool)
	call, err := c.pool.loop.call()
	if err != nil {
		return err
	}
	params, arena := s.args.pointers()
	status := C.dbpgo_acquire_and_query(c.pool.loop.c, c.pool.c, (*C.char)(unsafe.Pointer(call.answer)), s.text(),
		params, arena, &s.c, r.room())
	if lease := C.dbpool_conn(r.answer.lease); lease != 0 {
		call.free()
		c.pool.busy.Add(1)
		c.take(lease)
		return c.begun(ctx, s, r, status)
	}
	lease, err := c.pool.borrowed(ctx, call, status)
	if err != nil {
		return err
	}
	c.take(lease)
	return c.runHere(ctx, s, r)
}

// Reset makes closed rows as good as new ones.
func (r *Rows) reset(c *Conn) {
	late := r.names
	if late == nil {
		late = r.late
	}
	r.pool, r.conn, r.ctx, r.err = c.pool, c, nil, nil
	r.owned, r.plan, r.boxes = nil, nil, nil
	r.names, r.late = nil, late
	r.cells, r.next = nil, 0
	r.stream, r.closed, r.more = false, false, false
}

// Void makes rows closed of which a statement that failed has left nothing.
func (r *Rows) void() {
	r.answer = C.dbpgo_answer{}
	r.closed = true
}
