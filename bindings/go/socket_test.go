package dbpool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"dbpool"
)

// OpenSockets counts the sockets of the process.
func openSockets(t *testing.T) (n int) {
	entries, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

func TestASocketGoesWithItsConnection(t *testing.T) {
	db := onPostgres(t)
	before := openSockets(t)
	pool := open(t, db, dbpool.WithPoolSize(4), dbpool.WithMaxOverflow(0))
	useAll := func() {
		for range 4 {
			conn := acquire(t, pool)
			defer conn.Release()
			equal(t, one[int](t, conn, "SELECT 1"), 1)
		}
	}
	useAll()
	inUse := openSockets(t)
	for range 10 {
		check(t, pool.Reset())
		useAll()
	}
	await(t, "sockets of closed connections are closed", func() bool { return openSockets(t) <= inUse })
	pool.Close()
	await(t, "all sockets are closed", func() bool { return openSockets(t) <= before })
}

// What comes in several reads is read to its end before anybody waits for more: Go's poller tells of news only.
func TestAnAnswerOfAnySizeIsReadToItsEnd(t *testing.T) {
	pool := open(t, onPostgres(t))
	conn := acquire(t, pool)
	defer conn.Release()
	for _, size := range []int{8000, 16383, 16384, 16385, 24576, 32768, 65536, 100000, 1 << 20, 5 << 20} {
		for name, q := range map[string]dbpool.Querier{"a connection": conn, "the pool": pool} {
			text := one[string](t, q, "SELECT repeat('x', $1)", size)
			if len(text) != size {
				t.Fatalf("%s: %d bytes of %d", name, len(text), size)
			}
		}
	}
}

func TestAStatementLargerThanTheSocketIsSent(t *testing.T) {
	pool := open(t, onPostgres(t))
	conn := acquire(t, pool)
	defer conn.Release()
	for _, size := range []int{1 << 16, 1 << 20, 16 << 20} {
		equal(t, one[int](t, conn, "SELECT length($1)", strings.Repeat("y", size)), size)
		equal(t, one[int](t, pool, "SELECT length($1)", strings.Repeat("y", size)), size)
	}
}

// Who is woken at a socket may have parked there after the one who was meant.
func TestTimeOutsOfOthersDoNotDisturb(t *testing.T) {
	pool := open(t, onPostgres(t), dbpool.WithPoolSize(3), dbpool.WithMaxOverflow(0))
	failed := make(chan error, 12)
	var all sync.WaitGroup
	for g := range cap(failed) {
		all.Add(1)
		go func() {
			defer all.Done()
			failed <- func() error {
				for i := range 40 {
					ctx, cancel := testContext(t), context.CancelFunc(func() {})
					late := (g+i)%3 == 0
					if late {
						ctx, cancel = context.WithTimeout(ctx, time.Duration(1+i%4)*time.Millisecond)
					}
					var n int
					err := pool.AcquireFunc(ctx, func(conn *dbpool.Conn) error {
						return conn.QueryRow(ctx, "SELECT $1::int + length(pg_sleep(0.002)::text)", g).Scan(&n)
					})
					cancel()
					switch {
					case late && errors.Is(err, context.DeadlineExceeded):
					case err != nil:
						return err
					case n != g:
						return fmt.Errorf("the answer is %d, not %d", n, g)
					}
				}
				return nil
			}()
		}()
	}
	all.Wait()
	for range cap(failed) {
		check(t, <-failed)
	}
	allBack(t, pool)
}
