package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"math"
	"strconv"
	"time"
	"unsafe"
)

// Kind is what a column holds, in terms both databases share.
type Kind uint32

// The kinds of columns.
const (
	KindOther       Kind = C.DBPOOL_KIND_OTHER
	KindBool        Kind = C.DBPOOL_KIND_BOOL
	KindInteger     Kind = C.DBPOOL_KIND_INTEGER
	KindFloat       Kind = C.DBPOOL_KIND_FLOAT
	KindNumeric     Kind = C.DBPOOL_KIND_NUMERIC
	KindText        Kind = C.DBPOOL_KIND_TEXT
	KindBytes       Kind = C.DBPOOL_KIND_BYTES
	KindDate        Kind = C.DBPOOL_KIND_DATE
	KindTime        Kind = C.DBPOOL_KIND_TIME
	KindTimestamp   Kind = C.DBPOOL_KIND_TIMESTAMP
	KindTimestampTZ Kind = C.DBPOOL_KIND_TIMESTAMPTZ
	KindInterval    Kind = C.DBPOOL_KIND_INTERVAL
	KindUUID        Kind = C.DBPOOL_KIND_UUID
	KindJSON        Kind = C.DBPOOL_KIND_JSON
	KindArray       Kind = C.DBPOOL_KIND_ARRAY
)

var kindNames = [...]string{"other", "bool", "integer", "float", "numeric", "text", "bytes", "date", "time", "timestamp",
	"timestamptz", "interval", "uuid", "json", "array"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Moment reports whether the column's values are a time.Time.
func (k Kind) moment() bool { return k == KindTimestamp || k == KindTimestampTZ || k == KindDate }

// What a cell or a parameter is.
const (
	kindNull    = C.DBPOOL_NULL
	kindBool    = C.DBPOOL_BOOL
	kindInt64   = C.DBPOOL_INT64
	kindFloat64 = C.DBPOOL_FLOAT64
	kindText    = C.DBPOOL_TEXT
	kindBytes   = C.DBPOOL_BYTES
)

func floatOf(bits uint64) float64 { return math.Float64frombits(bits) }

// Bytes are the cell's, in the memory of the result: to be copied.
func (c *cell) bytes() []byte { return unsafe.Slice((*byte)(c.data), int(c.size)) }

// View is the cell's text, in the memory of the result: gone with the next batch.
func (c *cell) view() string { return unsafe.String((*byte)(c.data), int(c.size)) }

// Text copies the cell as text. SQLite's numbers come without one.
func (c *cell) text() string {
	if c.data != nil {
		return string(c.bytes())
	}
	switch c.kind {
	case kindInt64:
		return strconv.FormatInt(int64(c.number), 10)
	case kindFloat64:
		return strconv.FormatFloat(floatOf(c.number), 'g', -1, 64)
	case kindBool:
		return strconv.FormatBool(c.number != 0)
	}
	return ""
}

// Value is the cell as the Go value that says most about it.
func (c *cell) value(kind Kind) (any, error) {
	switch c.kind {
	case kindNull:
		return nil, nil
	case kindBool:
		return c.number != 0, nil
	case kindInt64:
		switch {
		case kind == KindBool: // SQLite knows only numbers
			return c.number != 0, nil
		case kind.moment():
			return time.Unix(int64(c.number), 0).UTC(), nil
		}
		return int64(c.number), nil
	case kindFloat64:
		return floatOf(c.number), nil
	case kindBytes:
		return append(make([]byte, 0, c.size), c.bytes()...), nil
	}
	if kind.moment() {
		// "infinity", and what SQLite's columns hold besides, stay what they are.
		if t, err := parseTime(c.view()); err == nil {
			return t, nil
		}
	}
	return string(c.bytes()), nil
}

// For TestLayouts.
const sizeofValue = unsafe.Sizeof(C.dbpool_value{})

var valueOffsets = [...]uintptr{unsafe.Offsetof(C.dbpool_value{}.data), unsafe.Offsetof(C.dbpool_value{}.size),
	unsafe.Offsetof(C.dbpool_value{}._type), unsafe.Offsetof(C.dbpool_value{}.num)}
