package dbpool

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// A Querier runs queries: a *Pool, *Conn or *Tx.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (*Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) *Row
	Exec(ctx context.Context, sql string, args ...any) (CommandTag, error)
}

// All runs a query and gives all its rows. T is a struct, whose fields are found by the names of the columns (see
// [RowToStruct]), or the type of the only column.
func All[T any](ctx context.Context, q Querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return CollectRows(rows, rowToFunc[T]())
}

// One runs a query that gives exactly one row; otherwise the error is ErrNoRows or ErrTooManyRows. T is as for All.
func One[T any](ctx context.Context, q Querier, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	return CollectExactlyOneRow(rows, rowToFunc[T]())
}

// OneOrNone runs a query that gives one row or none, and then nil; ErrTooManyRows if there are more. T is as for All.
func OneOrNone[T any](ctx context.Context, q Querier, sql string, args ...any) (*T, error) {
	v, err := One[T](ctx, q, sql, args...)
	switch err {
	case nil:
		return &v, nil
	case ErrNoRows:
		return nil, nil
	}
	return nil, err
}

// RowToFunc makes something of the current row.
type RowToFunc[T any] func(*Rows) (T, error)

// CollectRows makes a slice of the rows and closes them.
func CollectRows[T any](rows *Rows, f RowToFunc[T]) ([]T, error) {
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		v, err := f(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// CollectOneRow takes the first row, and closes the rows. ErrNoRows if there is none.
func CollectOneRow[T any](rows *Rows, f RowToFunc[T]) (T, error) {
	defer rows.Close()
	return firstRow(rows, f)
}

// CollectExactlyOneRow takes the only row, and closes the rows. ErrNoRows or ErrTooManyRows if there is not just one.
func CollectExactlyOneRow[T any](rows *Rows, f RowToFunc[T]) (T, error) {
	defer rows.Close()
	v, err := firstRow(rows, f)
	if err == nil && rows.Next() {
		err = ErrTooManyRows
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

func firstRow[T any](rows *Rows, f RowToFunc[T]) (T, error) {
	var none T
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return none, err
		}
		return none, ErrNoRows
	}
	return f(rows)
}

// ForEachRow scans each row into dest, calls f, and closes the rows.
func ForEachRow(rows *Rows, dest []any, f func() error) (CommandTag, error) {
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return CommandTag{}, err
		}
		if err := f(); err != nil {
			return CommandTag{}, err
		}
	}
	return rows.CommandTag(), rows.Err()
}

// RowTo scans the only column.
func RowTo[T any](rows *Rows) (T, error) {
	var v T
	err := rows.Scan(&v)
	return v, err
}

// RowToMap gives the row's values by the names of the columns.
func RowToMap(rows *Rows) (map[string]any, error) {
	values, err := rows.Values()
	if err != nil {
		return nil, err
	}
	m := make(map[string]any, len(values))
	for i, name := range rows.ColumnNames() {
		m[name] = values[i]
	}
	return m, nil
}

// RowToStruct scans the row into the fields of a struct, by name: that of the tag `db:"name"`, or the field's own,
// whereby case and underscores do not count. Embedded structs count as if their fields stood there; `db:"-"` is left out.
// A column without a field is an error, a field without a column is left alone.
func RowToStruct[T any](rows *Rows) (T, error) {
	var v T
	err := scanStruct(rows, reflect.ValueOf(&v).Elem())
	return v, err
}

// RowToStructByPos scans the row into the fields of a struct in their order.
func RowToStructByPos[T any](rows *Rows) (T, error) {
	var v T
	to := reflect.ValueOf(&v).Elem()
	if to.Kind() != reflect.Struct {
		return v, fmt.Errorf("dbpool: a %T is no struct", v)
	}
	fields := fieldsOf(to.Type()).all
	dest := make([]any, len(fields))
	for i, index := range fields {
		dest[i] = to.FieldByIndex(index).Addr().Interface()
	}
	err := rows.Scan(dest...)
	return v, err
}

func rowToFunc[T any]() RowToFunc[T] {
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() &&
		!reflect.PointerTo(t).Implements(reflect.TypeFor[sql.Scanner]()) {
		return RowToStruct[T]
	}
	if t == reflect.TypeFor[map[string]any]() {
		return func(rows *Rows) (T, error) {
			m, err := RowToMap(rows)
			v, _ := any(m).(T)
			return v, err
		}
	}
	return RowTo[T]
}

func scanStruct(rows *Rows, to reflect.Value) error {
	if to.Kind() != reflect.Struct {
		return fmt.Errorf("dbpool: a %v is no struct", to.Type())
	}
	if rows.plan == nil || rows.plan.of != to.Type() {
		if err := rows.makePlan(to.Type()); err != nil {
			return err
		}
	}
	for i, index := range rows.plan.fields {
		rows.plan.dest[i] = to.FieldByIndex(index).Addr().Interface()
	}
	return rows.Scan(rows.plan.dest...)
}

// Where the columns of a result go in a struct; made once for all rows.
type structPlan struct {
	of     reflect.Type
	fields [][]int
	dest   []any
}

func (r *Rows) makePlan(t reflect.Type) error {
	names := r.ColumnNames()
	plan := &structPlan{of: t, fields: make([][]int, len(names)), dest: make([]any, len(names))}
	known := fieldsOf(t)
	for i, name := range names {
		index, ok := known.named[name]
		if !ok {
			index, ok = known.loose[loosely(name)]
		}
		if !ok {
			return &ScanError{Column: i, Name: name, Err: fmt.Errorf("%v has no such field", t)}
		}
		plan.fields[i] = index
	}
	r.plan = plan
	return nil
}

// The fields of a struct: all in their order, by tag, and by name.
type structFields struct {
	all   [][]int
	named map[string][]int
	loose map[string][]int
}

var knownStructs sync.Map // of reflect.Type to *structFields

func fieldsOf(t reflect.Type) *structFields {
	if known, ok := knownStructs.Load(t); ok {
		return known.(*structFields)
	}
	made := &structFields{named: map[string][]int{}, loose: map[string][]int{}}
	made.add(t, nil)
	known, _ := knownStructs.LoadOrStore(t, made)
	return known.(*structFields)
}

func (s *structFields) add(t reflect.Type, prefix []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(prefix[:len(prefix):len(prefix)], i)
		tag, _, _ := strings.Cut(f.Tag.Get("db"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && f.Type.Kind() == reflect.Struct && tag == "":
			s.add(f.Type, index)
		case !f.IsExported():
		default:
			s.all = append(s.all, index)
			if tag != "" {
				s.named[tag] = index
			} else if _, taken := s.loose[loosely(f.Name)]; !taken {
				s.loose[loosely(f.Name)] = index
			}
		}
	}
}

func loosely(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
