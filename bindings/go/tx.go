package dbpool

/*
#include <string.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strconv"
	"time"
	"unsafe"
)

// Isolation is how much a transaction sees of others. SQLite is always serializable.
type Isolation int32

// The levels of isolation.
const (
	IsolationDefault Isolation = C.DBPOOL_ISOLATION_DEFAULT
	ReadCommitted    Isolation = C.DBPOOL_ISOLATION_READ_COMMITTED
	RepeatableRead   Isolation = C.DBPOOL_ISOLATION_REPEATABLE_READ
	Serializable     Isolation = C.DBPOOL_ISOLATION_SERIALIZABLE
)

// TxOptions say how to run a transaction; the zero value is the database's default.
type TxOptions struct {
	Isolation   Isolation
	ReadOnly    bool // SQLite: it never takes the writer's turn
	Deferrable  bool // PostgreSQL, with Serializable and ReadOnly
	MaxAttempts int  // Pool.InTx: how often it runs the function at most; 0 is 10
}

// A Tx is an open transaction, or a savepoint in one. It is used by one goroutine at a time, and ends with Commit or
// Rollback:
//
//	tx, err := pool.Begin(ctx)
//	defer tx.Rollback(ctx) // ErrTxClosed after the commit, and nothing is done
type Tx struct {
	conn      *Conn
	owned     bool   // the connection goes back to the pool at the end
	savepoint string // "": the transaction itself
	depth     int
	over      bool
}

// Begin borrows a connection and begins a transaction. The connection goes back with Commit or Rollback. ctx counts for
// this call alone.
func (p *Pool) Begin(ctx context.Context) (*Tx, error) { return p.BeginTx(ctx, TxOptions{}) }

// BeginTx is Begin, with options.
func (p *Pool) BeginTx(ctx context.Context, options TxOptions) (*Tx, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		conn.Release()
		return nil, err
	}
	tx.owned = true
	return tx, nil
}

// Begin begins a transaction on this connection.
func (c *Conn) Begin(ctx context.Context) (*Tx, error) { return c.BeginTx(ctx, TxOptions{}) }

// BeginTx is Begin, with options. On SQLite it waits for the writer's turn unless ReadOnly.
func (c *Conn) BeginTx(ctx context.Context, options TxOptions) (*Tx, error) {
	v := C.dbpgo_verb{verb: C.DBPGO_BEGIN, isolation: C.int32_t(options.Isolation), timeout_ms: millis(ctx.Deadline())}
	if options.ReadOnly {
		v.tx_flags |= C.DBPOOL_TX_READ_ONLY
	}
	if options.Deferrable {
		v.tx_flags |= C.DBPOOL_TX_DEFERRABLE
	}
	if err := c.verb(ctx, v); err != nil {
		return nil, err
	}
	return &Tx{conn: c}, nil
}

// Begin sets a savepoint: the Tx it gives undoes or keeps what is done from now on, and leaves the rest alone.
func (t *Tx) Begin(ctx context.Context) (*Tx, error) {
	if t.closed() {
		return nil, ErrTxClosed
	}
	inner := &Tx{conn: t.conn, depth: t.depth + 1}
	inner.savepoint = "dbpool_" + strconv.Itoa(inner.depth)
	if err := inner.to(ctx, C.DBPGO_SAVEPOINT); err != nil {
		return nil, err
	}
	return inner, nil
}

func (t *Tx) to(ctx context.Context, verb C.uint32_t) error {
	v := C.dbpgo_verb{verb: verb, timeout_ms: -1}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v.name[0])), len(v.name)-1), t.savepoint)
	return t.conn.verb(ctx, v)
}

// Commit commits, or keeps what came after the savepoint. Whatever it answers, the transaction is over. An error with
// OutcomeUnknown means that it may have been committed.
func (t *Tx) Commit(ctx context.Context) error {
	if t.closed() {
		return ErrTxClosed
	}
	t.over = true
	if t.savepoint != "" {
		return t.to(ctx, C.DBPGO_RELEASE_SAVEPOINT)
	}
	err := t.to(ctx, C.DBPGO_COMMIT)
	switch {
	case t.owned:
		t.conn.Release() // which rolls back what is left
	case err != nil:
		_ = t.to(context.WithoutCancel(ctx), C.DBPGO_ROLLBACK) // 25P01, if nothing is left
	}
	return err
}

// Rollback undoes everything, or what came after the savepoint. It works with a context that is over, too.
func (t *Tx) Rollback(ctx context.Context) error {
	if t.closed() {
		return ErrTxClosed
	}
	t.over = true
	ctx = context.WithoutCancel(ctx)
	if t.savepoint != "" {
		if err := t.to(ctx, C.DBPGO_ROLLBACK_TO); err != nil {
			return err
		}
		return t.to(ctx, C.DBPGO_RELEASE_SAVEPOINT)
	}
	err := t.to(ctx, C.DBPGO_ROLLBACK)
	if t.owned {
		t.conn.Release()
	}
	return err
}

func (t *Tx) closed() bool { return t.over || t.conn == nil }

// Conn is the connection of the transaction.
func (t *Tx) Conn() *Conn { return t.conn }

// Query runs a statement in the transaction; as Conn.Query.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	if t.closed() {
		return nil, ErrTxClosed
	}
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow is Query for one row. Its error is that of Scan.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) *Row {
	return rowOf(t.Query(ctx, sql, args...))
}

// Exec runs statements in the transaction; as Conn.Exec.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (CommandTag, error) {
	if t.closed() {
		return CommandTag{}, ErrTxClosed
	}
	return t.conn.Exec(ctx, sql, args...)
}

// How long InTx runs its function again without a context's deadline, as dbpool_tx_options says.
const attemptsLimit = 30 * time.Second

// InTx runs f in a transaction: commits if f returns nil, else rolls back and returns f's error. If the database asks for
// it (serialization failure, deadlock, SQLite busy), the whole runs again, after a growing random pause, up to
// MaxAttempts and for 30 s (or ctx's deadline). So f must have no effects outside the database that cannot be repeated, and
// must return the error that it got, as it is or wrapped.
func (p *Pool) InTx(ctx context.Context, options TxOptions, f func(*Tx) error) error {
	until := time.Now().Add(attemptsLimit)
	if deadline, ok := ctx.Deadline(); ok {
		until = deadline
	}
	for attempt := uint32(1); ; attempt++ {
		err := p.inTx(ctx, options, f)
		pause, again := p.again(options, err, attempt)
		if !again || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// Again asks the library, whose dbpool_transaction() would block a thread, whether a transaction that failed is to be run
// again, and after what pause.
func (p *Pool) again(options TxOptions, err error, attempt uint32) (pause time.Duration, again bool) {
	var e *Error
	if !errors.As(err, &e) || e.kept == nil {
		return 0, false
	}
	o := C.dbpool_tx_options{max_attempts: C.uint32_t(min(max(options.MaxAttempts, 0), math.MaxInt32))}
	o.struct_size = C.size_t(unsafe.Sizeof(o))
	var ms C.int64_t
	status := C.dbpool_transaction_again(p.c, &o, e.kept.c, C.uint32_t(attempt), &ms, nil)
	runtime.KeepAlive(e.kept)
	runtime.KeepAlive(p)
	return time.Duration(ms) * time.Millisecond, status == C.DBPOOL_OK
}

func (p *Pool) inTx(ctx context.Context, options TxOptions, f func(*Tx) error) error {
	tx, err := p.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) // also if f panics; what failed before counts
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
