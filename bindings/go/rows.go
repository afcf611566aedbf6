package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Rows are the rows of a result, used by one goroutine at a time:
//
//	for rows.Next() {
//		err := rows.Scan(&id, &name)
//	}
//	err := rows.Err()
type Rows struct {
	answer C.dbpgo_answer // its result is ours to free
	pool   *Pool
	conn   *Conn // which a stream comes on; nil: the pool's choice
	owned  *Conn // to be released at the end
	ctx    context.Context
	cells  []cell // of the batch, row by row
	next   int    // the place in cells of the row after the current one
	stream bool
	closed bool
	more   bool // results of further statements may follow
	names  []string
	late   []string // names of the result before, in rows that are used again
	plan   *structPlan
	boxes  *boxes // nil for few rows
	err    error
}

// A cell is a dbpool_value (types.h), read in place: see TestLayouts.
type cell struct {
	data     unsafe.Pointer
	size     uint32
	kind     uint8
	flags    uint8
	reserved uint16
	number   uint64
}

// A Column is a column of a result, or a parameter of a statement.
type Column struct {
	Name         string
	Kind         Kind
	NativeType   uint32 // PostgreSQL: the type's OID
	NativeName   string // PostgreSQL: "int4" ...; SQLite: the declared type
	NativeTable  uint32 // PostgreSQL: the OID of the table it comes from, if it comes from one
	NativeColumn int    // PostgreSQL: its number in that table, from 1; system columns are below 0
}

// Begin takes what the answer brought.
func (r *Rows) begin(ctx context.Context, s *statement) {
	if s.c.flags&C.DBPGO_EXEC != 0 {
		r.closed = true
		return
	}
	r.stream = s.stream()
	r.more = severalStatements(s.sql)
	r.ctx = ctx
	r.takeBatch()
	if status := r.answer.fetched; status < 0 { // there was no memory for the first rows
		r.err = takeError(status, r.answer.error)
	}
}

// Room is the answer as the bridge takes it from the calling thread.
func (r *Rows) room() *C.char { return (*C.char)(unsafe.Pointer(&r.answer)) }

func (r *Rows) takeBatch() {
	r.next = 0
	count := int(r.answer.row_count) * int(r.answer.column_count)
	r.cells = unsafe.Slice((*cell)(unsafe.Pointer(r.answer.cells)), count)
}

// SeveralStatements may say yes to a text that has only one, never no to one that has several.
func severalStatements(sql string) bool {
	semicolon := strings.IndexByte(sql, ';')
	return semicolon >= 0 && semicolon < len(strings.TrimRight(sql, " \n\t\r"))-1
}

// Next goes to the next row. After the last one, and on an error, it closes the rows and returns false; unless the text
// has several statements, of which the next result may be wanted.
func (r *Rows) Next() bool {
	if r.next < len(r.cells) {
		r.next += int(r.answer.column_count)
		return true
	}
	return r.nextBatch()
}

func (r *Rows) nextBatch() bool {
	if r.closed {
		return false
	}
	if r.err != nil || r.answer.fetched == C.DBPOOL_DONE || r.answer.column_count == 0 || !r.fetch() {
		if !r.more || r.err != nil {
			r.Close()
		}
		r.cells, r.next = nil, 0
		return false
	}
	r.takeBatch()
	r.next = int(r.answer.column_count)
	return len(r.cells) > 0
}

// Fetch gets the next batch. A stream may have to wait for it.
func (r *Rows) fetch() bool {
	if r.stream {
		r.answer.fetched = r.fetchStream()
	} else {
		r.answer.row_count = 0
		r.answer.fetched = C.dbpgo_fetch(nil, r.answer.result, C.DBPGO_BLOCKING, &r.answer)
		if status := r.answer.fetched; status < 0 {
			r.err = takeError(status, r.answer.error)
		}
	}
	return r.answer.fetched == C.DBPOOL_OK
}

func (r *Rows) fetchStream() (status C.dbpool_status) {
	if r.ctx.Err() != nil { // a fetch that has its rows at once would not hear of it
		r.err = withContext(r.ctx, &Error{Code: ErrCancelled, Phase: PhaseQuery, Flags: FlagCancelled,
			Message: "the stream was given up"})
		return C.DBPOOL_ERR_CANCELLED
	}
	result := r.answer.result
	var more C.dbpgo_answer
	r.err = r.streamer().do(r.ctx, &more,
		func(loop *C.dbpgo_loop, blocking C.uint32_t, answer *C.dbpgo_answer) C.dbpool_status {
			status = C.dbpgo_fetch(loop, result, blocking, answer)
			return status
		})
	if status == C.DBPOOL_PENDING {
		status = more.status
	}
	r.answer.cells, r.answer.row_count = more.cells, more.row_count
	return status
}

// Streamer is the connection that the stream comes on; that of a one-shot is known to the library alone.
func (r *Rows) streamer() *Conn {
	if r.conn == nil {
		r.conn = &Conn{pool: r.pool}
	}
	return r.conn
}

// Close ends the rows; more often than once is fine. A connection held by them is given back.
func (r *Rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.cells = nil
	r.next = 0
	if r.answer.result != nil {
		C.dbpgo_end_here(r.room())
	}
	if r.owned != nil {
		r.owned.Release()
	}
}

// Err is what ended the rows early, or nil.
func (r *Rows) Err() error { return r.err }

// CommandTag is what the statement did; once the rows are closed.
func (r *Rows) CommandTag() CommandTag {
	if r.answer.result != nil {
		return CommandTag{}
	}
	return CommandTag{commandOf(&r.answer.command[0]), int64(r.answer.affected), int64(r.answer.last_insert_id)}
}

