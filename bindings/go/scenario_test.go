package dbpool_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dbpool"
)

// The leak tests with their full counts: test --long.
var long = os.Getenv("DBPOOL_TEST_LONG") != ""

func TestALostConnectionIsReplaced(t *testing.T) {
	db := onPostgres(t)
	pool := open(t, db, dbpool.WithPoolSize(2), dbpool.WithMaxOverflow(0))
	other := open(t, db, dbpool.WithPoolSize(1))
	ctx := testContext(t)
	conn := acquire(t, pool)
	kill := func(pid int) { equal(t, one[bool](t, other, "SELECT pg_terminate_backend($1, 30000)", pid), true) }
	kill(one[int](t, conn, "SELECT pg_backend_pid()"))
	_, err := conn.Query(ctx, "SELECT 1")
	e := wantError(t, err, dbpool.ErrBroken)
	equal(t, e.Flags&dbpool.FlagConnBroken != 0, true)
	conn.Release()
	equal(t, one[int](t, pool, "SELECT 1"), 1)

	// In the middle of a statement, and of a transaction.
	conn = acquire(t, pool)
	pid := one[int](t, conn, "SELECT pg_backend_pid()")
	ended := make(chan error)
	go func() {
		_, err := conn.Exec(ctx, "SELECT pg_sleep(600)")
		ended <- err
	}()
	await(t, "the statement", func() bool {
		return one[bool](t, other, "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1", pid)
	})
	kill(pid)
	wantError(t, <-ended, dbpool.ErrBroken)
	conn.Release()
	tx, err := pool.Begin(ctx)
	check(t, err)
	kill(one[int](t, tx, "SELECT pg_backend_pid()"))
	if err := tx.Commit(ctx); !errors.Is(err, dbpool.ErrBroken) {
		t.Fatal(err)
	}
	allBack(t, pool)
	equal(t, one[int](t, pool, "SELECT 1"), 1)
}

func TestSessionStateIsGoneForTheNextBorrower(t *testing.T) {
	pool := open(t, onPostgres(t), dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
	conn := acquire(t, pool)
	exec(t, conn, "SET application_name = 'mine'")
	conn.Release()
	equal(t, one[string](t, pool, "SHOW application_name") != "mine", true)
}

func TestAPasswordIsInNoError(t *testing.T) {
	uri := os.Getenv("DBPOOL_TEST_POSTGRES_TCP_URL")
	if uri == "" {
		t.Skip("no DBPOOL_TEST_POSTGRES_TCP_URL")
	}
	pool, err := dbpool.New(testContext(t), uri)
	check(t, err)
	pool.Close()
	_, err = dbpool.New(testContext(t), strings.Replace(uri, "dbpool-test", "hunter2", 1))
	wantError(t, err, dbpool.ErrAuth)
	if contains(err.Error(), "hunter2") {
		t.Fatal(err)
	}
}

func TestManyGoroutinesOnFewConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(4), dbpool.WithMaxOverflow(0))
		var all sync.WaitGroup
		for i := range 64 {
			all.Add(1)
			go func() {
				defer all.Done()
				for j := range 50 {
					ctx, cancel := context.WithCancel(context.Background())
					if j%7 == 3 {
						go cancel()
					}
					n, err := dbpool.One[int](ctx, pool, "SELECT CAST($1 AS int) + CAST($2 AS int)", i, j)
					if err == nil && n != i+j || err != nil && !errors.Is(err, context.Canceled) {
						t.Error(n, err)
					}
					cancel()
				}
			}()
		}
		all.Wait()
		allBack(t, pool)
		equal(t, pool.Stat().Waiting(), 0)
	})
}

// What the process has of memory, in bytes, C included.
func residentBytes(t *testing.T) int {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	check(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	check(t, err)
	return pages * os.Getpagesize()
}

func count(short, full int) int {
	if long {
		return full
	}
	return short
}

// WithoutLeak runs f often to get warm and then again, by when nothing may grow.
func withoutLeak(t *testing.T, times int, f func()) {
	for range times / 4 {
		f()
	}
	before, goroutines := residentBytes(t), runtime.NumGoroutine()
	start := time.Now()
	for range times {
		f()
	}
	grown := residentBytes(t) - before
	t.Logf("%d times in %v, %d KiB more", times, time.Since(start).Round(time.Millisecond), grown>>10)
	if grown > 8<<20 && !underRace { // whose own memory grows with what it has seen
		t.Errorf("%d times: %d KiB more", times, grown>>10)
	}
	await(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}

func TestAcquireAndReleaseLeakNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		withoutLeak(t, count(50_000, 1_000_000), func() {
			conn, err := pool.Acquire(context.Background())
			check(t, err)
			conn.Release()
		})
	})
}

func TestCancelledAcquiresLeakNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		withoutLeak(t, count(5_000, 100_000), func() {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			_, err := pool.Acquire(ctx)
			wantError(t, err, context.Canceled)
		})
		equal(t, pool.Stat().Waiting(), 0)
		conn.Release()
		allBack(t, pool)
	})
}

func TestQueriesAndErrorsLeakNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		withoutLeak(t, count(2_000, 100_000), func() {
			text, err := dbpool.One[string](context.Background(), pool, "SELECT $1 || 'x'", "y")
			check(t, err)
			equal(t, text, "yx")
			_, err = pool.Exec(context.Background(), "SELECT no_such_thing")
			wantError(t, err, dbpool.ErrSQL)
			rows, err := pool.Query(context.Background(), "SELECT 1 UNION ALL SELECT 2", dbpool.QueryOptions{Stream: true})
			check(t, err)
			rows.Close()
		})
	})
}
