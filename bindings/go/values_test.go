package dbpool_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbpool"
)

// There and back: what a parameter was, a column is.
func roundTrip[T any](t *testing.T, pool *dbpool.Pool, column string, value T) {
	t.Helper()
	// Another name for each type: what a prepared statement takes was settled when it was prepared.
	table := "go_values_" + strings.Map(func(c rune) rune {
		if c < 'a' || c > 'z' {
			return '_'
		}
		return c
	}, column)
	makeTable(t, pool, table, "v "+column)
	exec(t, pool, "INSERT INTO "+table+" VALUES ($1)", value)
	got := one[struct{ V T }](t, pool, "SELECT v FROM "+table).V
	if tm, ok := any(value).(time.Time); ok {
		if !tm.Equal(any(got).(time.Time)) {
			t.Errorf("%s: got %v, want %v", column, got, value)
		}
	} else if !reflect.DeepEqual(got, value) {
		t.Errorf("%s: got %#v, want %#v", column, got, value)
	}
	null := one[struct{ V *T }](t, pool, "SELECT NULL AS v")
	if null.V != nil {
		t.Errorf("NULL is %v", *null.V)
	}
}

type color string
type level int8

func TestAllTypesGoThereAndBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		roundTrip(t, pool, "bigint", int64(math.MinInt64))
		roundTrip(t, pool, "bigint", math.MaxInt64)
		roundTrip(t, pool, "int", int32(-7))
		roundTrip(t, pool, "int", int16(-7))
		roundTrip(t, pool, "int", uint8(255))
		roundTrip(t, pool, "smallint", level(3))
		roundTrip(t, pool, "double precision", 0.1)
		roundTrip(t, pool, "double precision", math.Inf(1))
		roundTrip(t, pool, "double precision", math.SmallestNonzeroFloat64)
		roundTrip(t, pool, "real", float32(0.1))
		roundTrip(t, pool, "bool", true)
		roundTrip(t, pool, "bool", false)
		roundTrip(t, pool, "text", "")
		roundTrip(t, pool, "text", "Grüße, 世界 🎉 '\"\\")
		roundTrip(t, pool, "text", color("red"))
		roundTrip(t, pool, "bytea", []byte{})
		roundTrip(t, pool, "bytea", []byte{0, 1, 255, '\\'})
		roundTrip(t, pool, "bytea", bytes.Repeat([]byte{0, 200, 7}, 3_000_000))
		roundTrip(t, pool, "text", strings.Repeat("ä", 2_000_000))
		roundTrip(t, pool, "uuid", [16]byte{1, 2, 3, 0xfe, 0xff})
		roundTrip(t, pool, "timestamptz", time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.FixedZone("", 3600)))
		roundTrip(t, pool, "timestamp", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))
		roundTrip(t, pool, "timestamp", time.Date(-43, 3, 15, 12, 0, 0, 0, time.UTC))
		roundTrip(t, pool, "date", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC))
		roundTrip(t, pool, "json", map[string]any{"a": []any{1.0, "x", nil}})
		roundTrip(t, pool, "json", json.RawMessage(`{"a": 1}`))
		if !db.sqlite() {
			roundTrip(t, pool, "interval", 36*time.Hour+5*time.Millisecond)
			roundTrip(t, pool, "interval", -5*time.Minute)
			roundTrip(t, pool, "int[]", []int{1, -2, 3})
			roundTrip(t, pool, "bigint[]", [][]int64{{1, 2}, {3, 4}})
			roundTrip(t, pool, "text[]", []string{"", "a,b", `q"\`, "NULL", "{}"})
			roundTrip(t, pool, "float8[]", []float64{0.5, math.Inf(-1)})
			roundTrip(t, pool, "bool[]", []bool{true, false})
			roundTrip(t, pool, "uuid[]", [][16]byte{{1}, {2}})
			roundTrip(t, pool, "bytea[]", [][]byte{{}, {0, 1, 255, '\\', '"'}, nil})
			roundTrip(t, pool, "bytea[]", [][][]byte{{{1}, {2}}, {nil, {}}})
			roundTrip(t, pool, "timestamp[]", []time.Time{time.Date(2024, 2, 29, 1, 2, 3, 0, time.UTC)})
			roundTrip(t, pool, "numeric", uint64(math.MaxUint64))
		} else {
			roundTrip(t, pool, "int", time.Minute)
			roundTrip(t, pool, "json", []int{1, 2})
		}
	})
}

func TestNullsInArraysAndBounds(t *testing.T) {
	pool := open(t, onPostgres(t))
	list := one[[]*int](t, pool, "SELECT '[5:7]={1,NULL,3}'::int[]")
	equal(t, len(list), 3)
	equal(t, *list[0]+*list[2], 4)
	if list[1] != nil {
		t.Fatal("NULL is not nil")
	}
	equal(t, one[int](t, pool, "SELECT count(*) FROM generate_series(1, 9) AS s(i) WHERE i = ANY($1)", []int{2, 4}), 2)
	_, err := dbpool.One[[]int](testContext(t), pool, "SELECT '{1,NULL}'::int[]")
	if err == nil {
		t.Fatal("NULL is an int")
	}
}

func TestNullNeedsAPointer(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		var n int
		var scan *dbpool.ScanError
		err := pool.QueryRow(ctx, "SELECT NULL AS what").Scan(&n)
		if !errors.As(err, &scan) || scan.Name != "what" {
			t.Fatal(err)
		}
		p := &n
		var text sql.NullString
		var maybe sql.Null[int64]
		var anything any = 1
		raw := []byte("x")
		check(t, pool.QueryRow(ctx, "SELECT NULL, NULL, NULL, NULL, NULL, 5").Scan(&p, &text, &maybe, &anything, &raw, nil))
		if p != nil || text.Valid || maybe.Valid || anything != nil || raw != nil {
			t.Fatal(p, text, maybe, anything, raw)
		}
		check(t, pool.QueryRow(ctx, "SELECT 5, 'x', 6").Scan(&p, &text, &maybe))
		equal(t, *p, 5)
		equal(t, text.String, "x")
		equal(t, maybe.V, 6)
		equal(t, one[bool](t, pool, "SELECT CAST($1 AS text) IS NULL", (*string)(nil)), true)
		equal(t, one[bool](t, pool, "SELECT CAST($1 AS text) IS NULL", sql.NullString{}), true)
	})
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		for sql, dest := range map[string]any{
			"SELECT 300":                    new(int8),
			"SELECT -1":                     new(uint),
			"SELECT 3000000000":             new(int32),
			"SELECT 'x'":                    new(int),
			"SELECT 1.5":                    new(int64),
			"SELECT 'yesterday or so'":      new(time.Time),
			"SELECT 'true or not'":          new(bool),
			"SELECT 'not a uuid'":           new([16]byte),
			"SELECT 2":                      new(chan int),
			"SELECT 3":                      5,
			"SELECT 'a' AS a, 'too many'":   new(string),
			"SELECT '" + "{" + "' AS json1": new(map[string]int),
		} {
			if err := pool.QueryRow(ctx, sql).Scan(dest); err == nil {
				t.Errorf("%s into a %T is no error", sql, dest)
			}
		}
		allBack(t, pool)
	})
}

func TestNumbersAsTextAndTextAsNumbers(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		equal(t, one[string](t, pool, "SELECT 42"), "42")
		equal(t, one[int](t, pool, "SELECT '42'"), 42)
		equal(t, one[float64](t, pool, "SELECT 42"), 42)
		equal(t, one[string](t, pool, "SELECT CAST(0.5 AS double precision)"), "0.5")
		equal(t, string(one[[]byte](t, pool, "SELECT 42")), "42")
		equal(t, one[bool](t, pool, "SELECT 'true'"), true)
	})
}

func TestValuesSayWhatTheyAre(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		makeTable(t, pool, "go_kinds", "n int, f double precision, b bool, s text, x bytea, t timestamp, d date, z int")
		moment := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
		exec(t, pool, "INSERT INTO go_kinds VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
			1, 2.5, true, "s", []byte("x"), moment, moment.Truncate(24*time.Hour))
		rows, err := pool.Query(testContext(t), "SELECT * FROM go_kinds")
		check(t, err)
		defer rows.Close()
		if _, err := rows.Values(); err == nil {
			t.Fatal("values before Next")
		}
		equal(t, rows.Next(), true)
		values, err := rows.Values()
		check(t, err)
		want := []any{int64(1), 2.5, true, "s", []byte("x"), moment, moment.Truncate(24 * time.Hour), nil}
		if !reflect.DeepEqual(values, want) {
			t.Fatalf("got %#v, want %#v", values, want)
		}
		equal(t, rows.Columns()[5].Kind, dbpool.KindTimestamp)
		equal(t, rows.Columns()[5].Kind.String(), "timestamp")
	})
}

type person struct {
	Name string
	Years
	Nick    *string `db:"nickname"`
	Ignored func()  `db:"-"`
	private int
}
type Years struct{ BornIn, DiedIn int }

func TestRowsBecomeStructs(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		ctx := testContext(t)
		const people = "SELECT 'Ada' AS name, 1815 AS born_in, 1852 AS diedin, NULL AS nickname " +
			"UNION ALL SELECT 'Kurt', 1906, 1978, 'Mr. Why' ORDER BY 2"
		list, err := dbpool.All[person](ctx, pool, people)
		check(t, err)
		equal(t, len(list), 2)
		equal(t, list[0].Name, "Ada")
		equal(t, list[1].BornIn+list[1].DiedIn, 1906+1978)
		equal(t, *list[1].Nick, "Mr. Why")
		_ = list[0].private

		_, err = dbpool.One[person](ctx, pool, people)
		wantError(t, err, dbpool.ErrTooManyRows)
		_, err = dbpool.One[person](ctx, pool, "SELECT 'x' AS name WHERE 1 = 0")
		wantError(t, err, dbpool.ErrNoRows)
		none, err := dbpool.OneOrNone[int](ctx, pool, "SELECT 1 WHERE 1 = 0")
		check(t, err)
		if none != nil {
			t.Fatal(*none)
		}
		some, err := dbpool.OneOrNone[int](ctx, pool, "SELECT 1")
		check(t, err)
		equal(t, *some, 1)
		_, err = dbpool.One[person](ctx, pool, "SELECT 1 AS no_such_field")
		if err == nil || !contains(err.Error(), "no_such_field") {
			t.Fatal(err)
		}
		m, err := dbpool.One[map[string]any](ctx, pool, "SELECT 1 AS a, 'x' AS b")
		check(t, err)
		if !reflect.DeepEqual(m, map[string]any{"a": int64(1), "b": "x"}) {
			t.Fatal(m)
		}
		rows, err := pool.Query(ctx, "SELECT 7, 8")
		check(t, err)
		y, err := dbpool.CollectOneRow(rows, dbpool.RowToStructByPos[Years])
		check(t, err)
		equal(t, y, Years{7, 8})
		rows, err = pool.Query(ctx, series(db, 10))
		check(t, err)
		var n, sum int
		_, err = dbpool.ForEachRow(rows, []any{&n}, func() error { sum += n; return nil })
		check(t, err)
		equal(t, sum, 55)
		allBack(t, pool)
	})
}