// NextResultSet goes on to the result of the next statement of the text, and reports whether there is one. Rows of the
// current one that were not read are passed over.
func (r *Rows) NextResultSet() bool {
	if r.answer.result == nil || r.closed || r.stream {
		return false
	}
	r.answer.flags = 0
	r.names, r.plan = nil, nil
	switch status := C.dbpgo_next(r.answer.result, &r.answer); {
	case status == C.DBPOOL_OK:
		r.takeBatch()
		return true
	case status < 0:
		r.err = takeError(status, r.answer.error)
	}
	r.Close()
	return false
}

// Columns are the columns of the result. Not after Close.
func (r *Rows) Columns() []Column {
	if r.closed {
		return nil
	}
	return columnsOf(r.answer.columns, r.answer.column_count)
}

// ColumnNames are the names of the columns of the result, also after Close if they were asked for before. The slice is
// shared: do not change it.
func (r *Rows) ColumnNames() []string {
	if r.names == nil && !r.closed {
		r.names = namesOf(r)
	}
	return r.names
}

// The names of the columns of results seen lately, by their hash: most programs see the same ones again and again.
var lateNames [256]atomic.Pointer[[]string]

func namesOf(r *Rows) []string {
	count := int(r.answer.column_count)
	if r.late != nil && r.named(r.late) {
		return r.late
	}
	hash := uint32(2166136261) // FNV-1a
	for i := range count {
		for at := unsafe.Pointer(r.column(i).name); *(*byte)(at) != 0; at = unsafe.Add(at, 1) {
			hash = (hash ^ uint32(*(*byte)(at))) * 16777619
		}
		hash *= 16777619
	}
	place := &lateNames[hash>>24^hash&0xff]
	if known := place.Load(); known != nil && r.named(*known) {
		return *known
	}
	names := make([]string, count)
	for i := range names {
		names[i] = C.GoString(r.column(i).name)
	}
	place.Store(&names)
	return names
}

// Named says whether these are the names of the columns.
func (r *Rows) named(names []string) bool {
	if len(names) != int(r.answer.column_count) {
		return false
	}
	for i, name := range names {
		if !equals(unsafe.Pointer(r.column(i).name), name) {
			return false
		}
	}
	return true
}

func (r *Rows) column(i int) *C.dbpool_column {
	return (*C.dbpool_column)(unsafe.Add(unsafe.Pointer(r.answer.columns), uintptr(i)*unsafe.Sizeof(C.dbpool_column{})))
}

func (r *Rows) kind(i int) Kind { return Kind(r.column(i).kind) }

func columnsOf(first *C.dbpool_column, count C.uint32_t) []Column {
	columns := make([]Column, count)
	for i, c := range unsafe.Slice(first, int(count)) {
		columns[i] = Column{textOf(c.name), Kind(c.kind), uint32(c.native_type), textOf(c.native_name),
			uint32(c.native_table), int(c.native_column)}
	}
	return columns
}

// Row is the current row.
func (r *Rows) row() ([]cell, error) {
	width := int(r.answer.column_count)
	if r.next < width || r.closed {
		return nil, invalid("there is no current row: call Next first")
	}
	return r.cells[r.next-width : r.next], nil
}

// Scan copies the current row into what dest points to, one for each column; nil passes a column over. See [Rows.Values]
// for what goes into an *any. Numbers, texts and times go into whatever Go type can hold the value; NULL into
// pointers, *any, *[]byte and a sql.Scanner; JSON into anything; a PostgreSQL array into a slice.
func (r *Rows) Scan(dest ...any) error {
	row, err := r.row()
	if err != nil {
		return err
	}
	if len(dest) != len(row) {
		return invalid("Scan has %d destinations for %d columns", len(dest), len(row))
	}
	for i := range row {
		if err := r.scanCell(&row[i], i, dest[i]); err != nil {
			return r.scanError(i, err)
		}
	}
	return nil
}

func (r *Rows) scanError(i int, err error) error {
	return &ScanError{Column: i, Name: C.GoString(r.column(i).name), Err: err}
}

// Values are the current row as Go values: nil, bool, int64, float64, string, []byte, or time.Time for dates and
// timestamps.
func (r *Rows) Values() ([]any, error) {
	row, err := r.row()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(row))
	for i := range row {
		if values[i], err = row[i].value(r.kind(i)); err != nil {
			return nil, r.scanError(i, err)
		}
	}
	return values, nil
}

// DriverValues is Values into a row of database/sql. JSON is []byte there, so that it goes into a json.RawMessage.
func (r *Rows) DriverValues(dest []driver.Value) error {
	row, err := r.row()
	if err != nil {
		return err
	}
	if r.boxes == nil && r.answer.row_count > fewRows {
		r.boxes = new(boxes)
	}
	for i := range min(len(row), len(dest)) {
		c := &row[i]
		switch kind := r.kind(i); {
		case c.kind == kindInt64 && kind != KindBool && !kind.moment():
			dest[i] = r.boxes.int(c.number)
		case c.kind == kindFloat64:
			dest[i] = r.boxes.float(c.number)
		case c.kind == kindText && kind == KindJSON:
			dest[i] = append([]byte(nil), c.bytes()...)
		case c.kind == kindText && !kind.moment():
			dest[i] = r.boxes.text(c.bytes())
		default:
			if dest[i], err = c.value(kind); err != nil {
				return r.scanError(i, err)
			}
		}
	}
	return nil
}
