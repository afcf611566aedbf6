package dbpool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbpool"
)

// A database that a test runs on.
type database struct {
	name string
	uri  string
}

func (d database) sqlite() bool { return d.name == "SQLite" }

// OnBoth runs a test on SQLite (a file of its own) and, if there is a server, on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, db database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, onSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, onPostgres(t)) })
}

func onSQLite(t testing.TB) database {
	return database{"SQLite", "sqlite:" + filepath.Join(t.TempDir(), "test.db")}
}

func onPostgres(t testing.TB) database {
	uri := os.Getenv("DBPOOL_TEST_POSTGRES_URL")
	if uri == "" {
		t.Skip("no DBPOOL_TEST_POSTGRES_URL")
	}
	return database{"PostgreSQL", uri}
}

// Context is over when the test has taken too long, so that nothing hangs.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, db database, options ...dbpool.Option) *dbpool.Pool {
	t.Helper()
	pool, err := dbpool.New(testContext(t), db.uri, options...)
	check(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func acquire(t testing.TB, pool *dbpool.Pool) *dbpool.Conn {
	t.Helper()
	conn, err := pool.Acquire(testContext(t))
	check(t, err)
	return conn
}

// MakeTable makes a table that goes with the test.
func makeTable(t testing.TB, pool *dbpool.Pool, name, columns string) {
	t.Helper()
	ctx := testContext(t)
	exec(t, pool, "DROP TABLE IF EXISTS "+name)
	exec(t, pool, "CREATE TABLE "+name+" ("+columns+")")
	t.Cleanup(func() { _, _ = pool.Exec(ctx, "DROP TABLE IF EXISTS "+name) })
}

func exec(t testing.TB, q dbpool.Querier, sql string, args ...any) dbpool.CommandTag {
	t.Helper()
	tag, err := q.Exec(testContext(t), sql, args...)
	check(t, err)
	return tag
}

func one[T any](t testing.TB, q dbpool.Querier, sql string, args ...any) T {
	t.Helper()
	v, err := dbpool.One[T](testContext(t), q, sql, args...)
	check(t, err)
	return v
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, err error, want error) *dbpool.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("the error is %v, not %v", err, want)
	}
	var e *dbpool.Error
	errors.As(err, &e)
	return e
}

func wantState(t testing.TB, err error, state string) {
	t.Helper()
	var e *dbpool.Error
	if !errors.As(err, &e) || e.SQLState() != state {
		t.Fatalf("the error is %v, not one with SQLSTATE %s", err, state)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Await waits until something is so.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain awaited: ", what)
		}
	}
}

// AllBack says that every connection comes back to the pool.
func allBack(t testing.TB, pool *dbpool.Pool) {
	t.Helper()
	await(t, "all connections back", func() bool { return pool.Stat().AcquiredConns() == 0 })
}
