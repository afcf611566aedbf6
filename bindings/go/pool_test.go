package dbpool_test

import (
	"context"
	"errors"
	"os"
	osexec "os/exec"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"dbpool"
)

func TestAConnectionIsLentAndComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		conn := acquire(t, pool)
		equal(t, pool.Stat().AcquiredConns(), 1)
		equal(t, one[int](t, conn, "SELECT 41 + 1"), 42)
		conn.Release()
		allBack(t, pool)
	})
}

func TestReleaseIsSafeTwiceAndNothingWorksAfterIt(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		ctx := testContext(t)
		conn := acquire(t, pool)
		conn.Release()
		conn.Release()
		check(t, conn.Close())
		_, err := conn.Query(ctx, "SELECT 1")
		wantError(t, err, dbpool.ErrReleased)
		_, err = conn.Begin(ctx)
		wantError(t, err, dbpool.ErrReleased)
		wantError(t, conn.Ping(ctx), dbpool.ErrReleased)
		wantError(t, conn.Cancel(), dbpool.ErrReleased)
		if conn.Native() != nil {
			t.Fatal("a released connection has a native handle")
		}
		next := acquire(t, pool) // the same connection: it is not harmed by its former borrower
		conn.Release()
		equal(t, one[int](t, next, "SELECT 7"), 7)
		next.Release()
	})
}

func TestReleaseRollsBackWhatIsOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		makeTable(t, pool, "go_open", "n int")
		conn := acquire(t, pool)
		_, err := conn.Begin(testContext(t))
		check(t, err)
		exec(t, conn, "INSERT INTO go_open VALUES (1)")
		check(t, conn.Close())
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_open"), 0)
	})
}

func TestReleaseDuringAStatementEndsItAndGivesTheConnectionBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		for _, end := range []func(*dbpool.Conn){
			func(conn *dbpool.Conn) { check(t, conn.Cancel()) },
			func(conn *dbpool.Conn) { conn.Release(); _ = conn.Cancel() },
		} {
			conn := acquire(t, pool)
			ended := make(chan error)
			go func() {
				_, err := conn.Exec(context.Background(), slowQuery(db))
				ended <- err
			}()
			await(t, "the statement's end", func() bool {
				end(conn) // until the statement is under way
				select {
				case err := <-ended:
					if !errors.Is(err, dbpool.ErrCancelled) && !errors.Is(err, dbpool.ErrReleased) {
						t.Fatal(err)
					}
					return true
				default:
					return false
				}
			})
			conn.Release()
			allBack(t, pool)
		}
	})
}

func TestAnExhaustedPoolTimesOutAndSaysWhy(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(2), dbpool.WithMaxOverflow(0),
			dbpool.WithAcquireTimeout(20*time.Millisecond))
		first, second := acquire(t, pool), acquire(t, pool)
		defer first.Release()
		defer second.Release()
		_, err := pool.Acquire(context.Background())
		e := wantError(t, err, dbpool.ErrTimeout)
		equal(t, e.Phase, dbpool.PhaseQueue)
		equal(t, e.Counts.Leased, 2)
		equal(t, e.Timeout(), true)
		equal(t, errors.Is(err, context.DeadlineExceeded), false) // the pool's own time-out
		equal(t, pool.Stat().TimedOutCount(), 1)

		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, err = pool.Acquire(ctx)
		wantError(t, err, context.DeadlineExceeded)
		equal(t, wantError(t, err, dbpool.ErrTimeout).Counts.Leased, 2)

		_, err = pool.AcquireWith(context.Background(), dbpool.AcquireOptions{NoWait: true})
		wantError(t, err, dbpool.ErrTimeout)
	})
}

func TestTheTagOfAHolderIsInTheHint(t *testing.T) {
	pool := open(t, onSQLite(t), dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0),
		dbpool.WithAcquireTimeout(10*time.Millisecond))
	conn, err := pool.AcquireWith(testContext(t), dbpool.AcquireOptions{Tag: "nightly import"})
	check(t, err)
	defer conn.Release()
	_, err = pool.Acquire(context.Background())
	if e := wantError(t, err, dbpool.ErrTimeout); !contains(e.Hint, "nightly import") {
		t.Fatal(e.Hint)
	}
}

