package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"dbpool"
)

// Conn is what database/sql takes for a connection; sql.Conn.Raw gives it.
type Conn struct {
	pool  *dbpool.Pool
	owned *dbpool.Pool // to be closed with the connection
	lease *dbpool.Conn // nil: nothing is borrowed
	spare *dbpool.Conn // released, and known to nobody else
	known bool         // the lease was given away
	rows  *rows        // closed, for the next statement
	tx    *dbpool.Tx
	args  []any // of the statement under way
}

var (
	_ driver.ConnBeginTx        = (*Conn)(nil)
	_ driver.ConnPrepareContext = (*Conn)(nil)
	_ driver.ExecerContext      = (*Conn)(nil)
	_ driver.QueryerContext     = (*Conn)(nil)
	_ driver.Pinger             = (*Conn)(nil)
	_ driver.SessionResetter    = (*Conn)(nil)
	_ driver.Validator          = (*Conn)(nil)
	_ driver.NamedValueChecker  = (*Conn)(nil)
)

// Lease is the connection borrowed from the pool, for what database/sql does not have. It goes back when database/sql is
// done with this one.
func (c *Conn) Lease(ctx context.Context) (*dbpool.Conn, error) {
	lease, err := c.borrow(ctx)
	c.known = c.lease != nil
	return lease, err
}

func (c *Conn) borrow(ctx context.Context) (*dbpool.Conn, error) {
	if c.lease != nil {
		return c.lease, nil
	}
	lease := c.spare
	var err error
	if lease == nil {
		lease, err = c.pool.Acquire(ctx)
	} else {
		err = lease.Reacquire(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.lease, c.spare = lease, nil
	return lease, nil
}

func (c *Conn) giveBack() {
	if c.lease != nil {
		c.lease.Release() // rolls back what is open
		if !c.known {
			c.spare = c.lease
		}
		c.lease, c.tx, c.known = nil, nil, false
	}
}

// IsValid is what database/sql asks when it puts the connection back among its own: the moment to do the same.
func (c *Conn) IsValid() bool {
	c.giveBack()
	return true
}

// ResetSession has nothing to do: a session is cleaned by the pool.
func (c *Conn) ResetSession(context.Context) error { return nil }

// Close gives back what is borrowed.
func (c *Conn) Close() error {
	c.giveBack()
	if c.owned != nil {
		c.owned.Close()
	}
	return nil
}

// Ping asks the database for a sign of life.
func (c *Conn) Ping(ctx context.Context) error {
	lease, err := c.borrow(ctx)
	if err != nil {
		return err
	}
	return c.failure(lease.Ping(ctx))
}

// BadConn lets database/sql try again on another connection.
type badConn struct{ error }

func (b badConn) Is(target error) bool { return target == driver.ErrBadConn }
func (b badConn) Unwrap() error        { return b.error }

// Failure makes the error driver.ErrBadConn as well if the connection was lost before anything was sent.
func (c *Conn) failure(err error) error {
	var e *dbpool.Error
	if errors.As(err, &e) && e.Code == dbpool.ErrBroken && e.NotSent() && c.tx == nil {
		return badConn{err}
	}
	return err
}

// CheckNamedValue lets everything pass: the pool knows more types than database/sql.
func (c *Conn) CheckNamedValue(v *driver.NamedValue) error {
	if v.Name != "" {
		return fmt.Errorf("dbpool: parameters have numbers, not names: $1 instead of %q", v.Name)
	}
	return nil
}

// Take gives the arguments of a statement as the pool wants them, in memory that is used for the next one again.
func (c *Conn) take(values []driver.NamedValue) []any {
	c.args = c.args[:0]
	for i := range values {
		c.args = append(c.args, values[i].Value)
	}
	return c.args
}

// QueryContext runs a statement that gives rows.
func (c *Conn) QueryContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	args := c.take(values)
	r := c.rows
	if c.rows = nil; r == nil {
		r = &rows{conn: c}
	}
	defer clear(args) // which may be large
	if err := c.queryInto(ctx, r, query, args); err != nil {
		c.rows = r
		return nil, c.failure(err)
	}
	return r, nil
}

func (c *Conn) queryInto(ctx context.Context, r *rows, query string, args []any) error {
	if c.lease == nil && c.spare != nil {
		err := c.spare.ReacquireInto(ctx, &r.Rows, query, args...)
		if err == nil {
			c.lease, c.spare = c.spare, nil
		}
		return err
	}
	lease, err := c.borrow(ctx)
	if err != nil {
		return err
	}
	return lease.QueryInto(ctx, &r.Rows, query, args...)
}

// ExecContext runs statements of which no rows are wanted.
func (c *Conn) ExecContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	args := c.take(values)
	defer clear(args)
	lease, err := c.borrow(ctx)
	if err != nil {
		return nil, err
	}
	tag, err := lease.Exec(ctx, query, args...)
	if err != nil {
		return nil, c.failure(err)
	}
	return result(tag), nil
}

