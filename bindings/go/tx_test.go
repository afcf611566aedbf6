package dbpool_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"dbpool"
)

func TestATransactionCommitsOrRollsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_tx", "n int")
		tx, err := pool.Begin(ctx)
		check(t, err)
		exec(t, tx, "INSERT INTO go_tx VALUES (1)")
		check(t, tx.Commit(ctx))
		wantError(t, tx.Commit(ctx), dbpool.ErrTxClosed)
		wantError(t, tx.Rollback(ctx), dbpool.ErrTxClosed)
		_, err = tx.Exec(ctx, "SELECT 1")
		wantError(t, err, dbpool.ErrTxClosed)
		tx, err = pool.Begin(ctx)
		check(t, err)
		exec(t, tx, "INSERT INTO go_tx VALUES (2)")
		check(t, tx.Rollback(ctx))
		equal(t, one[int](t, pool, "SELECT sum(n) FROM go_tx"), 1)
		allBack(t, pool)
	})
}

func TestRollbackWorksWithAContextThatIsOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		makeTable(t, pool, "go_over", "n int")
		ctx, cancel := context.WithCancel(context.Background())
		tx, err := pool.Begin(ctx)
		check(t, err)
		exec(t, tx, "INSERT INTO go_over VALUES (1)")
		cancel()
		check(t, tx.Rollback(ctx))
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_over"), 0)
		allBack(t, pool)
	})
}

func TestSavepointsUndoTheirPart(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_save", "n int")
		tx, err := pool.Begin(ctx)
		check(t, err)
		exec(t, tx, "INSERT INTO go_save VALUES (1)")
		inner, err := tx.Begin(ctx)
		check(t, err)
		exec(t, inner, "INSERT INTO go_save VALUES (10)")
		deeper, err := inner.Begin(ctx)
		check(t, err)
		exec(t, deeper, "INSERT INTO go_save VALUES (100)")
		check(t, deeper.Commit(ctx))
		check(t, inner.Rollback(ctx))
		inner, err = tx.Begin(ctx)
		check(t, err)
		exec(t, inner, "INSERT INTO go_save VALUES (1000)")
		_, err = inner.Exec(ctx, "SELECT no_such_thing")
		wantError(t, err, dbpool.ErrSQL)
		check(t, inner.Rollback(ctx))
		check(t, tx.Commit(ctx))
		equal(t, one[int](t, pool, "SELECT sum(n) FROM go_save"), 1)
		_, err = tx.Begin(ctx)
		wantError(t, err, dbpool.ErrTxClosed)
	})
}

func TestReadOnlyTransactionsRefuseToWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_readonly", "n int")
		tx, err := pool.BeginTx(ctx, dbpool.TxOptions{Isolation: dbpool.Serializable, ReadOnly: true, Deferrable: true})
		check(t, err)
		defer tx.Rollback(ctx)
		_, err = tx.Exec(ctx, "INSERT INTO go_readonly VALUES (1)")
		wantState(t, err, "25006")
	})
}

func TestACommitThatFailsSaysSo(t *testing.T) {
	pool := open(t, onPostgres(t))
	ctx := testContext(t)
	tx, err := pool.Begin(ctx)
	check(t, err)
	_, err = tx.Exec(ctx, "SELECT no_such_thing")
	wantError(t, err, dbpool.ErrSQL)
	wantState(t, tx.Commit(ctx), "25P02")
	allBack(t, pool)
	conn := acquire(t, pool)
	defer conn.Release()
	tx, err = conn.Begin(ctx)
	check(t, err)
	_, _ = tx.Exec(ctx, "SELECT no_such_thing")
	wantState(t, tx.Commit(ctx), "25P02")
	equal(t, one[int](t, conn, "SELECT 1"), 1)
}

func TestInTxRunsAgainWhenTheDatabaseAsksForIt(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_retry", "n int")
		exec(t, pool, "INSERT INTO go_retry VALUES (0)")
		const writers, times = 4, 10
		var all sync.WaitGroup
		for range writers {
			all.Add(1)
			go func() {
				defer all.Done()
				for range times {
					err := pool.InTx(ctx, dbpool.TxOptions{Isolation: dbpool.Serializable, MaxAttempts: 1000},
						func(tx *dbpool.Tx) error {
							n, err := dbpool.One[int](ctx, tx, "SELECT n FROM go_retry")
							if err != nil {
								return err
							}
							_, err = tx.Exec(ctx, "UPDATE go_retry SET n = $1", n+1)
							return err
						})
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		all.Wait()
		equal(t, one[int](t, pool, "SELECT n FROM go_retry"), writers*times)
		allBack(t, pool)
	})
}

func TestInTxGivesUpAndRollsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_giveup", "n int")
		mine := errors.New("mine")
		wantError(t, pool.InTx(ctx, dbpool.TxOptions{}, func(tx *dbpool.Tx) error {
			exec(t, tx, "INSERT INTO go_giveup VALUES (1)")
			return mine
		}), mine)
		attempts := 0
		err := pool.InTx(ctx, dbpool.TxOptions{MaxAttempts: 3}, func(tx *dbpool.Tx) error {
			attempts++
			_, err := tx.Exec(ctx, "SELECT no_such_thing")
			return err
		})
		wantError(t, err, dbpool.ErrSQL)
		equal(t, attempts, 1)
		func() {
			defer func() { equal(t, recover() != nil, true) }()
			_ = pool.InTx(ctx, dbpool.TxOptions{}, func(tx *dbpool.Tx) error {
				exec(t, tx, "INSERT INTO go_giveup VALUES (1)")
				panic("out of here")
			})
		}()
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_giveup"), 0)
		allBack(t, pool)
	})
}