func TestAContextEndsAWait(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() {
			_, err := pool.Acquire(ctx)
			ended <- err
		}()
		await(t, "a waiter", func() bool { return pool.Stat().Waiting() == 1 })
		cancel()
		err := <-ended
		wantError(t, err, context.Canceled)
		wantError(t, err, dbpool.ErrCancelled)
		_, err = pool.Acquire(ctx)
		wantError(t, err, context.Canceled)
		_, err = pool.Query(ctx, "SELECT 1")
		wantError(t, err, context.Canceled)
		conn.Release()
		allBack(t, pool)
	})
}

// BorrowLater waits for a connection in a goroutine, which all counts, and gives it back after served().
func borrowLater(t *testing.T, pool *dbpool.Pool, all *sync.WaitGroup, served func()) {
	all.Add(1)
	go func() {
		defer all.Done()
		conn, err := pool.Acquire(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		served()
		conn.Release()
	}()
}

func TestWaitersAreServedInTheOrderTheyCame(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		const waiters = 20
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range waiters {
			borrowLater(t, pool, &all, func() {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			await(t, "the waiter", func() bool { return int(pool.Stat().Waiting()) == i+1 })
		}
		conn.Release()
		all.Wait()
		for i := range waiters {
			equal(t, order[i], i)
		}
		equal(t, pool.Stat().EmptyAcquireCount(), waiters)
	})
}

// Alone runs the test in a process of its own, where no other one has left threads, and reports whether this is it.
func alone(t *testing.T) bool {
	if os.Getenv("DBPOOL_TEST_ALONE") == t.Name() {
		return true
	}
	self := osexec.CommandContext(testContext(t), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	self.Env = append(os.Environ(), "DBPOOL_TEST_ALONE="+t.Name())
	said, err := self.CombinedOutput()
	t.Logf("%s", said)
	check(t, err)
	return false
}

func TestWaitersCostNoThreads(t *testing.T) {
	if !alone(t) {
		return
	}
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		const waiters = 500
		var all sync.WaitGroup
		for range waiters {
			borrowLater(t, pool, &all, func() {})
		}
		await(t, "the waiters", func() bool { return int(pool.Stat().Waiting()) == waiters })
		threads, goThreads := countThreads(t), pprof.Lookup("threadcreate").Count()
		t.Logf("%d waiting goroutines: %d threads of the process, %d ever made by Go", waiters, threads, goThreads)
		if threads > 20 {
			t.Errorf("%d threads", threads)
		}
		conn.Release()
		all.Wait()
	})
}

func TestClosingFailsWaitersAndAllThatComesAfter(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
		conn := acquire(t, pool)
		ended := make(chan error)
		go func() {
			_, err := pool.Acquire(context.Background())
			ended <- err
		}()
		await(t, "a waiter", func() bool { return pool.Stat().Waiting() == 1 })
		closed := make(chan struct{})
		go func() {
			pool.Close()
			close(closed)
		}()
		wantError(t, <-ended, dbpool.ErrClosed)
		equal(t, one[int](t, conn, "SELECT 1"), 1) // a lease is awaited
		conn.Release()
		<-closed
		pool.Close()
		_, err := pool.Acquire(context.Background())
		wantError(t, err, dbpool.ErrClosed)
		_, err = pool.Exec(context.Background(), "SELECT 1")
		wantError(t, err, dbpool.ErrClosed)
		wantError(t, pool.Ping(context.Background()), dbpool.ErrClosed)
		wantError(t, pool.Reset(), dbpool.ErrClosed)
	})
}

func TestShutdownCutsOffWhatIsNotBackInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		conn := acquire(t, pool)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		wantError(t, pool.Shutdown(ctx), dbpool.ErrTimeout)
		_, err := conn.Query(context.Background(), "SELECT 1")
		if err == nil {
			t.Fatal("a connection that was cut off works")
		}
		conn.Release()
		check(t, pool.Shutdown(context.Background()))
	})
}

