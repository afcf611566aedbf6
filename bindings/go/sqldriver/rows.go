package sqldriver

import (
	"database/sql"
	"database/sql/driver"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"dbpool"
)

type rows struct {
	dbpool.Rows
	conn    *Conn           // which may use them again, once they are closed
	columns []dbpool.Column // of the current result, when they were asked for
	moved   bool            // HasNextResultSet went on to the next result
}

var (
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

func (r *rows) Columns() []string { return r.Rows.ColumnNames() }

// Close is the last that database/sql asks of the rows, and not at the same time as anything of their connection.
func (r *rows) Close() error {
	r.Rows.Close()
	r.columns, r.moved = nil, false
	r.conn.rows = r
	return nil
}

func (r *rows) Next(dest []driver.Value) error {
	if !r.Rows.Next() {
		if err := r.Rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	return r.Rows.DriverValues(dest)
}

// HasNextResultSet is asked at the end of a result, and finds out by going on.
func (r *rows) HasNextResultSet() bool {
	if !r.moved {
		r.moved = r.Rows.NextResultSet()
		r.columns = nil
	}
	return r.moved
}

func (r *rows) NextResultSet() error {
	if !r.HasNextResultSet() {
		if err := r.Rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	r.moved = false
	return nil
}

func (r *rows) column(i int) dbpool.Column {
	if r.columns == nil {
		r.columns = r.Rows.Columns()
	}
	return r.columns[i]
}

// ColumnTypeDatabaseTypeName is "INT4" and so on; what is in parentheses is left out.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	name, _, _ := strings.Cut(r.column(i).NativeName, "(")
	return strings.ToUpper(strings.TrimSpace(name))
}

// ColumnTypeLength is unlimited, for types whose values have a length.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	switch r.column(i).Kind {
	case dbpool.KindText, dbpool.KindBytes, dbpool.KindJSON:
		return math.MaxInt64, true
	}
	return 0, false
}

// ColumnTypeNullable is not known.
func (r *rows) ColumnTypeNullable(int) (nullable, ok bool) { return true, false }

// ColumnTypePrecisionScale is known of what SQLite has declared as NUMERIC(10, 2).
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	c := r.column(i)
	if c.Kind != dbpool.KindNumeric {
		return 0, 0, false
	}
	_, inner, found := strings.Cut(c.NativeName, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !found || !closed {
		return 0, 0, false
	}
	first, second, two := strings.Cut(inner, ",")
	precision, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	if err == nil && two {
		scale, err = strconv.ParseInt(strings.TrimSpace(second), 10, 64)
	}
	return precision, scale, err == nil
}

var scanTypes = map[dbpool.Kind]reflect.Type{
	dbpool.KindBool:        reflect.TypeFor[sql.NullBool](),
	dbpool.KindInteger:     reflect.TypeFor[sql.NullInt64](),
	dbpool.KindFloat:       reflect.TypeFor[sql.NullFloat64](),
	dbpool.KindNumeric:     reflect.TypeFor[sql.NullString](),
	dbpool.KindText:        reflect.TypeFor[sql.NullString](),
	dbpool.KindBytes:       reflect.TypeFor[[]byte](),
	dbpool.KindDate:        reflect.TypeFor[sql.Null[time.Time]](),
	dbpool.KindTime:        reflect.TypeFor[sql.NullString](),
	dbpool.KindTimestamp:   reflect.TypeFor[sql.Null[time.Time]](),
	dbpool.KindTimestampTZ: reflect.TypeFor[sql.Null[time.Time]](),
	dbpool.KindInterval:    reflect.TypeFor[sql.NullString](),
	dbpool.KindUUID:        reflect.TypeFor[sql.NullString](),
	dbpool.KindJSON:        reflect.TypeFor[[]byte](),
	dbpool.KindArray:       reflect.TypeFor[sql.NullString](),
}

// ColumnTypeScanType is a type that takes every value of the column, NULL included.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := scanTypes[r.column(i).Kind]; ok {
		return t
	}
	return reflect.TypeFor[any]()
}
