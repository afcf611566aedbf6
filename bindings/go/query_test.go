package dbpool_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"dbpool"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func countThreads(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/task")
	check(t, err)
	return len(entries)
}

// A statement that runs until it is cancelled.
func slowQuery(db database) string {
	if db.sqlite() {
		return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	}
	return "SELECT pg_sleep(600)"
}

// Rows 1 to n.
func series(db database, n int) string {
	if db.sqlite() {
		return fmt.Sprintf("WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s", n)
	}
	return fmt.Sprintf("SELECT i FROM generate_series(1, %d) AS s(i)", n)
}

func TestRowsAreReadOneByOne(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		conn := acquire(t, pool)
		defer conn.Release()
		for _, q := range []dbpool.Querier{pool, conn} {
			for _, options := range []dbpool.QueryOptions{{}, {Stream: true}, {ReadOnly: true}} {
				rows, err := q.Query(testContext(t), "SELECT i + $1 FROM ("+series(db, 5000)+") AS t ORDER BY 1",
					options, 10)
				check(t, err)
				for i := range 5000 {
					var n int
					equal(t, rows.Next(), true)
					check(t, rows.Scan(&n))
					equal(t, n, i+11)
				}
				equal(t, rows.Next(), false)
				equal(t, rows.Next(), false)
				check(t, rows.Err())
				equal(t, rows.CommandTag().String(), "SELECT")
				if rows.Scan(new(int)) == nil {
					t.Fatal("Scan behind the last row")
				}
				rows.Close()
			}
		}
	})
}

func TestRowsAndConnectionsAreUsedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		conn := acquire(t, pool)
		wantError(t, conn.Reacquire(ctx), dbpool.ErrInvalid)
		conn.Release()
		var rows dbpool.Rows
		run := func(ctx context.Context, name string, want int, into func(context.Context, *dbpool.Rows, string, ...any) error) {
			t.Helper()
			check(t, into(ctx, &rows, "SELECT $1 || '!' AS "+name+", "+fmt.Sprint(want), name))
			var text string
			var n int
			equal(t, rows.Next(), true)
			check(t, rows.Scan(&text, &n))
			equal(t, text, name+"!")
			equal(t, n, want)
			equal(t, rows.ColumnNames()[0], name)
		}
		failing := func(into func(context.Context, *dbpool.Rows, string, ...any) error) {
			t.Helper()
			wantState(t, into(context.Background(), &rows, "SELEKT 1"), "42601")
			equal(t, rows.Next(), false)
			equal(t, rows.CommandTag(), dbpool.CommandTag{})
		}
		for i := range 4 {
			for _, ctx := range []context.Context{ctx, context.Background()} {
				run(ctx, fmt.Sprint("a", i/2), i, conn.ReacquireInto)
				run(ctx, fmt.Sprint("a", i), i, conn.QueryInto)
				equal(t, pool.Stat().AcquiredConns(), 1)
				wantError(t, conn.ReacquireInto(ctx, &rows, "SELECT 1"), dbpool.ErrInvalid)
				conn.Release()
				wantError(t, conn.QueryInto(ctx, &rows, "SELECT 1"), dbpool.ErrReleased)
				failing(conn.ReacquireInto)
				allBack(t, pool)
			}
		}
		check(t, conn.Reacquire(ctx))
		failing(conn.QueryInto)
		run(ctx, "last", 5, conn.QueryInto)
		rows.Close()
		equal(t, rows.CommandTag().String(), "SELECT")
		conn.Release()
		allBack(t, pool)
	})
}

func TestAQueryWaitsForItsConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0), dbpool.WithOption("acquire_timeout", "100ms"))
		conn := acquire(t, pool)
		conn.Release()
		other := acquire(t, pool)
		var rows dbpool.Rows
		wantError(t, conn.ReacquireInto(context.Background(), &rows, "SELECT 1"), dbpool.ErrTimeout)
		time.AfterFunc(20*time.Millisecond, other.Release)
		check(t, conn.ReacquireInto(context.Background(), &rows, "SELECT 1"))
		equal(t, rows.Next(), true)
		conn.Release()
		rows.Close()
		allBack(t, pool)
	})
}

func TestQueryRow(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		var text string
		var n int
		check(t, pool.QueryRow(ctx, "SELECT $1 || '!', 6 * 7", "hello").Scan(&text, &n))
		equal(t, text, "hello!")
		equal(t, n, 42)
		err := pool.QueryRow(ctx, "SELECT 1 WHERE 1 = 0").Scan(&n)
		wantError(t, err, dbpool.ErrNoRows)
		wantError(t, err, sql.ErrNoRows)
		wantState(t, pool.QueryRow(ctx, "SELEKT 1").Scan(&n), "42601")
		allBack(t, pool)
	})
}

