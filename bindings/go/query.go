package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"sync"
	"time"
	"unsafe"
)

// QueryOptions in front of the parameters of Query, QueryRow or Exec say how to run the statement:
//
//	rows, err := pool.Query(ctx, "SELECT ... WHERE id > $1", dbpool.QueryOptions{Stream: true}, 100)
type QueryOptions struct {
	Stream   bool          // fetch rows as they are asked for; the connection is held until the end of the rows
	Alone    bool          // a query of the pool shares its connection with no other, however many there are
	ReadOnly bool          // the statement writes nothing: it may be tried again, and share a transaction with others
	Timeout  time.Duration // at most; 0: the context's deadline, or else the pool's query_timeout
}

// CommandTag is what a statement did.
type CommandTag struct {
	command      string
	affected     int64
	lastInsertID int64
}

// RowsAffected is how many rows INSERT, UPDATE, DELETE or MERGE changed; 0 for other statements.
func (t CommandTag) RowsAffected() int64 { return t.affected }

// LastInsertID is the rowid of the row that the statement inserted last, on SQLite. PostgreSQL has RETURNING.
func (t CommandTag) LastInsertID() int64 { return t.lastInsertID }

// String is the kind of statement: "SELECT", "INSERT", "CREATE TABLE" ...
func (t CommandTag) String() string { return t.command }

// A statement on its way to the library, which copies what it keeps. Used again and again: free it after the call.
type statement struct {
	sql  string
	args arguments
	c    C.dbpgo_statement
}

var statements = sync.Pool{New: func() any { return new(statement) }}

func (s *statement) free() {
	s.sql = ""
	s.args.reset()
	statements.Put(s)
}

func (p *Pool) statement(ctx context.Context, sql string, args []any, flags C.uint32_t) (*statement, error) {
	if ctx.Err() != nil {
		return nil, notBegun(ctx, PhaseQuery)
	}
	s := statements.Get().(*statement)
	s.sql = sql
	s.c = C.dbpgo_statement{flags: flags, sql_size: C.size_t(len(sql)), timeout_ms: -1}
	if ctx.Done() != nil {
		s.c.timeout_ms = millis(ctx.Deadline())
	}
	if len(args) > 0 {
		if options, ok := args[0].(QueryOptions); ok {
			args = args[1:]
			s.apply(options)
		}
	}
	if err := s.args.encode(args, p.sqlite); err != nil {
		s.free()
		return nil, err
	}
	s.c.param_count = C.uint32_t(len(args))
	return s, nil
}

func (s *statement) apply(o QueryOptions) {
	if o.Stream && s.c.flags&C.DBPGO_EXEC == 0 {
		s.c.flags |= C.DBPOOL_QUERY_STREAM
	}
	if o.Alone {
		s.c.flags |= C.DBPOOL_QUERY_ALONE
	}
	if o.ReadOnly {
		s.c.flags |= C.DBPOOL_QUERY_READ_ONLY
	}
	if limit := C.int64_t(o.Timeout / time.Millisecond); o.Timeout > 0 && (s.c.timeout_ms < 0 || limit < s.c.timeout_ms) {
		s.c.timeout_ms = max(limit, 1)
	}
}

func (s *statement) stream() bool { return s.c.flags&C.DBPOOL_QUERY_STREAM != 0 }

// Text is the statement's text as the library takes it: never NULL.
func (s *statement) text() *C.char { return charsOf(s.sql) }

var empty = [1]byte{}

func charsOf(s string) *C.char {
	if s == "" {
		return (*C.char)(unsafe.Pointer(&empty[0]))
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s)))
}

// Query runs a statement on a connection of the pool's choice and gives its rows, which are buffered: the connection is
// free already. On PostgreSQL statements of many goroutines share connections.
//
// Close the rows; reading them to the end does it, too.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return p.query(ctx, sql, args, 0)
}

// QueryRow is Query for one row. Its error is that of Scan.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) *Row {
	return rowOf(p.query(ctx, sql, args, 0))
}

// Exec runs statements of which no rows are wanted. Without parameters there may be several, separated by semicolons; the
// tag is that of the last.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (CommandTag, error) {
	return tagOf(p.query(ctx, sql, args, C.DBPGO_EXEC))
}