func TestInTxRunsAsOftenAsItMay(t *testing.T) {
	pool := open(t, onPostgres(t))
	ctx := testContext(t)
	attempts := 0
	fail := func(tx *dbpool.Tx) error {
		attempts++
		_, err := tx.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
		return fmt.Errorf("attempt %d: %w", attempts, err)
	}
	wantState(t, pool.InTx(ctx, dbpool.TxOptions{MaxAttempts: 3}, fail), "40001")
	equal(t, attempts, 3)
	attempts = 0
	short, cancel := context.WithCancel(ctx)
	wantState(t, pool.InTx(short, dbpool.TxOptions{MaxAttempts: 1 << 30}, func(tx *dbpool.Tx) error {
		if attempts == 2 {
			cancel()
		}
		return fail(tx)
	}), "40001")
	equal(t, attempts, 3)
	allBack(t, pool)
}

func TestInTxRunsAgainWhenSQLiteIsBusy(t *testing.T) {
	db := onSQLite(t)
	other := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0))
	ctx := testContext(t)
	makeTable(t, other, "go_busy", "n int")
	pool := open(t, db, dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0), dbpool.WithOption("lock_timeout", "1ms"))
	tx, err := other.Begin(ctx)
	check(t, err)
	wantState(t, pool.InTx(ctx, dbpool.TxOptions{MaxAttempts: 3}, func(*dbpool.Tx) error { return nil }), "55P03")
	check(t, tx.Rollback(ctx))
	check(t, pool.InTx(ctx, dbpool.TxOptions{}, func(tx *dbpool.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO go_busy VALUES (1)")
		return err
	}))
	allBack(t, pool)
}

func TestABatchIsAllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		makeTable(t, pool, "go_batch", "n int PRIMARY KEY")
		var batch dbpool.Batch
		for i := range 10 {
			batch.Queue("INSERT INTO go_batch VALUES ($1)", i)
		}
		batch.Queue("SELECT sum(n), $1 FROM go_batch", "total")
		equal(t, batch.Len(), 11)
		results := pool.SendBatch(ctx, &batch)
		for range 10 {
			tag, err := results.Exec()
			check(t, err)
			equal(t, tag.RowsAffected(), 1)
		}
		var sum int
		var text string
		check(t, results.QueryRow().Scan(&sum, &text))
		equal(t, sum, 45)
		_, err := results.Exec()
		wantError(t, err, dbpool.ErrInvalid)
		check(t, results.Close())
		check(t, results.Close())
		_, err = results.Query()
		wantError(t, err, dbpool.ErrInvalid)

		batch = dbpool.Batch{}
		batch.Queue("INSERT INTO go_batch VALUES (100)")
		batch.Queue("INSERT INTO go_batch VALUES (1)")
		batch.Queue("INSERT INTO go_batch VALUES (101)")
		results = pool.SendBatch(ctx, &batch)
		_, err = results.Exec()
		wantState(t, err, "40000")
		_, err = results.Exec()
		wantState(t, err, "23505")
		_, err = results.Exec()
		wantState(t, err, "25P02")
		wantState(t, results.Close(), "23505")
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_batch"), 10)

		batch.OneByOne = true
		wantState(t, pool.SendBatch(ctx, &batch).Close(), "23505")
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_batch"), 12)

		tx, err := pool.Begin(ctx)
		check(t, err)
		batch = dbpool.Batch{}
		batch.Queue("DELETE FROM go_batch")
		check(t, tx.SendBatch(ctx, &batch).Close())
		check(t, tx.Rollback(ctx))
		equal(t, one[int](t, pool, "SELECT count(*) FROM go_batch"), 12)

		batch = dbpool.Batch{}
		check(t, pool.SendBatch(ctx, &batch).Close())
		batch.Queue("SELECT $1", make(chan int))
		wantError(t, pool.SendBatch(ctx, &batch).Close(), dbpool.ErrInvalid)
		allBack(t, pool)
	})
}

func TestABatchWithAContextThatIsOverIsNotBegun(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		conn := acquire(t, open(t, db))
		defer conn.Release()
		batch := &dbpool.Batch{}
		batch.Queue("SELECT 1")
		over, cancel := context.WithCancel(testContext(t))
		cancel()
		results := conn.SendBatch(over, batch)
		e := wantError(t, results.Close(), dbpool.ErrCancelled)
		wantError(t, e, context.Canceled)
		equal(t, e.NotSent(), true)
		equal(t, one[int](t, conn, "SELECT 1"), 1)
	})
}