func TestExecCountsAndInserts(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		makeTable(t, pool, "go_exec", "id integer PRIMARY KEY, name text")
		tag := exec(t, pool, "INSERT INTO go_exec VALUES ($1, $2), ($3, $4)", 1, "a", 2, "b")
		equal(t, tag.RowsAffected(), 2)
		equal(t, tag.String(), "INSERT")
		if db.sqlite() {
			equal(t, tag.LastInsertID(), 2)
		}
		equal(t, exec(t, pool, "UPDATE go_exec SET name = 'c'").RowsAffected(), 2)
		equal(t, exec(t, pool, "DELETE FROM go_exec; INSERT INTO go_exec VALUES (7, 'x')").RowsAffected(), 1)
		equal(t, exec(t, pool, "SELECT 1").RowsAffected(), 0)
		_, err := pool.Exec(testContext(t), "INSERT INTO go_exec VALUES (7, 'again')")
		wantState(t, err, "23505")
	})
}

func TestErrorsSayWhere(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		_, err := pool.Query(testContext(t), "SELECT nothing_of_this_name")
		e := wantError(t, err, dbpool.ErrSQL)
		equal(t, e.SQLState() != "", true)
		equal(t, e.Phase, dbpool.PhaseQuery)
		if !contains(e.Message, "nothing_of_this_name") || !contains(err.Error(), e.SQLState()) {
			t.Fatal(err)
		}
		if !db.sqlite() {
			equal(t, e.Position, 8)
		}
		_, err = pool.Query(testContext(t), "SELECT $1, $2", 1)
		wantError(t, err, dbpool.ErrInvalid)
		_, err = pool.Query(testContext(t), "SELECT $1", make(chan int))
		wantError(t, err, dbpool.ErrInvalid)
		_, err = pool.Query(testContext(t), "SELECT $1", sql.Named("x", 1))
		if e := wantError(t, err, dbpool.ErrInvalid); !contains(e.Message, `instead of "x"`) {
			t.Fatal(err)
		}
		_, err = pool.Query(testContext(t), "SELECT 1 \x00")
		wantError(t, err, dbpool.ErrInvalid)
		allBack(t, pool)
	})
}

func TestSeveralResultsOfOneText(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		conn := acquire(t, open(t, db))
		defer conn.Release()
		rows, err := conn.Query(testContext(t), "SELECT 1 AS a; SELECT 2 AS b, 3 AS c")
		check(t, err)
		defer rows.Close()
		equal(t, rows.ColumnNames()[0], "a")
		equal(t, rows.NextResultSet(), true)
		equal(t, len(rows.ColumnNames()), 2)
		var b, c int
		equal(t, rows.Next(), true)
		check(t, rows.Scan(&b, &c))
		equal(t, b*10+c, 23)
		equal(t, rows.NextResultSet(), false)
		check(t, rows.Err())
	})
}

func TestAStreamHoldsItsConnectionUntilItsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		ctx := testContext(t)
		stream := dbpool.QueryOptions{Stream: true}
		rows, err := pool.Query(ctx, series(db, 20000), stream)
		check(t, err)
		equal(t, rows.Next(), true)
		equal(t, pool.Stat().AcquiredConns(), 1)
		rows.Close()
		allBack(t, pool)

		conn := acquire(t, pool)
		rows, err = conn.Query(ctx, series(db, 20000), stream)
		check(t, err)
		equal(t, rows.Next(), true)
		_, err = conn.Exec(ctx, "SELECT 1")
		wantError(t, err, dbpool.ErrBusy)
		conn.Release()
		for rows.Next() {
		}
		wantError(t, rows.Err(), dbpool.ErrReleased)
		allBack(t, pool)
	})
}

func TestAContextEndsAStream(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx, cancel := context.WithCancel(context.Background())
		rows, err := pool.Query(ctx, series(db, 1_000_000), dbpool.QueryOptions{Stream: true})
		check(t, err)
		equal(t, rows.Next(), true)
		cancel()
		for rows.Next() {
		}
		wantError(t, rows.Err(), context.Canceled)
		allBack(t, pool)
	})
}

