// Package sqldriver is libdbpool's driver for database/sql. Importing it registers the name "dbpool":
//
//	db, err := sql.Open("dbpool", "postgresql://user@host/db?pool_size=20")
//
// or with a pool that the program uses directly, too:
//
//	db := sqldriver.OpenDB(pool)
//
// There is one pool, not two: what database/sql keeps as a connection is an empty shell that borrows a connection from
// the pool for as long as database/sql uses it (a statement and its rows, a transaction, a sql.Conn). So SetMaxIdleConns
// and the like matter little; the size of the pool is its own option.
//
// Parameters are $1 ... $n. Errors are *dbpool.Error, with a Code and SQLState(). Results are buffered, unless a
// dbpool.QueryOptions{Stream: true} comes in front of the parameters.
package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"

	"dbpool"
)

func init() { sql.Register("dbpool", Driver{}) }

var (
	_ driver.DriverContext = Driver{}
	_ driver.Connector     = (*connector)(nil)
	_ io.Closer            = (*connector)(nil)
)

// Driver is the driver that is registered as "dbpool".
type Driver struct{}

// Open makes a pool and a connection of it; both end with the connection. database/sql calls OpenConnector instead.
func (d Driver) Open(uri string) (driver.Conn, error) {
	connector := newConnector(uri)
	if _, err := connector.open(context.Background()); err != nil {
		return nil, err
	}
	return &Conn{pool: connector.pool, owned: connector.pool}, nil
}

// OpenConnector makes what opens connections to the database of a URI. Its pool is made with the first one.
func (d Driver) OpenConnector(uri string) (driver.Connector, error) { return newConnector(uri), nil }

// OpenDB makes a sql.DB of a pool. Closing it leaves the pool open.
func OpenDB(pool *dbpool.Pool) *sql.DB {
	c := newConnector("")
	c.pool, c.borrowed = pool, true
	return sql.OpenDB(c)
}

type connector struct {
	uri      string
	borrowed bool // the pool is another's

	turn chan struct{} // whose it is to touch pool; capacity 1
	pool *dbpool.Pool
}

func newConnector(uri string) *connector { return &connector{uri: uri, turn: make(chan struct{}, 1)} }

func (c *connector) open(ctx context.Context) (*dbpool.Pool, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done(): // another one is opening the pool, for as long as its own context says
		return nil, ctx.Err()
	}
	defer func() { <-c.turn }()
	if c.pool == nil {
		pool, err := dbpool.New(ctx, c.uri)
		if err != nil {
			return nil, err
		}
		c.pool = pool
	}
	return c.pool, nil
}

// Connect makes a shell; a connection is borrowed when there is something to do.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	pool, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{pool: pool}, nil
}

func (c *connector) Driver() driver.Driver { return Driver{} }

// Close is called by sql.DB.Close.
func (c *connector) Close() error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	if c.pool != nil && !c.borrowed {
		c.pool.Close()
	}
	return nil
}
