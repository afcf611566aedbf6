package dbpool_test

import (
	"errors"
	"os"
	osexec "os/exec"
	"syscall"
	"testing"

	"dbpool"
)

const fewDescriptors = "DBPOOL_TEST_FEW_DESCRIPTORS"

// OwnProcess runs a test in a process of its own, and reports whether this is it.
func ownProcess(t *testing.T, variable string) bool {
	if os.Getenv(variable) != "" {
		return true
	}
	test := osexec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	test.Env = append(os.Environ(), variable+"=1")
	if said, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	return false
}

// WithDescriptors calls f when there are no more than so many descriptors to be had.
func withDescriptors(t *testing.T, spare int, f func()) {
	var was syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was))
	few := was
	few.Cur = 128
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few))
	var taken []int
	for {
		fd, err := syscall.Dup(0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	give := func(n int) {
		for _, fd := range taken[len(taken)-n:] {
			_ = syscall.Close(fd)
		}
		taken = taken[:len(taken)-n]
	}
	give(spare)
	f()
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was))
	give(len(taken))
}

// What there is one of in the process is made when there are descriptors again.
func TestAPoolCanBeMadeAfterDescriptorsWereShort(t *testing.T) {
	if !ownProcess(t, fewDescriptors) {
		return
	}
	pipe, _, err := os.Pipe() // Go's own poller ends the process if it cannot be made
	check(t, err)
	defer pipe.Close()
	for spare := range 6 {
		withDescriptors(t, spare, func() {
			_, err := dbpool.New(testContext(t), "sqlite::memory:")
			var e *dbpool.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("with %d descriptors: a %T: %v", spare, err, err)
			}
		})
		pool := open(t, database{uri: "sqlite::memory:"})
		equal(t, one[int](t, pool, "SELECT 1"), 1)
		pool.Close()
	}
}

// Connections have their descriptors; the sockets and loops of the Go side do without if there are none.
func TestStatementsRunWithoutDescriptorsToSpare(t *testing.T) {
	db := onPostgres(t)
	if !ownProcess(t, fewDescriptors) {
		return
	}
	pool := open(t, db, dbpool.WithPoolSize(2), dbpool.WithMinSize(2), dbpool.WithMaxOverflow(0))
	first, second := acquire(t, pool), acquire(t, pool)
	defer first.Release()
	for spare := range 12 {
		withDescriptors(t, spare, func() {
			equal(t, one[int](t, first, "SELECT 1"), 1)
			equal(t, one[int](t, second, "SELECT 2"), 2)
		})
	}
	second.Release()
	equal(t, one[int](t, pool, "SELECT 3"), 3)
	goroutines := make(chan error, 8)
	for range cap(goroutines) {
		go func() { _, err := pool.Exec(testContext(t), "SELECT pg_sleep(0.01)"); goroutines <- err }()
	}
	for range cap(goroutines) {
		check(t, <-goroutines)
	}
}
