package sqldriver_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"dbpool"
	"dbpool/sqldriver"
)

var ctx = context.Background()

func onBoth(t *testing.T, test func(t *testing.T, db *sql.DB, sqlite bool)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")), true)
	})
	t.Run("PostgreSQL", func(t *testing.T) { test(t, openPostgres(t), false) })
}

func openPostgres(t *testing.T) *sql.DB {
	uri := os.Getenv("DBPOOL_TEST_POSTGRES_URL")
	if uri == "" {
		t.Skip("no DBPOOL_TEST_POSTGRES_URL")
	}
	return open(t, uri)
}

func open(t *testing.T, uri string) *sql.DB {
	db, err := sql.Open("dbpool", uri)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func makeTable(t *testing.T, db *sql.DB, name, columns string) {
	_, err := db.Exec("DROP TABLE IF EXISTS " + name)
	check(t, err)
	_, err = db.Exec("CREATE TABLE " + name + " (" + columns + ")")
	check(t, err)
	t.Cleanup(func() { db.Exec("DROP TABLE IF EXISTS " + name) })
}

func TestQueriesAndStatements(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, sqlite bool) {
		check(t, db.Ping())
		makeTable(t, db, "go_sql", "id integer PRIMARY KEY, name text, at timestamp")
		moment := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		stmt, err := db.Prepare("INSERT INTO go_sql VALUES ($1, $2, $3)")
		check(t, err)
		defer stmt.Close()
		for i := range 10 {
			done, err := stmt.Exec(i+1, "name", moment)
			check(t, err)
			n, err := done.RowsAffected()
			check(t, err)
			equal(t, n, 1)
			id, err := done.LastInsertId()
			equal(t, err == nil, sqlite)
			if sqlite {
				equal(t, id, int64(i+1))
			}
		}
		if _, err = stmt.Exec(1, 2); err == nil {
			t.Fatal("too few arguments")
		}
		rows, err := db.Query("SELECT id, name, at FROM go_sql WHERE id > $1 ORDER BY id", dbpool.QueryOptions{Stream: true}, 5)
		check(t, err)
		n := 5
		for rows.Next() {
			var id int
			var name sql.NullString
			var at time.Time
			check(t, rows.Scan(&id, &name, &at))
			n++
			equal(t, id, n)
			equal(t, at.Equal(moment), true)
		}
		check(t, rows.Err())
		equal(t, n, 10)
		if _, err := db.Prepare("SELECT FROM WHERE"); err == nil {
			t.Fatal("prepared")
		}
		if _, err := db.Query("SELECT $1", sql.Named("x", 1)); err == nil {
			t.Fatal("named")
		}
		if _, err := db.Query("SELECT $1", sql.Out{Dest: new(int)}); !errors.Is(err, dbpool.ErrInvalid) {
			t.Fatal(err)
		}
	})
}

func TestErrorsHaveACodeAndAState(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		makeTable(t, db, "go_errors", "id integer PRIMARY KEY")
		_, err := db.Exec("INSERT INTO go_errors VALUES (1), (1)")
		var e *dbpool.Error
		if !errors.As(err, &e) || e.Code != dbpool.ErrSQL || e.SQLState() != "23505" || errors.Is(err, driver.ErrBadConn) {
			t.Fatal(err)
		}
		equal(t, db.QueryRow("SELECT 1 WHERE 1 = 0").Scan(new(int)), sql.ErrNoRows)
	})
}

// KillerOf gives what ends the server's process behind q.
func killerOf(t *testing.T, db *sql.DB, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (pid int, kill func()) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancel)
	check(t, q.QueryRowContext(limited, "SELECT pg_backend_pid()").Scan(&pid))
	return pid, func() {
		t.Helper()
		var gone bool
		check(t, db.QueryRowContext(limited, "SELECT pg_terminate_backend($1, 30000)", pid).Scan(&gone))
		equal(t, gone, true)
	}
}

