package dbpool_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"dbpool"
	_ "dbpool/sqldriver"
)

func uriForExamples() string {
	if uri := os.Getenv("DBPOOL_EXAMPLE_URI"); uri != "" {
		return uri
	}
	return "sqlite::memory:"
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func Example() {
	ctx := context.Background()
	pool, err := dbpool.New(ctx, "sqlite::memory:") // or postgresql://user@host/db?pool_size=20
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	var greeting string
	err = pool.QueryRow(ctx, "SELECT $1 || ', world'", "hello").Scan(&greeting)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting)
	// Output: hello, world
}

func ExampleAll() {
	ctx := context.Background()
	pool := must(dbpool.New(ctx, uriForExamples()))
	defer pool.Close()

	type Person struct {
		Name   string
		BornIn int
	}
	people, err := dbpool.All[Person](ctx, pool,
		"SELECT 'Ada' AS name, 1815 AS born_in UNION ALL SELECT 'Kurt', 1906 ORDER BY 2")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(people)
	// Output: [{Ada 1815} {Kurt 1906}]
}

func ExamplePool_InTx() {
	ctx := context.Background()
	pool := must(dbpool.New(ctx, uriForExamples()))
	defer pool.Close()
	must(pool.Exec(ctx, "CREATE TABLE accounts (id int, balance int); INSERT INTO accounts VALUES (1, 100), (2, 0)"))

	err := pool.InTx(ctx, dbpool.TxOptions{Isolation: dbpool.Serializable}, func(tx *dbpool.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance - $1 WHERE id = $2", 30, 1); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2", 30, 2)
		return err
	})
	fmt.Println(err, must(dbpool.All[int](ctx, pool, "SELECT balance FROM accounts ORDER BY id")))
	// Output: <nil> [70 30]
}

func ExamplePool_SendBatch() {
	ctx := context.Background()
	pool := must(dbpool.New(ctx, uriForExamples()))
	defer pool.Close()
	must(pool.Exec(ctx, "CREATE TABLE items (name text)"))

	var batch dbpool.Batch
	for _, name := range []string{"pen", "ink", "paper"} {
		batch.Queue("INSERT INTO items VALUES ($1)", name)
	}
	if err := pool.SendBatch(ctx, &batch).Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(must(dbpool.One[int](ctx, pool, "SELECT count(*) FROM items")))
	// Output: 3
}

func ExampleError() {
	ctx := context.Background()
	pool := must(dbpool.New(ctx, "sqlite::memory:", dbpool.WithPoolSize(1), dbpool.WithMaxOverflow(0)))
	defer pool.Close()
	conn := must(pool.Acquire(ctx))
	defer conn.Release()

	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err := pool.Acquire(soon)
	fmt.Println(errors.Is(err, dbpool.ErrTimeout), errors.Is(err, context.DeadlineExceeded))

	_, err = conn.Exec(ctx, "SELECT shoe_size")
	var e *dbpool.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code == dbpool.ErrSQL, e.SQLState(), e.Message)
	}
	// Output:
	// true true
	// true 42703 no such column: shoe_size
}

func ExampleQueryOptions() {
	ctx := context.Background()
	pool := must(dbpool.New(ctx, uriForExamples()))
	defer pool.Close()

	rows, err := pool.Query(ctx, "SELECT $1 UNION ALL SELECT $2", dbpool.QueryOptions{Stream: true}, 1, 2)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	if err := rows.Err(); err != nil { // a stream can also fail on its way
		log.Fatal(err)
	}
	// Output:
	// 1
	// 2
}

func Example_databaseSQL() {
	db := must(sql.Open("dbpool", uriForExamples()))
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT $1 + 1", 41).Scan(&n); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output: 42
}
