package dbpool

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// A ScanError says which column could not be had as the Go type that was asked for.
type ScanError struct {
	Column int // from 0
	Name   string
	Err    error
}

func (e *ScanError) Error() string {
	return fmt.Sprintf("dbpool: column %d (%s): %v", e.Column, e.Name, e.Err)
}

// Unwrap gives what was wrong with the value.
func (e *ScanError) Unwrap() error { return e.Err }

func (r *Rows) scanCell(c *cell, i int, dest any) error {
	if dest != nil && isNil(&dest) {
		return fmt.Errorf("cannot scan into a nil %T", dest)
	}
	if c.kind == kindNull {
		return scanNull(dest)
	}
	switch d := dest.(type) {
	case *int64:
		return scanInto(d, c.int64)
	case *string:
		*d = c.text()
	case *int:
		return scanInt(d, c, "int")
	case *int32:
		return scanInt(d, c, "int32")
	case *float64:
		return scanInto(d, c.float64)
	case *bool:
		return scanInto(d, c.bool)
	case *[]byte:
		if c.data == nil && c.kind < kindText {
			*d = []byte(c.text())
		} else {
			*d = append(make([]byte, 0, c.size), c.bytes()...)
		}
	case *time.Time:
		return scanInto(d, c.time)
	case *any:
		v, err := c.value(r.kind(i))
		*d = v
		return err
	case nil:
	case sql.Scanner:
		v, err := c.value(r.kind(i))
		if err != nil {
			return err
		}
		return d.Scan(v)
	case *time.Duration:
		return scanInto(d, c.duration)
	case *json.RawMessage:
		*d = append(json.RawMessage(nil), c.text()...)
	case *[16]byte:
		return scanInto(d, c.uuid)
	default:
		return r.scanOther(c, i, dest)
	}
	return nil
}

func scanInto[T any](dest *T, get func() (T, error)) error {
	v, err := get()
	if err == nil {
		*dest = v
	}
	return err
}

func scanInt[T int | int32](dest *T, c *cell, name string) error {
	n, err := c.int64()
	if err != nil {
		return err
	}
	if int64(T(n)) != n {
		return rangeError(n, name)
	}
	*dest = T(n)
	return nil
}

func scanNull(dest any) error {
	switch d := dest.(type) {
	case nil:
	case *any:
		*d = nil
	case *[]byte:
		*d = nil
	case *json.RawMessage:
		*d = nil
	case sql.Scanner:
		return d.Scan(nil)
	default:
		v := reflect.ValueOf(dest)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			return fmt.Errorf("cannot scan into a %T: a pointer is needed", dest)
		}
		switch v.Elem().Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
			v.Elem().SetZero()
		default:
			return fmt.Errorf("cannot scan NULL into a %T", dest)
		}
	}
	return nil
}

// ScanOther is for what has another type: a pointer to a pointer, a type made of a basic one, an array, what is JSON.
func (r *Rows) scanOther(c *cell, i int, dest any) error {
	v := reflect.ValueOf(dest)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("cannot scan into a %T: a pointer is needed", dest)
	}
	to := v.Elem()
	switch to.Kind() {
	case reflect.Pointer:
		made := reflect.New(to.Type().Elem())
		if err := r.scanCell(c, i, made.Interface()); err != nil {
			return err
		}
		to.Set(made)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := c.int64()
		if err == nil && to.OverflowInt(n) {
			err = rangeError(n, to.Type().String())
		}
		if err == nil {
			to.SetInt(n)
		}
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := c.uint64()
		if err == nil && to.OverflowUint(n) {
			err = rangeError(n, to.Type().String())
		}
		if err == nil {
			to.SetUint(n)
		}
		return err
	case reflect.Float32, reflect.Float64:
		f, err := c.float64()
		if err == nil {
			to.SetFloat(f)
		}
		return err
	case reflect.Bool:
		b, err := c.bool()
		if err == nil {
			to.SetBool(b)
		}
		return err
	case reflect.String:
		to.SetString(c.text())
		return nil
	}
	return r.scanComposite(c, i, to)
}

func (r *Rows) scanComposite(c *cell, i int, to reflect.Value) error {
	kind := r.kind(i)
	switch {
	case kind == KindJSON:
		return json.Unmarshal([]byte(c.text()), to.Addr().Interface())
	case kind == KindArray && to.Kind() == reflect.Slice:
		list, err := parseArray(c.view())
		if err != nil {
			return err
		}
		return r.scanElements(list, i, to)
	case to.Type().ConvertibleTo(reflect.TypeFor[[16]byte]()) && to.Kind() == reflect.Array:
		id, err := c.uuid()
		if err == nil {
			to.Set(reflect.ValueOf(id).Convert(to.Type()))
		}
		return err
	case to.Kind() == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8:
		to.SetBytes([]byte(c.text()))
		return nil
	case to.Kind() == reflect.Map || to.Kind() == reflect.Struct || to.Kind() == reflect.Slice:
		// SQLite has no type for it: text that is JSON.
		if c.kind == kindText && kind != KindArray {
			return json.Unmarshal([]byte(c.text()), to.Addr().Interface())
		}
	}
	return fmt.Errorf("cannot scan a %v into a %v", kind, to.Type())
}