func TestPingResetReconnectAndResize(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db, dbpool.WithPoolSize(2), dbpool.WithMaxOverflow(0))
		ctx := testContext(t)
		check(t, pool.Ping(ctx))
		check(t, pool.Reset())
		check(t, pool.Reconnect(60*time.Second))
		check(t, pool.Resize(1, 0))
		equal(t, pool.Stat().MaxConns(), 1)
		wantError(t, pool.Resize(0, 0), dbpool.ErrInvalid)
		await(t, "the former connections' end", func() bool { return pool.Stat().ClosedConnsCount() > 0 })
		check(t, pool.AcquireFunc(ctx, func(c *dbpool.Conn) error { return c.Ping(ctx) }))
	})
}

func TestWrongSettingsAreRefusedByName(t *testing.T) {
	ctx := testContext(t)
	_, err := dbpool.New(ctx, "sqlite::memory:", dbpool.WithOption("pool_sise", "3"))
	if e := wantError(t, err, dbpool.ErrOption); !contains(e.Message, "pool_sise") {
		t.Fatal(e.Message)
	}
	_, err = dbpool.New(ctx, "sqlite::memory:", dbpool.WithPoolSize(-1))
	wantError(t, err, dbpool.ErrOption)
	_, err = dbpool.New(ctx, "mysql://nobody")
	wantError(t, err, dbpool.ErrOption)
	_, err = dbpool.New(ctx, "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=5s")
	wantError(t, err, dbpool.ErrConnect)
}

func TestSettingsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("GOTEST_URI", "sqlite::memory:")
	t.Setenv("GOTEST_POOL_SIZE", "3")
	t.Setenv("GOTEST_MAX_OVERFLOW", "0")
	pool, err := dbpool.New(testContext(t), "", dbpool.WithEnvironment("GOTEST_"), dbpool.WithOptions(
		map[string]string{"idle_timeout": "1m"}))
	check(t, err)
	defer pool.Close()
	equal(t, pool.Stat().MaxConns(), 3)
	equal(t, one[int](t, pool, "SELECT json_array_length($1)", []int{7, 8}), 2) // as SQLite has it
	t.Setenv("GOTEST_POOL_SIZE", "many")
	_, err = dbpool.New(testContext(t), "", dbpool.WithEnvironment("GOTEST_"))
	wantError(t, err, dbpool.ErrOption)
}

func TestTheURIMayBeAnOption(t *testing.T) {
	pool, err := dbpool.New(testContext(t), "", dbpool.WithOption("db_uri", "sqlite::memory:"))
	check(t, err)
	defer pool.Close()
	equal(t, one[int](t, pool, "SELECT json_array_length($1)", []int{7, 8}), 2)
}

func TestOptionsAreListed(t *testing.T) {
	found := 0
	for option := range dbpool.Options() {
		if option.Help == "" {
			t.Errorf("%s has no help", option.Name)
		}
		if option.Name == "pool_size" && option.Default == "5" {
			found++
		}
	}
	equal(t, found, 1)
}

func TestProbeSaysWhoAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		server, err := dbpool.Probe(testContext(t), db.uri)
		check(t, err)
		equal(t, server.Product, db.name)
		if server.Version == "" || server.ReadOnly || server.Connect <= 0 {
			t.Fatalf("%+v", server)
		}
	})
	_, err := dbpool.Probe(testContext(t), "sqlite:/nowhere/at/all.db")
	wantError(t, err, dbpool.ErrConnect)
}

func TestAPoolThatIsForgottenIsClosed(t *testing.T) {
	pool, err := dbpool.New(testContext(t), "sqlite::memory:")
	check(t, err)
	ended := make(chan struct{})
	_, err = pool.Watch(func(e dbpool.Event) {
		if e.Kind == dbpool.EventClosed && e.Reason == dbpool.ClosedPool {
			select {
			case <-ended:
			default:
				close(ended)
			}
		}
	})
	check(t, err)
	pool = nil
	for {
		runtime.GC()
		select {
		case <-ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestTheVersionIsTheLibrarys(t *testing.T) {
	if major, minor, patch := dbpool.Version(); major+minor+patch == 0 {
		t.Fatal("0.0.0")
	}
}
