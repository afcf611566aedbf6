package sqldriver_test

import (
	"database/sql"
	"errors"
	"testing"

	"dbpool"
	"dbpool/sqldriver"
)

func TestALeaseThatWasGivenAwayIsNotUsedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		var n int
		check(t, db.QueryRow("SELECT 1").Scan(&n))
		conn, err := db.Conn(ctx)
		check(t, err)
		var lease *dbpool.Conn
		check(t, conn.Raw(func(c any) error {
			lease, err = c.(*sqldriver.Conn).Lease(ctx)
			return err
		}))
		check(t, conn.QueryRowContext(ctx, "SELECT 2").Scan(&n))
		check(t, conn.Close())
		again, err := db.Conn(ctx)
		check(t, err)
		check(t, again.QueryRowContext(ctx, "SELECT 3").Scan(&n))
		if err := lease.Ping(ctx); !errors.Is(err, dbpool.ErrReleased) {
			t.Fatal("a released lease answers: ", err)
		}
		check(t, again.Close())
	})
}

func TestRowsOpenAtOnceAreTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		tx, err := db.Begin()
		check(t, err)
		for range 3 {
			var open [3]*sql.Rows
			for i := range open {
				open[i], err = tx.Query("SELECT $1 || '', "+"'x' AS c"+string(rune('0'+i)), string(rune('a'+i)))
				check(t, err)
			}
			for i, rows := range open {
				var a, b string
				equal(t, rows.Next(), true)
				check(t, rows.Scan(&a, &b))
				equal(t, a, string(rune('a'+i)))
				names, err := rows.Columns()
				check(t, err)
				equal(t, names[1], "c"+string(rune('0'+i)))
				check(t, rows.Close())
				check(t, rows.Close())
			}
		}
		check(t, tx.Commit())
	})
}
