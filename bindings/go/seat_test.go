package dbpool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"dbpool"
)

func TestQueriesThatGoAloneShareNoConnection(t *testing.T) {
	pool := open(t, onPostgres(t), dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
	conn := acquire(t, pool)
	before := pool.Stat().AcquireCount()
	const queries = 4
	ended := make(chan error, queries)
	for range queries {
		go func() {
			_, err := pool.Exec(testContext(t), "SELECT 1", dbpool.QueryOptions{Alone: true})
			ended <- err
		}()
	}
	await(t, "all wait", func() bool { return pool.Stat().Waiting() == queries })
	conn.Release()
	for range queries {
		check(t, <-ended)
	}
	equal(t, pool.Stat().AcquireCount(), before+queries)
}

// More statements than there are seats for on a small machine.
func TestEachOfManyStatementsEndsWithItsContext(t *testing.T) {
	const many = 24
	pool := open(t, onPostgres(t), dbpool.WithPoolSize(many), dbpool.WithMaxOverflow(0))
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, many)
	for range many {
		go func() {
			conn, err := pool.Acquire(testContext(t))
			if err != nil {
				ended <- err
				return
			}
			defer conn.Release()
			if _, err = conn.Exec(ctx, "SELECT pg_sleep(600)"); !errors.Is(err, context.Canceled) {
				ended <- fmt.Errorf("it ended with %w", err)
				return
			}
			var n int
			ended <- conn.QueryRow(testContext(t), "SELECT 1").Scan(&n)
		}()
	}
	running := "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'"
	other := open(t, onPostgres(t))
	await(t, "all run", func() bool {
		n, err := dbpool.One[int](testContext(t), other, running)
		check(t, err)
		return n == many
	})
	cancel()
	for range many {
		check(t, <-ended)
	}
	allBack(t, pool)
}
