package dbpool_test

import (
	"context"
	"errors"
	"log"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dbpool"
)

func TestHooksSeeEveryConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		var opened, lent, returned, closed atomic.Int32
		pool := open(t, db, dbpool.WithPoolSize(2), dbpool.WithMaxOverflow(0),
			dbpool.WithAfterConnect(func(c *dbpool.Conn) error {
				opened.Add(1)
				length := "SELECT json_array_length($1)"
				if !db.sqlite() {
					length = "SELECT cardinality($1::int[])"
				}
				n, err := dbpool.One[int](context.Background(), c, length, []int{7, 8})
				if n != 2 {
					t.Error(n)
				}
				return err
			}),
			dbpool.WithBeforeAcquire(func(*dbpool.Conn) error { lent.Add(1); return nil }),
			dbpool.WithAfterRelease(func(c *dbpool.Conn) { c.Release(); returned.Add(1) }),
			dbpool.WithAfterClose(func(dbpool.CloseReason) { closed.Add(1) }))
		var all sync.WaitGroup
		for range 50 {
			all.Add(1)
			go func() {
				defer all.Done()
				if err := pool.Ping(context.Background()); err != nil {
					t.Error(err)
				}
			}()
		}
		all.Wait()
		allBack(t, pool)
		equal(t, lent.Load(), 50)
		equal(t, returned.Load(), 50)
		exec(t, pool, "SELECT 1")
		pool.Close()
		await(t, "the last one's end", func() bool { return closed.Load() == opened.Load() })
	})
}

func TestAHookRefusesAConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		refuse := errors.New("not this one")
		_, err := dbpool.New(testContext(t), db.uri, dbpool.WithAfterConnect(func(*dbpool.Conn) error { return refuse }))
		wantError(t, err, dbpool.ErrConnect)
		wantError(t, err, refuse)
		var times atomic.Int32
		pool := open(t, db, dbpool.WithBeforeAcquire(func(*dbpool.Conn) error {
			if times.Add(1) == 1 {
				return refuse
			}
			return nil
		}))
		check(t, pool.Ping(testContext(t)))
		equal(t, times.Load(), 2)
		await(t, "the refused one's end", func() bool { return pool.Stat().ClosedCount(dbpool.ClosedHook) == 1 })
	})
}

// The collector may take a pool while a connection of its is lent, or not closed yet.
func TestHooksStayUntilTheLastConnectionIsClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		closed := make(chan dbpool.CloseReason, 10)
		dropped := make(chan struct{})
		func() {
			held := new([16]byte)
			runtime.AddCleanup(held, func(struct{}) { close(dropped) }, struct{}{})
			pool, err := dbpool.New(testContext(t), db.uri, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0),
				dbpool.WithAfterClose(func(r dbpool.CloseReason) { closed <- r; runtime.KeepAlive(held) }))
			check(t, err)
			check(t, pool.Ping(testContext(t)))
		}()
		await(t, "the connection is closed", func() bool { runtime.GC(); return len(closed) == 1 })
		await(t, "the hook is dropped", func() bool {
			runtime.GC()
			select {
			case <-dropped:
				return true
			default:
				return false
			}
		})
	})
}

func TestEventsTellOfConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithOption("lazy", "true"), dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		events := make(chan dbpool.Event, 100)
		_, err := pool.Watch(func(e dbpool.Event) { events <- e })
		check(t, err)
		stopped, err := pool.Watch(func(e dbpool.Event) { t.Error("stopped before") })
		check(t, err)
		stopped()
		stopped()
		conn := acquire(t, pool)
		e := <-events
		equal(t, e.Kind, dbpool.EventOpened)
		equal(t, e.Connection, conn.ID())
		conn.Release()
		equal(t, conn.ID(), 0)
		pool.Close()
		for e = range events {
			if e.Kind == dbpool.EventClosed {
				break
			}
		}
		equal(t, e.Reason, dbpool.ClosedPool)
		await(t, "the pool's being empty", func() bool { // which it is just after the last event
			_, err = pool.Watch(func(dbpool.Event) {})
			return err != nil
		})
		wantError(t, err, dbpool.ErrClosed)
	})
}

// On whatever thread a hook runs there are frames of C++ below it, which a panic would pass over.
func TestAHookThatDoesNotReturnCostsNoMoreThanItsConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		var said strings.Builder
		log.SetOutput(&said)
		defer log.SetOutput(os.Stderr)
		for _, end := range []func(){func() { panic("the hook's panic") }, runtime.Goexit} {
			once := func() func() {
				var done atomic.Bool
				return func() {
					if !done.Swap(true) {
						end()
					}
				}
			}
			lent, returned, closed := once(), once(), once()
			pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0),
				dbpool.WithBeforeAcquire(func(*dbpool.Conn) error { lent(); return nil }),
				dbpool.WithAfterRelease(func(*dbpool.Conn) { returned() }),
				dbpool.WithAfterClose(func(dbpool.CloseReason) { closed() }))
			for range 3 {
				equal(t, one[int](t, pool, "SELECT 1"), 1)
				check(t, pool.Ping(testContext(t)))
			}
			allBack(t, pool)
			equal(t, pool.Stat().ClosedCount(dbpool.ClosedHook), 1)
			pool.Close()
			_, err := dbpool.New(testContext(t), db.uri, dbpool.WithAfterConnect(func(*dbpool.Conn) error { end(); return nil }))
			wantError(t, err, dbpool.ErrConnect)
		}
		if !strings.Contains(said.String(), "the hook's panic") {
			t.Error("nothing was logged")
		}
	})
}