func (p *Pool) query(ctx context.Context, sql string, args []any, flags C.uint32_t) (*Rows, error) {
	s, err := p.statement(ctx, sql, args, flags)
	if err != nil {
		return nil, err
	}
	defer s.free()
	if p.sqlite {
		return p.queryHere(ctx, s)
	}
	call, err := p.callFor(s)
	defer p.busy.Add(-1)
	if err != nil {
		return nil, err
	}
	r := &Rows{pool: p}
	params, arena := s.args.pointers()
	err = call.run(ctx, func(loop *C.dbpgo_loop, _ C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
		return C.dbpgo_query(loop, p.c, s.text(), params, arena, &s.c, to)
	}, &r.answer)
	if err != nil {
		return nil, err
	}
	r.begin(ctx, s)
	return r, nil
}

// CallFor gives a one-shot a seat while there are no more of them, and of leases, than connections: each can have one to
// itself then. Else they had better share connections, which needs a loop for all.
func (p *Pool) callFor(s *statement) (*call, error) {
	if p.busy.Add(1) > p.size.Load() || s.stream() {
		return p.loop.call()
	}
	s.c.flags |= C.DBPOOL_QUERY_ALONE
	return p.loop.seatOrCall()
}

// QueryHere borrows a connection and runs the statement on it in the calling goroutine.
func (p *Pool) queryHere(ctx context.Context, s *statement) (*Rows, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	r, err := conn.run(ctx, s)
	if err == nil && s.stream() {
		r.owned = conn
		return r, nil
	}
	conn.Release()
	if err == nil {
		r.conn = nil
	}
	return r, err
}

// Query runs a statement on this connection and gives its rows. They are buffered unless QueryOptions say
// otherwise; then no other statement can run until they are closed.
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return c.query(ctx, sql, args, 0)
}

// QueryRow is Query for one row. Its error is that of Scan.
func (c *Conn) QueryRow(ctx context.Context, sql string, args ...any) *Row {
	return rowOf(c.query(ctx, sql, args, 0))
}

// Exec runs statements of which no rows are wanted; as Pool.Exec.
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) (CommandTag, error) {
	return tagOf(c.query(ctx, sql, args, C.DBPGO_EXEC))
}

func (c *Conn) query(ctx context.Context, sql string, args []any, flags C.uint32_t) (*Rows, error) {
	if c.pool == nil {
		return nil, released()
	}
	s, err := c.pool.statement(ctx, sql, args, flags)
	if err != nil {
		return nil, err
	}
	defer s.free()
	return c.run(ctx, s)
}

func (c *Conn) run(ctx context.Context, s *statement) (*Rows, error) {
	r := &Rows{pool: c.pool, conn: c}
	if err := c.runInto(ctx, s, r); err != nil {
		return nil, err
	}
	return r, nil
}

func (c *Conn) runInto(ctx context.Context, s *statement, r *Rows) error {
	if c.pool.sqlite {
		return c.runHere(ctx, s, r)
	}
	params, arena := s.args.pointers()
	err := c.do(ctx, &r.answer, func(loop *C.dbpgo_loop, blocking C.uint32_t, answer *C.dbpgo_answer) C.dbpool_status {
		s.c.flags |= blocking
		return C.dbpgo_conn_query(loop, c.lease, s.text(), params, arena, &s.c, answer)
	})
	if err != nil {
		return err
	}
	r.begin(ctx, s)
	return nil
}

// RunHere is for a database without a server: nobody but this thread has to do with the answer.
func (c *Conn) runHere(ctx context.Context, s *statement, r *Rows) error {
	var stop func()
	if ctx.Done() != nil {
		stop = c.cancelWith(ctx)
	}
	params, arena := s.args.pointers()
	status := C.dbpgo_query_here(c.lease, s.text(), params, arena, &s.c, r.room())
	if stop != nil {
		stop()
	}
	if c.released.Load() { // meanwhile, when the lease was in use
		c.pool.release(c.lease)
	}
	return c.begun(ctx, s, r, status)
}

func (c *Conn) begun(ctx context.Context, s *statement, r *Rows, status C.dbpool_status) error {
	if status < 0 {
		return withContext(ctx, takeError(status, r.answer.error))
	}
	r.begin(ctx, s)
	return nil
}

// Describe gives the columns and parameters of a statement without running it. SQLite does not know the types of
// parameters.
func (c *Conn) Describe(ctx context.Context, sql string) (columns, params []Column, err error) {
	r := Rows{pool: c.pool, conn: c}
	err = c.do(ctx, &r.answer, func(loop *C.dbpgo_loop, blocking C.uint32_t, answer *C.dbpgo_answer) C.dbpool_status {
		return C.dbpgo_conn_describe(loop, c.lease, charsOf(sql), C.size_t(len(sql)), blocking, answer)
	})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var described *C.dbpool_column
	count := C.dbpool_result_params(r.answer.result, &described)
	return columnsOf(r.answer.columns, r.answer.column_count), columnsOf(described, count), nil
}
