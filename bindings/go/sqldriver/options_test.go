package sqldriver_test

import (
	"database/sql"
	"errors"
	"testing"

	"dbpool"
)

const manyRows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n"

// IsStream closes the rows, and reports whether no other statement could run beside them.
func isStream(t *testing.T, conn *sql.Conn, rows *sql.Rows, err error) bool {
	check(t, err)
	defer rows.Close()
	equal(t, rows.Next(), true)
	_, err = conn.ExecContext(ctx, "SELECT 1")
	if err != nil && !errors.Is(err, dbpool.ErrBusy) {
		t.Error(err)
	}
	return err != nil
}

// Options are those of their statement, also if that was never run.
func TestOptionsHoldForOneStatement(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		conn, err := db.Conn(ctx)
		check(t, err)
		defer conn.Close()
		stmt, err := conn.PrepareContext(ctx, manyRows+" WHERE i <> $1")
		check(t, err)
		defer stmt.Close()
		stream := dbpool.QueryOptions{Stream: true}
		for _, refused := range []func() (*sql.Rows, error){
			func() (*sql.Rows, error) { return conn.QueryContext(ctx, "SELECT $1", stream, sql.Named("a", "b")) },
			func() (*sql.Rows, error) { return conn.QueryContext(ctx, "SELECT $1", stream, make(chan int)) },
			func() (*sql.Rows, error) { return stmt.QueryContext(ctx, stream, 1, 2) },
			func() (*sql.Rows, error) { return stmt.QueryContext(ctx, stream, sql.Named("a", "b")) },
		} {
			rows, err := stmt.QueryContext(ctx, stream, 0)
			equal(t, isStream(t, conn, rows, err), true)
			if rows, err := refused(); err == nil {
				t.Fatal("it was not refused: ", rows.Close())
			}
			rows, err = conn.QueryContext(ctx, manyRows)
			equal(t, isStream(t, conn, rows, err), false)
			rows, err = conn.QueryContext(ctx, manyRows, stream)
			equal(t, isStream(t, conn, rows, err), true)
			if rows, err := refused(); err == nil {
				t.Fatal("it was not refused: ", rows.Close())
			}
			rows, err = stmt.QueryContext(ctx, 0)
			equal(t, isStream(t, conn, rows, err), false)
		}
	})
}