func (r *Rows) scanElements(list []element, i int, to reflect.Value) error {
	made := reflect.MakeSlice(to.Type(), len(list), len(list))
	for j := range list {
		e := &list[j]
		if e.array {
			if inner := made.Index(j).Type(); inner.Kind() != reflect.Slice || inner.Elem().Kind() == reflect.Uint8 {
				return fmt.Errorf("cannot scan an array of arrays into a %v", to.Type())
			}
			if err := r.scanElements(e.inner, i, made.Index(j)); err != nil {
				return err
			}
			continue
		}
		c, err := r.elementCell(e, i)
		if err != nil {
			return err
		}
		if err := r.scanCell(&c, i, made.Index(j).Addr().Interface()); err != nil {
			return err
		}
	}
	to.Set(made)
	return nil
}

// PostgreSQL's OID of bytea[], whose elements come as text in hexadecimal digits.
const byteaArray = 1001

// ElementCell is an element of an array's text as a cell, which lives as long as e.
func (r *Rows) elementCell(e *element, i int) (cell, error) {
	text := e.text
	if e.null {
		return cell{kind: kindNull}, nil
	}
	kind := uint8(kindText)
	if r.column(i).native_type == byteaArray {
		raw, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
		if err != nil {
			return cell{}, fmt.Errorf("%q is no bytea: %w", text, err)
		}
		text, kind = string(raw), kindBytes
	}
	return cell{data: unsafe.Pointer(unsafe.StringData(text)), size: uint32(len(text)), kind: kind}, nil
}

func (c *cell) int64() (int64, error) {
	switch c.kind {
	case kindInt64, kindBool:
		return int64(c.number), nil
	case kindFloat64:
		f := floatOf(c.number)
		if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
			return 0, fmt.Errorf("%v is no integer of 64 bits", f)
		}
		return int64(f), nil
	case kindText:
		n, err := strconv.ParseInt(c.view(), 10, 64)
		return n, plain(err)
	}
	return 0, errors.New("bytes are no number")
}

func (c *cell) uint64() (uint64, error) {
	if c.kind == kindText {
		n, err := strconv.ParseUint(c.view(), 10, 64)
		return n, plain(err)
	}
	n, err := c.int64()
	if err == nil && n < 0 {
		err = rangeError(n, "uint64")
	}
	return uint64(n), err
}

func (c *cell) float64() (float64, error) {
	switch c.kind {
	case kindFloat64:
		return floatOf(c.number), nil
	case kindInt64:
		return float64(int64(c.number)), nil
	case kindText:
		f, err := strconv.ParseFloat(c.view(), 64)
		return f, plain(err)
	}
	return 0, errors.New("it is no number")
}

func (c *cell) bool() (bool, error) {
	switch c.kind {
	case kindBool:
		return c.number != 0, nil
	case kindInt64:
		if c.number <= 1 {
			return c.number == 1, nil
		}
	case kindText:
		b, err := strconv.ParseBool(c.view())
		return b, plain(err)
	}
	return false, fmt.Errorf("%s is no boolean", c.text())
}

func (c *cell) time() (time.Time, error) {
	switch c.kind {
	case kindText:
		return parseTime(c.view())
	case kindInt64: // seconds, as SQLite's unixepoch() has them
		return time.Unix(int64(c.number), 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%s is no time", c.text())
}

func (c *cell) duration() (time.Duration, error) {
	if c.kind == kindText {
		return parseDuration(c.view())
	}
	n, err := c.int64()
	return time.Duration(n), err
}

func (c *cell) uuid() (id [16]byte, err error) {
	if c.size == 16 && c.kind == kindBytes {
		copy(id[:], c.bytes())
		return id, nil
	}
	digits := strings.ReplaceAll(c.text(), "-", "")
	if n, err := hex.Decode(id[:], []byte(digits[:min(len(digits), 32)])); n != 16 || err != nil || len(digits) != 32 {
		return id, fmt.Errorf("%q is no UUID", c.text())
	}
	return id, nil
}

func rangeError[T int64 | uint64](n T, name string) error {
	return fmt.Errorf("%d is out of the range of %s", n, name)
}

// Plain copies the text out of the error of a parser, which may point into the memory of a result.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(err.Error())
}
