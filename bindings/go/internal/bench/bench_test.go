// Package bench measures dbpool beside pgxpool and mattn/go-sqlite3, in neighbouring rounds of one run.
package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"dbpool"
	_ "dbpool/sqldriver"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
)

var ctx = context.Background()

// Check costs nothing while there is no error, unlike b.Helper().
func check(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func postgres(b *testing.B) string {
	uri := os.Getenv("DBPOOL_TEST_POSTGRES_URL")
	if uri == "" {
		b.Skip("no DBPOOL_TEST_POSTGRES_URL")
	}
	return uri
}

func ours(b *testing.B, uri string, conns int) *dbpool.Pool {
	pool, err := dbpool.New(ctx, uri, dbpool.WithPoolSize(conns), dbpool.WithMaxOverflow(0))
	check(b, err)
	b.Cleanup(pool.Close)
	return pool
}

func pgx(b *testing.B, uri string, conns int) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(uri)
	check(b, err)
	config.MaxConns = int32(conns)
	config.MinConns = int32(conns)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	check(b, err)
	b.Cleanup(pool.Close)
	return pool
}

func BenchmarkAcquire(b *testing.B) {
	b.Run("dbpool", func(b *testing.B) {
		pool := ours(b, postgres(b), 4)
		b.ReportAllocs()
		for b.Loop() {
			conn, err := pool.Acquire(ctx)
			check(b, err)
			conn.Release()
		}
	})
	b.Run("pgxpool", func(b *testing.B) {
		pool := pgx(b, postgres(b), 4)
		b.ReportAllocs()
		for b.Loop() {
			conn, err := pool.Acquire(ctx)
			check(b, err)
			conn.Release()
		}
	})
}

// Shared runs one b.N among goroutines.
func shared(b *testing.B, goroutines int, f func() error) {
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := i; n < b.N; n += goroutines {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	all.Wait()
}

const points = 10000

const pointTable = "CREATE TABLE IF NOT EXISTS go_points (id integer PRIMARY KEY, name text, weight double precision)"

func pointRows(b *testing.B, uri string) {
	pool := ours(b, uri, 1)
	_, err := pool.Exec(ctx, pointTable)
	check(b, err)
	n, err := dbpool.One[int](ctx, pool, "SELECT count(*) FROM go_points")
	check(b, err)
	for i := n; i < points; i += 1000 {
		check(b, pool.InTx(ctx, dbpool.TxOptions{}, func(tx *dbpool.Tx) error {
			for j := range 1000 {
				if _, err := tx.Exec(ctx, "INSERT INTO go_points VALUES ($1, $2, $3)", i+j,
					fmt.Sprintf("name %d", i+j), float64(i)/3); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

const pointSelect = "SELECT id, name, weight FROM go_points WHERE id = $1"

func BenchmarkPostgresPoint(b *testing.B) {
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("%d/dbpool", goroutines), func(b *testing.B) {
			pointRows(b, postgres(b))
			pool := ours(b, postgres(b), 8)
			shared(b, goroutines, func() error {
				var id int
				var name string
				var weight float64
				return pool.QueryRow(ctx, pointSelect, 4711).Scan(&id, &name, &weight)
			})
		})
		b.Run(fmt.Sprintf("%d/dbpool_readonly", goroutines), func(b *testing.B) {
			pool := ours(b, postgres(b), 8)
			shared(b, goroutines, func() error {
				var id int
				var name string
				var weight float64
				return pool.QueryRow(ctx, pointSelect, dbpool.QueryOptions{ReadOnly: true}, 4711).Scan(&id, &name, &weight)
			})
		})
		b.Run(fmt.Sprintf("%d/dbpool_lease", goroutines), func(b *testing.B) {
			pool := ours(b, postgres(b), 8)
			shared(b, goroutines, func() error {
				conn, err := pool.Acquire(ctx)
				if err != nil {
					return err
				}
				defer conn.Release()
				var id int
				var name string
				var weight float64
				return conn.QueryRow(ctx, pointSelect, 4711).Scan(&id, &name, &weight)
			})
		})
		b.Run(fmt.Sprintf("%d/pgxpool", goroutines), func(b *testing.B) {
			pool := pgx(b, postgres(b), 8)
			shared(b, goroutines, func() error {
				var id int
				var name string
				var weight float64
				return pool.QueryRow(ctx, pointSelect, 4711).Scan(&id, &name, &weight)
			})
		})
	}
}

func sqlite(b *testing.B, driver string) *sql.DB {
	path := filepath.Join(b.TempDir(), "bench.db")
	pointRows(b, "sqlite:"+path)
	uri := "file:" + path + "?_journal_mode=WAL&_synchronous=NORMAL"
	if driver == "dbpool" {
		uri = "sqlite:" + path
	}
	db, err := sql.Open(driver, uri)
	check(b, err)
	b.Cleanup(func() { db.Close() })
	return db
}

func BenchmarkSQLitePoint(b *testing.B) {
	for _, driver := range []string{"dbpool", "sqlite3"} {
		b.Run("plain/"+driver, func(b *testing.B) {
			db := sqlite(b, driver)
			b.ReportAllocs()
			for b.Loop() {
				var id int
				var name string
				var weight float64
				check(b, db.QueryRow(pointSelect, 4711).Scan(&id, &name, &weight))
			}
		})
	}
	for _, driver := range []string{"dbpool", "sqlite3"} {
		b.Run("prepared/"+driver, func(b *testing.B) {
			stmt, err := sqlite(b, driver).Prepare(pointSelect)
			check(b, err)
			b.ReportAllocs()
			for b.Loop() {
				var id int
				var name string
				var weight float64
				check(b, stmt.QueryRow(4711).Scan(&id, &name, &weight))
			}
		})
	}
}

func BenchmarkSQLiteScan(b *testing.B) {
	const scan = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100000) " +
		"SELECT i, 'some text of the row', i / 3.0 FROM s"
	for _, driver := range []string{"dbpool", "sqlite3"} {
		for _, table := range []bool{true, false} {
			b.Run(fmt.Sprintf("table=%v/%s", table, driver), func(b *testing.B) {
				db := sqlite(b, driver)
				query := scan
				if table {
					_, err := db.Exec("CREATE TABLE big AS " + scan)
					check(b, err)
					query = "SELECT * FROM big"
				}
				for b.Loop() {
					rows, err := db.Query(query)
					check(b, err)
					n := 0
					var id int64
					var name string
					var weight float64
					for rows.Next() {
						check(b, rows.Scan(&id, &name, &weight))
						n++
					}
					check(b, rows.Err())
					if n != 100000 {
						b.Fatal(n)
					}
				}
			})
		}
	}
}
