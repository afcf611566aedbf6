package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"fmt"
)

// A Batch is a list of statements that go to the database together: to PostgreSQL in one round trip.
type Batch struct {
	// OneByOne: each statement commits on its own, and one that fails fails alone. Otherwise the batch is all or nothing.
	OneByOne bool

	queued []queuedStatement
}

type queuedStatement struct {
	sql  string
	args []any
}

// Queue adds a single statement. Its parameters are read by SendBatch.
func (b *Batch) Queue(sql string, args ...any) {
	b.queued = append(b.queued, queuedStatement{sql, args})
}

// Len is how many statements were queued.
func (b *Batch) Len() int { return len(b.queued) }

// BatchResults are the answers to a batch, in the order of its statements. Close them.
type BatchResults struct {
	pool     *Pool
	pipeline *C.dbpool_pipeline
	next     int
	count    int
	err      error // of the first that failed
}

// SendBatch borrows a connection, runs the batch and gives the connection back: the results are complete.
func (p *Pool) SendBatch(ctx context.Context, b *Batch) *BatchResults {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return &BatchResults{pool: p, err: err}
	}
	defer conn.Release()
	return conn.SendBatch(ctx, b)
}

// SendBatch runs the batch in the transaction. All or nothing is a savepoint then.
func (t *Tx) SendBatch(ctx context.Context, b *Batch) *BatchResults {
	if t.closed() {
		return &BatchResults{err: ErrTxClosed}
	}
	return t.conn.SendBatch(ctx, b)
}

// SendBatch runs the batch on this connection.
func (c *Conn) SendBatch(ctx context.Context, b *Batch) *BatchResults {
	if c.pool == nil {
		return &BatchResults{err: released()}
	}
	if ctx.Err() != nil {
		return &BatchResults{err: notBegun(ctx, PhaseQuery)}
	}
	r := &BatchResults{pool: c.pool, count: len(b.queued)}
	r.err = r.fill(b)
	if r.err == nil && r.count > 0 {
		var answer C.dbpgo_answer
		r.err = c.do(ctx, &answer, func(loop *C.dbpgo_loop, blocking C.uint32_t, to *C.dbpgo_answer) C.dbpool_status {
			return C.dbpgo_pipeline_run(loop, r.pipeline, c.lease, millis(ctx.Deadline()), blocking, to)
		})
	}
	return r
}

func (r *BatchResults) fill(b *Batch) error {
	var flags C.uint32_t
	if !b.OneByOne {
		flags = C.DBPOOL_PIPELINE_TRANSACTION
	}
	var cerr *C.dbpool_error
	if status := C.dbpool_pipeline_create(flags, &r.pipeline, &cerr); status < 0 {
		return takeError(status, cerr)
	}
	var args arguments
	for i, q := range b.queued {
		args.reset()
		err := args.encode(q.args, r.pool.sqlite)
		if err == nil {
			params, arena := args.pointers()
			status := C.dbpgo_pipeline_add(r.pipeline, charsOf(q.sql), C.size_t(len(q.sql)), params, arena,
				C.uint32_t(len(args.params)), &cerr)
			if status < 0 {
				err = takeError(status, cerr)
			}
		}
		if err != nil {
			C.dbpool_pipeline_free(r.pipeline)
			r.pipeline = nil
			return fmt.Errorf("statement %d of the batch: %w", i+1, err)
		}
	}
	return nil
}

// Query gives the rows of the next statement. In a batch that is all or nothing and failed, the one that is to blame gives
// its own error, the others say that they were undone or did not run.
func (r *BatchResults) Query() (*Rows, error) { return r.take(0) }

// QueryRow is Query for one row. Its error is that of Scan.
func (r *BatchResults) QueryRow() *Row { return rowOf(r.take(0)) }

// Exec gives what the next statement did.
func (r *BatchResults) Exec() (CommandTag, error) { return tagOf(r.take(C.DBPGO_EXEC)) }

func (r *BatchResults) take(flags C.uint32_t) (*Rows, error) {
	if r.pipeline == nil {
		if r.err != nil {
			return nil, r.err
		}
		return nil, invalid("the results of the batch are closed")
	}
	if r.next >= r.count {
		return nil, invalid("the batch has %d statements, and no more results", r.count)
	}
	rows := &Rows{pool: r.pool}
	s := statement{}
	s.c.flags = flags
	status := C.dbpgo_pipeline_result(r.pipeline, C.size_t(r.next), flags, &rows.answer)
	r.next++
	if status < 0 {
		err := takeError(status, rows.answer.error)
		if err.Code == ErrInvalid && r.err != nil {
			return nil, r.err // it was not run: nothing was
		}
		return nil, err
	}
	rows.begin(context.Background(), &s)
	return rows, nil
}

// Close frees the results that were not taken, and gives the error of the first statement that failed, if any; of the
// BEGIN or COMMIT, if that did. Closing twice is fine.
func (r *BatchResults) Close() error {
	if r.pipeline != nil {
		C.dbpool_pipeline_free(r.pipeline)
		r.pipeline = nil
	}
	return r.err
}
