package dbpool_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbpool"
)

// CallAll calls every method of a value that nobody made, with arguments that are good for something, and gives the errors.
func callAll(t *testing.T, of any) map[string]error {
	batch := &dbpool.Batch{}
	batch.Queue("SELECT 1")
	arguments := map[reflect.Type]reflect.Value{
		reflect.TypeFor[context.Context](): reflect.ValueOf(testContext(t)),
		reflect.TypeFor[string]():          reflect.ValueOf("SELECT 1"),
		reflect.TypeFor[*dbpool.Batch]():   reflect.ValueOf(batch),
		reflect.TypeFor[*dbpool.Rows]():    reflect.ValueOf(&dbpool.Rows{}),
		reflect.TypeFor[[]any]():           reflect.ValueOf([]any{}),
	}
	failed := map[string]error{}
	value := reflect.ValueOf(of)
	for i := range value.NumMethod() {
		method := value.Method(i)
		var with []reflect.Value
		for j := range method.Type().NumIn() {
			in := method.Type().In(j)
			if argument, ok := arguments[in]; ok {
				with = append(with, argument)
			} else {
				with = append(with, reflect.Zero(in))
			}
		}
		call := method.Call
		if method.Type().IsVariadic() {
			call = method.CallSlice
		}
		for _, out := range call(with) {
			switch out := out.Interface().(type) {
			case error:
				failed[value.Type().Method(i).Name] = out
			case *dbpool.Row:
				failed[value.Type().Method(i).Name] = out.Scan(new(int))
			case *dbpool.BatchResults:
				failed[value.Type().Method(i).Name] = out.Close()
			}
		}
	}
	return failed
}

func TestWhatNobodyMadeAnswersWithErrors(t *testing.T) {
	open(t, onSQLite(t)) // so that there are calls to be used again
	for _, c := range []struct {
		of      any
		err     error
		methods string
	}{
		{&dbpool.Pool{}, dbpool.ErrInvalid, "Acquire AcquireFunc AcquireWith Begin BeginTx Exec InTx Ping Query QueryRow Reset" +
			" SendBatch Shutdown Watch"},
		{&dbpool.Conn{}, dbpool.ErrReleased, "Begin BeginTx Cancel Describe Exec Ping Query QueryInto QueryRow SendBatch"},
		{&dbpool.Conn{}, dbpool.ErrInvalid, "Reacquire ReacquireInto"},
		{&dbpool.Tx{}, dbpool.ErrTxClosed, "Begin Commit Exec Query QueryRow Rollback SendBatch"},
		{&dbpool.Rows{}, dbpool.ErrInvalid, "DriverValues Scan Values"},
		{&dbpool.Row{}, dbpool.ErrNoRows, "Scan"},
		{&dbpool.BatchResults{}, dbpool.ErrInvalid, "Exec Query QueryRow"},
	} {
		failed := callAll(t, c.of)
		for _, method := range strings.Fields(c.methods) {
			if !errors.Is(failed[method], c.err) {
				t.Errorf("%T.%s: %v", c.of, method, failed[method])
			}
		}
	}
}

func TestANilPointerIsNoDestination(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		for _, sql := range []string{"SELECT 1", "SELECT NULL"} {
			for _, dest := range []any{(*int)(nil), (*int64)(nil), (*string)(nil), (*any)(nil), (*[]byte)(nil), (*time.Time)(nil),
				(**int)(nil)} {
				var failed *dbpool.ScanError
				if err := pool.QueryRow(testContext(t), sql).Scan(dest); !errors.As(err, &failed) {
					t.Errorf("%s into a %T: %v", sql, dest, err)
				}
			}
		}
		check(t, pool.QueryRow(testContext(t), "SELECT 1").Scan(nil))
	})
}

func TestAScanThatFailsLeavesItsDestinationAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		for _, text := range []string{"x", "99999999999999999999"} {
			n, n32, n64 := 7, int32(7), int64(7)
			for _, dest := range []any{&n, &n32, &n64} {
				err := pool.QueryRow(testContext(t), "SELECT '"+text+"'").Scan(dest)
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%s into a %T: %v", text, dest, err)
				}
			}
			equal(t, n+int(n32)+int(n64), 21)
		}
	})
}

func TestOptionsAmongTheParametersAreAnError(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		pool := open(t, db)
		for _, options := range []any{dbpool.QueryOptions{ReadOnly: true}, &dbpool.QueryOptions{}} {
			_, err := pool.Exec(testContext(t), "SELECT $1, $2", "a", options)
			wantError(t, err, dbpool.ErrInvalid)
			if !strings.Contains(err.Error(), "in front") {
				t.Error(err)
			}
		}
	})
}