func TestAContextEndsAStatementAndTheConnectionStays(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		for _, ends := range []error{context.Canceled, context.DeadlineExceeded} {
			for _, leased := range []bool{true, false} {
				var q dbpool.Querier = pool
				if leased {
					conn := acquire(t, pool)
					defer conn.Release()
					q = conn
				}
				until := 20 * time.Millisecond
				if ends == context.Canceled {
					until = time.Hour
				}
				ctx, cancel := context.WithTimeout(context.Background(), until)
				if ends == context.Canceled {
					time.AfterFunc(20*time.Millisecond, cancel)
				}
				_, err := q.Exec(ctx, slowQuery(db))
				cancel()
				e := wantError(t, err, ends)
				if ends == context.Canceled { // of a deadline, the library's or the context's own may be sooner
					equal(t, e.Code, dbpool.ErrCancelled)
				}
				if e.Flags&dbpool.FlagConnBroken == 0 { // a busy machine may take too long to answer the cancel
					equal(t, one[int](t, q, "SELECT 5"), 5)
				}
				if conn, ok := q.(*dbpool.Conn); ok {
					conn.Release()
				}
			}
		}
		allBack(t, pool)
	})
}

func TestOnlyTheStatementOfTheContextIsCancelled(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		defer conn.Release()
		for range 300 {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			_, err := conn.Exec(ctx, "SELECT 1")
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			equal(t, one[int](t, conn, "SELECT 2"), 2)
		}
	})
}

func TestAnErrorInAFunctionTellsWhere(t *testing.T) {
	conn := acquire(t, open(t, onPostgres(t)))
	defer conn.Release()
	exec(t, conn, "CREATE DOMAIN pg_temp.positive AS int CHECK (VALUE > 0)")
	_, err := conn.Exec(testContext(t), "SELECT (-1)::pg_temp.positive")
	equal(t, wantError(t, err, dbpool.ErrSQL).DataType, "positive")
	_, err = conn.Exec(testContext(t), "DO $$ BEGIN\n PERFORM 1 FROM no_such_table; END $$")
	e := wantError(t, err, dbpool.ErrSQL)
	equal(t, e.Severity, "ERROR")
	equal(t, e.Position, 0)
	equal(t, e.InternalQuery, "SELECT 1 FROM no_such_table")
	equal(t, e.InternalPosition, 15)
	equal(t, e.Where, "PL/pgSQL function inline_code_block line 2 at PERFORM")
	equal(t, e.File, "parse_relation.c")
	equal(t, e.Routine, "parserOpenTable")
	if e.Line < 100 {
		t.Fatal(e.Line)
	}
	_, err = open(t, onSQLite(t)).Exec(testContext(t), "SELECT * FROM no_such_table")
	equal(t, wantError(t, err, dbpool.ErrSQL).Severity, "")
}

func TestAColumnTellsItsTable(t *testing.T) {
	conn := acquire(t, open(t, onPostgres(t)))
	defer conn.Release()
	exec(t, conn, "CREATE TEMP TABLE origin (a int, b text)")
	oid := one[int](t, conn, "SELECT 'origin'::regclass::int")
	columns, _, err := conn.Describe(testContext(t), "SELECT b, a + 1 FROM origin")
	check(t, err)
	equal(t, int(columns[0].NativeTable), oid)
	equal(t, columns[0].NativeColumn, 2)
	equal(t, columns[1].NativeTable, 0)
	equal(t, columns[1].NativeColumn, 0)
}

func TestDescribe(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		conn := acquire(t, open(t, db))
		defer conn.Release()
		columns, params, err := conn.Describe(testContext(t), "SELECT CAST($1 AS integer) AS n, 'x' AS t")
		check(t, err)
		equal(t, len(columns), 2)
		equal(t, columns[0].Name, "n")
		equal(t, len(params), 1)
		if !db.sqlite() {
			equal(t, columns[0].Kind, dbpool.KindInteger)
			equal(t, columns[0].NativeType, 23)
			equal(t, columns[0].NativeName, "int4")
			equal(t, params[0].NativeType, 23)
		}
		_, _, err = conn.Describe(testContext(t), "SELECT FROM WHERE")
		wantState(t, err, "42601")
	})
}

func TestADeadlineIsATimeOutOnBothDatabases(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		endless := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
		for _, limit := range []time.Duration{0, time.Microsecond, 20 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			_, err := pool.Exec(ctx, endless)
			cancel()
			if !wantError(t, err, dbpool.ErrTimeout).Timeout() {
				t.Error(err)
			}
			wantError(t, err, context.DeadlineExceeded)
		}
	})
}