func TestALostConnectionIsNotABadOneIfSomethingWasSent(t *testing.T) {
	db := openPostgres(t)
	conn, err := db.Conn(ctx)
	check(t, err)
	defer conn.Close()
	pid, kill := killerOf(t, db, conn)
	ended := make(chan error)
	go func() {
		_, err := conn.ExecContext(ctx, "SELECT pg_sleep(600)")
		ended <- err
	}()
	for active := false; !active; {
		check(t, db.QueryRow("SELECT state = 'active' AND query ~ 'pg_sleep' FROM pg_stat_activity WHERE pid = $1",
			pid).Scan(&active))
	}
	kill()
	err = <-ended
	equal(t, errors.Is(err, dbpool.ErrBroken), true)
	equal(t, errors.Is(err, driver.ErrBadConn), false)

	tx, err := db.Begin() // what was done in it is lost
	check(t, err)
	_, kill = killerOf(t, db, tx)
	kill()
	_, err = tx.Exec("SELECT 1")
	equal(t, errors.Is(err, dbpool.ErrBroken), true)
	equal(t, errors.Is(err, driver.ErrBadConn), false)
	if tx.Rollback() == nil {
		t.Fatal("rolled back")
	}
}

func TestALostConnectionIsABadOneIfNothingWasSent(t *testing.T) {
	db := openPostgres(t)
	conn, err := db.Conn(ctx)
	check(t, err)
	defer conn.Close()
	_, kill := killerOf(t, db, conn)
	kill()
	_, err = conn.ExecContext(ctx, "SELECT 1")
	var e *dbpool.Error
	equal(t, errors.As(err, &e), true)
	equal(t, e.Code, dbpool.ErrBroken)
	equal(t, errors.Is(err, driver.ErrBadConn), e.NotSent()) // which depends on who was sooner
	check(t, db.Ping())
}

func TestTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		makeTable(t, db, "go_sqltx", "n int")
		tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
		check(t, err)
		_, err = tx.Exec("INSERT INTO go_sqltx VALUES (1)")
		check(t, err)
		check(t, tx.Commit())
		tx, err = db.Begin()
		check(t, err)
		_, err = tx.Exec("INSERT INTO go_sqltx VALUES (2)")
		check(t, err)
		check(t, tx.Rollback())
		tx, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		check(t, err)
		if _, err = tx.Exec("INSERT INTO go_sqltx VALUES (4)"); err == nil {
			t.Fatal("written")
		}
		check(t, tx.Rollback())
		if _, err = db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelLinearizable}); err == nil {
			t.Fatal("linearizable")
		}
		ended, cancel := context.WithCancel(ctx)
		tx, err = db.BeginTx(ended, nil)
		check(t, err)
		_, err = tx.Exec("INSERT INTO go_sqltx VALUES (8)")
		check(t, err)
		cancel() // rolls back
		for tx.Commit() == nil {
			t.Fatal("committed")
		}
		var sum int
		check(t, db.QueryRow("SELECT sum(n) FROM go_sqltx").Scan(&sum))
		equal(t, sum, 1)
	})
}

func TestClosingAConnectionRollsBackWhatIsOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		makeTable(t, db, "go_sqlclose", "n int")
		conn, err := db.Conn(ctx)
		check(t, err)
		for _, statement := range []string{"BEGIN", "INSERT INTO go_sqlclose VALUES (1)"} {
			_, err = conn.ExecContext(ctx, statement)
			check(t, err)
		}
		check(t, conn.Close())
		equal(t, conn.Close(), sql.ErrConnDone)
		var n int
		check(t, db.QueryRow("SELECT count(*) FROM go_sqlclose").Scan(&n))
		equal(t, n, 0)
		_, err = db.Exec("INSERT INTO go_sqlclose VALUES (2)") // nobody holds a lock any more
		check(t, err)
	})
}

func TestSeveralResults(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		rows, err := db.Query("SELECT 1 AS a; SELECT 2 AS b, 3 AS c")
		check(t, err)
		defer rows.Close()
		var a, b, c int
		for rows.Next() {
			check(t, rows.Scan(&a))
		}
		equal(t, rows.NextResultSet(), true)
		names, err := rows.Columns()
		check(t, err)
		equal(t, len(names), 2)
		for rows.Next() {
			check(t, rows.Scan(&b, &c))
		}
		equal(t, a*100+b*10+c, 123)
		equal(t, rows.NextResultSet(), false)
		check(t, rows.Err())
	})
}