type result dbpool.CommandTag

// LastInsertId is SQLite's; PostgreSQL has RETURNING.
func (r result) LastInsertId() (int64, error) {
	id := dbpool.CommandTag(r).LastInsertID()
	if id == 0 {
		return 0, errors.New("dbpool: there is no last inserted id; use RETURNING")
	}
	return id, nil
}

func (r result) RowsAffected() (int64, error) { return dbpool.CommandTag(r).RowsAffected(), nil }

// Begin is there for driver.Conn; database/sql calls BeginTx.
func (c *Conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

var isolations = map[sql.IsolationLevel]dbpool.Isolation{
	sql.LevelDefault:         dbpool.IsolationDefault,
	sql.LevelReadUncommitted: dbpool.ReadCommitted, // more than was asked for, as PostgreSQL does it
	sql.LevelReadCommitted:   dbpool.ReadCommitted,
	sql.LevelRepeatableRead:  dbpool.RepeatableRead,
	sql.LevelSnapshot:        dbpool.RepeatableRead, // which it is, on PostgreSQL
	sql.LevelSerializable:    dbpool.Serializable,
}

// BeginTx begins a transaction.
func (c *Conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	isolation, ok := isolations[sql.IsolationLevel(options.Isolation)]
	if !ok {
		return nil, fmt.Errorf("dbpool: no isolation %v", sql.IsolationLevel(options.Isolation))
	}
	lease, err := c.borrow(ctx)
	if err != nil {
		return nil, err
	}
	t, err := lease.BeginTx(ctx, dbpool.TxOptions{Isolation: isolation, ReadOnly: options.ReadOnly})
	if err != nil {
		return nil, c.failure(err)
	}
	c.tx = t
	return tx{c}, nil
}

type tx struct{ conn *Conn }

func (t tx) Commit() error {
	defer t.over()
	return t.conn.tx.Commit(context.Background())
}

func (t tx) Rollback() error {
	defer t.over()
	return t.conn.tx.Rollback(context.Background())
}

func (t tx) over() { t.conn.tx = nil }

// Prepare is there for driver.Conn; database/sql calls PrepareContext.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext asks the database what it thinks of the statement. The pool prepares by itself what is run often, on
// each connection.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	lease, err := c.borrow(ctx)
	if err != nil {
		return nil, err
	}
	_, params, err := lease.Describe(ctx, query)
	switch {
	case err == nil:
		return &stmt{conn: c, query: query, params: len(params)}, nil
	case errors.Is(err, dbpool.ErrInvalid): // several statements cannot be described, but run
		return &stmt{conn: c, query: query, params: -1}, nil
	}
	return nil, c.failure(err)
}

type stmt struct {
	conn    *Conn
	query   string
	params  int
	options []driver.NamedValue // a dbpool.QueryOptions in front of the arguments shown since NumInput
}

var (
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)

	_ driver.NamedValueChecker = (*stmt)(nil)
)

func (s *stmt) Close() error { return nil }

// NumInput is what database/sql asks first; then it shows the arguments, and may find that they are not so many.
func (s *stmt) NumInput() int {
	s.options = nil
	return s.params
}

// CheckNamedValue takes options out, which are no parameter.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if _, ok := v.Value.(dbpool.QueryOptions); ok && v.Ordinal == 1 {
		s.options = []driver.NamedValue{*v}
		return driver.ErrRemoveArgument
	}
	return s.conn.CheckNamedValue(v)
}

func (s *stmt) all(args []driver.NamedValue) []driver.NamedValue {
	if s.options == nil {
		return args
	}
	return append(s.options, args...)
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, s.all(args))
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, s.all(args))
}

func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(values []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(values))
	for i, v := range values {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}
