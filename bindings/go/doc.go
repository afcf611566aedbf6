// Package dbpool is libdbpool for Go: a pool of connections to PostgreSQL and SQLite, in the manner of pgxpool.
//
//	pool, err := dbpool.New(ctx, "postgresql://user@host/db?pool_size=20")
//	defer pool.Close()
//	var greeting string
//	err = pool.QueryRow(ctx, "SELECT $1 || '!'", "hello").Scan(&greeting)
//
// Parameters are $1 ... $n on both databases. Statements are prepared and kept by their text, without being asked to.
// Every wait has a deadline: the context's, or else the pool's options. A context that ends cancels what runs, on the
// server, too, and the connection stays usable.
//
// Package dbpool/sqldriver makes a driver of it for database/sql.
package dbpool
