package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// A param is a dbpool_value whose pointer is a distance into the arena (bridge.h), so that it may be handed to C as it is.
type param struct {
	offset   uint64
	size     uint32
	kind     uint8
	flags    uint8
	reserved uint16
	number   uint64
}

// Arguments are the parameters of a statement on their way to the library.
type arguments struct {
	params []param
	arena  []byte
	sqlite bool
}

// What an arena may keep for the next statement.
const keptArena = 1 << 16

// Encode makes parameters of Go values.
func (a *arguments) encode(args []any, sqlite bool) error {
	a.sqlite = sqlite
	for i, arg := range args {
		if err := a.add(arg); err != nil {
			return invalid("parameter $%d: %v", i+1, err)
		}
	}
	return nil
}

func (a *arguments) reset() {
	a.params = a.params[:0]
	if a.arena = a.arena[:0]; cap(a.arena) > keptArena {
		a.arena = nil
	}
}

// Pointers gives what the bridge takes.
func (a *arguments) pointers() (params *C.dbpgo_param, arena *C.char) {
	return (*C.dbpgo_param)(unsafe.Pointer(unsafe.SliceData(a.params))), (*C.char)(unsafe.Pointer(unsafe.SliceData(a.arena)))
}

func (a *arguments) number(kind uint8, bits uint64) {
	a.params = append(a.params, param{kind: kind, number: bits})
}

// From says that the arena from there on is the parameter.
func (a *arguments) from(kind uint8, start int) {
	a.params = append(a.params, param{offset: uint64(start), size: uint32(len(a.arena) - start), kind: kind})
}

func (a *arguments) text(s string) {
	start := len(a.arena)
	a.arena = append(a.arena, s...)
	a.from(C.DBPOOL_TEXT, start)
}

func (a *arguments) add(arg any) error {
	switch v := arg.(type) {
	case nil:
		a.number(C.DBPOOL_NULL, 0)
	case int:
		a.number(C.DBPOOL_INT64, uint64(v))
	case int64:
		a.number(C.DBPOOL_INT64, uint64(v))
	case int32:
		a.number(C.DBPOOL_INT64, uint64(v))
	case string:
		if len(v) > math.MaxUint32 {
			return fmt.Errorf("%d bytes are too many", len(v))
		}
		a.text(v)
	case []byte:
		if v == nil {
			a.number(C.DBPOOL_NULL, 0)
			break
		}
		if len(v) > math.MaxUint32 {
			return fmt.Errorf("%d bytes are too many", len(v))
		}
		start := len(a.arena)
		a.arena = append(a.arena, v...)
		a.from(C.DBPOOL_BYTES, start)
	case float64:
		a.number(C.DBPOOL_FLOAT64, math.Float64bits(v))
	case bool:
		bit := uint64(0)
		if v {
			bit = 1
		}
		a.number(C.DBPOOL_BOOL, bit)
	case time.Time:
		start := len(a.arena)
		a.arena = appendTime(a.arena, v)
		a.from(C.DBPOOL_TEXT, start)
	case time.Duration:
		if a.sqlite {
			a.number(C.DBPOOL_INT64, uint64(v))
			break
		}
		start := len(a.arena)
		a.arena = strconv.AppendInt(a.arena, v.Microseconds(), 10)
		a.arena = append(a.arena, " microseconds"...)
		a.from(C.DBPOOL_TEXT, start)
	case json.RawMessage:
		if v == nil {
			a.number(C.DBPOOL_NULL, 0)
			break
		}
		a.text(string(v))
	case [16]byte:
		a.text(formatUUID(v))
	default:
		return a.addOther(arg)
	}
	return nil
}

// AddOther is for what has another type: a Valuer, a pointer, a type made of a basic one, a slice, what is JSON.
func (a *arguments) addOther(arg any) error {
	switch v := arg.(type) {
	case sql.NamedArg:
		return byNumber(v.Name)
	case sql.Out:
		return errors.New("there are no output parameters")
	case QueryOptions:
		return errors.New("QueryOptions stand in front of the parameters")
	}
	v := reflect.ValueOf(arg)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		a.number(C.DBPOOL_NULL, 0)
		return nil
	}
	if valuer, ok := arg.(driver.Valuer); ok {
		value, err := valuer.Value()
		if err != nil {
			return err
		}
		return a.add(value)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return a.add(v.Elem().Interface())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		a.number(C.DBPOOL_INT64, uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() <= math.MaxInt64 {
			a.number(C.DBPOOL_INT64, v.Uint())
		} else if a.sqlite {
			return fmt.Errorf("%d does not fit in 64 bits with a sign", v.Uint())
		} else {
			a.text(strconv.FormatUint(v.Uint(), 10)) // numeric
		}
	case reflect.Float32:
		// In its own precision: 0.1 is 0.1.
		a.text(strconv.FormatFloat(v.Float(), 'g', -1, 32))
		if a.sqlite {
			a.params = a.params[:len(a.params)-1]
			a.number(C.DBPOOL_FLOAT64, math.Float64bits(v.Float()))
		}
	case reflect.Float64:
		a.number(C.DBPOOL_FLOAT64, math.Float64bits(v.Float()))
	case reflect.Bool:
		return a.add(v.Bool())
	case reflect.String:
		return a.add(v.String())
	case reflect.Slice, reflect.Array:
		return a.addList(v)
	case reflect.Map, reflect.Struct:
		text, err := json.Marshal(arg)
		if err != nil {
			return err
		}
		a.text(string(text))
	default:
		return fmt.Errorf("a %T is no value of a database", arg)
	}
	return nil
}

func (a *arguments) addList(v reflect.Value) error {
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return a.add(v.Bytes())
	}
	if v.Type().ConvertibleTo(reflect.TypeFor[[16]byte]()) {
		return a.add(v.Convert(reflect.TypeFor[[16]byte]()).Interface())
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		a.number(C.DBPOOL_NULL, 0)
		return nil
	}
	if a.sqlite { // which has no arrays, but functions for JSON
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return err
		}
		a.text(string(text))
		return nil
	}
	start := len(a.arena)
	var err error
	if a.arena, err = appendArray(a.arena, v); err == nil {
		a.from(C.DBPOOL_TEXT, start)
	}
	return err
}

// ByNumber refuses a named parameter: PostgreSQL has only numbers, and the library the same way on both databases.
func byNumber(name string) error {
	return fmt.Errorf("parameters have numbers, not names: write $1 ... $n instead of %q", name)
}

func formatUUID(v [16]byte) string {
	var text [36]byte
	hex.Encode(text[0:], v[0:4])
	hex.Encode(text[9:], v[4:6])
	hex.Encode(text[14:], v[6:8])
	hex.Encode(text[19:], v[8:10])
	hex.Encode(text[24:], v[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