func TestColumnTypes(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, sqlite bool) {
		makeTable(t, db, "go_columns", "n int, s text, p numeric(10, 2), t timestamp, b bytea")
		rows, err := db.Query("SELECT * FROM go_columns")
		check(t, err)
		defer rows.Close()
		types, err := rows.ColumnTypes()
		check(t, err)
		equal(t, types[1].DatabaseTypeName(), "TEXT")
		equal(t, types[0].ScanType(), reflect.TypeFor[sql.NullInt64]())
		equal(t, types[3].ScanType(), reflect.TypeFor[sql.Null[time.Time]]())
		_, ok := types[1].Length()
		equal(t, ok, true)
		precision, scale, ok := types[2].DecimalSize()
		equal(t, ok, sqlite)
		if sqlite {
			equal(t, precision*100+scale, 1002)
		}
	})
}

func TestAContextEndsAStatement(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, sqlite bool) {
		slow := "SELECT pg_sleep(600)"
		if sqlite {
			slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
		}
		limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := db.ExecContext(limited, slow)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		check(t, db.Ping())
	})
}

func TestThereIsOnePoolAndNotTwo(t *testing.T) {
	pool, err := dbpool.New(ctx, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), dbpool.WithPoolSize(2),
		dbpool.WithMaxOverflow(0))
	check(t, err)
	defer pool.Close()
	db := sqldriver.OpenDB(pool)
	var all sync.WaitGroup
	for range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			var n int
			if err := db.QueryRow("SELECT $1 + 1", 1).Scan(&n); err != nil || n != 2 {
				t.Error(n, err)
			}
		}()
	}
	all.Wait()
	equal(t, pool.Stat().AcquiredConns(), 0)
	equal(t, pool.Stat().AcquireCount() >= 50, true)

	conn, err := db.Conn(ctx) // a session
	check(t, err)
	_, err = conn.ExecContext(ctx, "CREATE TEMP TABLE mine (n int)")
	check(t, err)
	_, err = conn.ExecContext(ctx, "INSERT INTO mine VALUES (1)")
	check(t, err)
	check(t, conn.Raw(func(c any) error {
		lease, err := c.(*sqldriver.Conn).Lease(ctx)
		check(t, err)
		n, err := dbpool.One[int](ctx, lease, "SELECT count(*) FROM mine")
		equal(t, n, 1)
		return err
	}))
	equal(t, pool.Stat().AcquiredConns(), 1)
	check(t, conn.Close())
	equal(t, pool.Stat().AcquiredConns(), 0)
	check(t, db.Close())
	check(t, pool.Ping(ctx)) // it is the caller's
}

func TestJSONGoesIntoARawMessageAndOptionsIntoNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sql.DB, _ bool) {
		makeTable(t, db, "go_sqljson", "v json")
		_, err := db.Exec("INSERT INTO go_sqljson VALUES ($1)", map[string]int{"a": 1})
		check(t, err)
		var raw []byte
		check(t, db.QueryRow("SELECT v FROM go_sqljson").Scan(&raw))
		equal(t, string(raw), `{"a":1}`)
	})
}

func TestTheOldInterfacesWork(t *testing.T) {
	c, err := sqldriver.Driver{}.Open("sqlite::memory:")
	check(t, err)
	defer c.Close()
	s, err := c.Prepare("SELECT $1 + 1")
	check(t, err)
	equal(t, s.NumInput(), 1)
	rows, err := s.Query([]driver.Value{int64(1)})
	check(t, err)
	dest := make([]driver.Value, 1)
	check(t, rows.Next(dest))
	equal(t, dest[0], driver.Value(int64(2)))
	check(t, rows.Close())
	_, err = s.Exec([]driver.Value{int64(1)})
	check(t, err)
	tx, err := c.Begin()
	check(t, err)
	check(t, tx.Commit())
	check(t, s.Close())
	_, err = sqldriver.Driver{}.Open("nothing of the kind")
	var e *dbpool.Error
	equal(t, errors.As(err, &e), true)
	equal(t, e.Code, dbpool.ErrOption)
}
