package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// A Code says what kind of failure an [Error] is. Codes are errors themselves, for errors.Is:
//
//	if errors.Is(err, dbpool.ErrTimeout) { ... }
type Code int32

// The codes of the library.
const (
	ErrInvalid     Code = C.DBPOOL_ERR_INVALID     // a wrong argument
	ErrOption      Code = C.DBPOOL_ERR_OPTION      // an option or URI: unknown, bad value, contradiction
	ErrNoMemory    Code = C.DBPOOL_ERR_NOMEM       // out of memory; nothing has changed
	ErrTimeout     Code = C.DBPOOL_ERR_TIMEOUT     // the deadline passed; Error.Phase says in which phase
	ErrFull        Code = C.DBPOOL_ERR_FULL        // refused at once: max_waiters callers wait already
	ErrClosed      Code = C.DBPOOL_ERR_CLOSED      // the pool is closed or closing
	ErrReleased    Code = C.DBPOOL_ERR_STALE       // the connection was released
	ErrBusy        Code = C.DBPOOL_ERR_BUSY        // the connection is in use by another goroutine, or has a stream open
	ErrForked      Code = C.DBPOOL_ERR_FORKED      // the pool belongs to the parent process
	ErrConnect     Code = C.DBPOOL_ERR_CONNECT     // no connection could be opened
	ErrAuth        Code = C.DBPOOL_ERR_AUTH        // the server refused the user or the password
	ErrBroken      Code = C.DBPOOL_ERR_BROKEN      // the connection was lost
	ErrSQL         Code = C.DBPOOL_ERR_SQL         // the database refused the statement; the connection stays usable
	ErrCancelled   Code = C.DBPOOL_ERR_CANCELLED   // somebody asked for it to end
	ErrUnavailable Code = C.DBPOOL_ERR_UNAVAILABLE // refused without trying
	ErrUnsupported Code = C.DBPOOL_ERR_UNSUPPORTED // this database cannot do that
	ErrInternal    Code = C.DBPOOL_ERR_INTERNAL    // a bug in the library
)

// ErrNoRows is what a query for one row gives that finds none. errors.Is finds sql.ErrNoRows in it, too.
var ErrNoRows error = noRows{}

type noRows struct{}

func (noRows) Error() string        { return "dbpool: no rows in result set" }
func (noRows) Is(target error) bool { return target == sql.ErrNoRows }

// ErrTooManyRows is what a query for exactly one row gives that finds more.
var ErrTooManyRows = errors.New("dbpool: too many rows in result set")

// ErrTxClosed is what a transaction answers that was committed or rolled back already.
var ErrTxClosed = errors.New("dbpool: the transaction is over")

// String gives the name that the C interface has for the code: "DBPOOL_ERR_TIMEOUT".
func (c Code) String() string { return C.GoString(C.dbpool_status_name(C.dbpool_status(c))) }

func (c Code) Error() string {
	return "dbpool: " + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(c.String(), "DBPOOL_ERR_")), "_", " ")
}

// A Phase is what was going on when something failed.
type Phase uint32

// The phases of the library.
const (
	PhaseNone    Phase = C.DBPOOL_PHASE_NONE    // before anything was done
	PhaseQueue   Phase = C.DBPOOL_PHASE_QUEUE   // waiting for a connection, or for the writer's turn (SQLite)
	PhaseConnect Phase = C.DBPOOL_PHASE_CONNECT // opening a connection
	PhasePing    Phase = C.DBPOOL_PHASE_PING    // asking an idle connection whether it lives
	PhaseReset   Phase = C.DBPOOL_PHASE_RESET   // cleaning a connection after use
	PhaseQuery   Phase = C.DBPOOL_PHASE_QUERY   // running a statement, or fetching its rows
	PhaseClose   Phase = C.DBPOOL_PHASE_CLOSE   // closing the pool
)

// A Flag is what a failure means for the caller.
type Flag uint32

// The flags of the library; Error.Flags is a set of them.
const (
	FlagRetryable      Flag = C.DBPOOL_FLAG_RETRYABLE       // the same call may succeed later
	FlagConnBroken     Flag = C.DBPOOL_FLAG_CONN_BROKEN     // the connection is gone
	FlagTimeout        Flag = C.DBPOOL_FLAG_TIMEOUT         // a deadline, ours or the server's
	FlagCancelled      Flag = C.DBPOOL_FLAG_CANCELLED       // somebody asked for it to end
	FlagNotSent        Flag = C.DBPOOL_FLAG_NOT_SENT        // nothing of the statement left this process
	FlagOutcomeUnknown Flag = C.DBPOOL_FLAG_OUTCOME_UNKNOWN // it may have been committed
)

// An Error is what the library or the database says went wrong. No text of it holds a password.
//
// errors.Is finds its Code in it, and context.Canceled or context.DeadlineExceeded if a context ended the call.
type Error struct {
	Code       Code
	Phase      Phase
	Flags      Flag
	State      string // the SQLSTATE; SQLite's result codes are given as the nearest one
	NativeCode int    // SQLite: the extended result code
	Message    string // a server's message is in the server's words
	Detail     string
	Hint       string
	Position   int // in the statement, from 1; PostgreSQL counts characters, SQLite bytes
	Schema     string
	Table      string
	Column     string
	Constraint string
	Cause      string      // why there was no connection: the last error of connecting
	Counts     *PoolCounts // of the pool, when there was no connection

	// What only PostgreSQL says, by its own names of the fields.
	Severity         string // "ERROR", "FATAL" or "PANIC"
	Where            string // the calls it happened in, innermost first, a line each
	DataType         string // the type or domain it is about
	InternalQuery    string // the statement that failed, where a function ran it and not the caller
	InternalPosition int    // in that one: characters, from 1
	File             string // of the server's source code
	Line             int
	Routine          string

	context error
	kept    *keptError // of those for which InTx may run its function again
}

// A keptError is the library's object behind an Error, which it asks for again.
type keptError struct{ c *C.dbpool_error }

func keepError(c *C.dbpool_error) *keptError {
	k := &keptError{c}
	runtime.AddCleanup(k, func(c *C.dbpool_error) { C.dbpool_error_free(c) }, c)
	return k
}

// PoolCounts are a pool's counts at the moment of a failure to acquire.
type PoolCounts struct {
	Open, Idle, Leased, Waiting int
}

// Error gives the message, the SQLSTATE, the cause and the hint in one line.
func (e *Error) Error() string {
	text := "dbpool: " + e.Message
	if e.State != "" {
		text += " (SQLSTATE " + e.State + ")"
	}
	if e.Cause != "" {
		text += "; behind it: " + e.Cause
	}
	if e.Hint != "" {
		text += "; hint: " + e.Hint
	}
	if e.context != nil {
		text += ": " + e.context.Error()
	}
	return text
}

// SQLState gives the SQLSTATE, "" if there is none.
func (e *Error) SQLState() string { return e.State }

// Timeout reports whether a deadline passed.
func (e *Error) Timeout() bool { return e.Code == ErrTimeout || e.Flags&FlagTimeout != 0 }

// Retryable reports whether the same call (of a transaction: all of it) may succeed later.
func (e *Error) Retryable() bool { return e.Flags&FlagRetryable != 0 }

// NotSent reports whether nothing of the statement left this process, so that it is safe to send it again.
func (e *Error) NotSent() bool { return e.Flags&FlagNotSent != 0 }

// OutcomeUnknown reports whether the statement may have been committed although it failed.
func (e *Error) OutcomeUnknown() bool { return e.Flags&FlagOutcomeUnknown != 0 }

// Is makes errors.Is(err, dbpool.ErrTimeout) and the like work.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap gives the error of the context that ended the call, or nil.
func (e *Error) Unwrap() error { return e.context }

// TakeError makes a Go error of the library's, which is its own from now on. The object is nil if there was no memory for it.
func takeError(status C.dbpool_status, cerr *C.dbpool_error) *Error {
	if cerr == nil {
		code := Code(status)
		return &Error{Code: code, Message: strings.TrimPrefix(code.Error(), "dbpool: ")}
	}
	var view C.dbpgo_error_view
	C.dbpgo_error_read(cerr, &view)
	e := &Error{
		Code:       Code(status),
		Phase:      Phase(view.phase),
		Flags:      Flag(view.flags),
		NativeCode: int(view.native_code),
		Position:   int(view.position),
	}
	for i, field := range []*string{&e.Message, &e.State, &e.Detail, &e.Hint, &e.Schema, &e.Table, &e.Column,
		&e.Constraint, &e.Cause} {
		*field = textOf(view.text[i])
	}
	e.Severity = textOf(view.field[C.DBPOOL_FIELD_SEVERITY])
	e.Where = textOf(view.field[C.DBPOOL_FIELD_WHERE])
	e.DataType = textOf(view.field[C.DBPOOL_FIELD_DATA_TYPE])
	e.InternalQuery = textOf(view.field[C.DBPOOL_FIELD_INTERNAL_QUERY])
	e.InternalPosition = numberOf(view.field[C.DBPOOL_FIELD_INTERNAL_POSITION])
	e.File = textOf(view.field[C.DBPOOL_FIELD_FILE])
	e.Line = numberOf(view.field[C.DBPOOL_FIELD_LINE])
	e.Routine = textOf(view.field[C.DBPOOL_FIELD_ROUTINE])
	if view.has_counts != 0 {
		c := &view.counts
		e.Counts = &PoolCounts{int(c.open), int(c.idle), int(c.leased), int(c.waiting)}
	}
	if e.Code == ErrSQL && e.Retryable() {
		e.kept = keepError(cerr)
	} else {
		C.dbpool_error_free(cerr)
	}
	return e
}

// WithContext adds why the context was over, if that is what ended the call. A deadline is a time-out, also where we were
// the ones to ask for the end.
func withContext(ctx context.Context, e *Error) *Error {
	if e.Code == ErrCancelled || e.Code == ErrTimeout {
		if e.context = ctx.Err(); e.context == nil && e.Code == ErrTimeout {
			// The library's deadline is the context's, rounded down to milliseconds.
			if until, ok := ctx.Deadline(); ok && soon(until) {
				e.context = context.DeadlineExceeded
			}
		}
		if e.context == context.DeadlineExceeded {
			e.Code = ErrTimeout
			e.Flags = e.Flags&^FlagCancelled | FlagTimeout
		}
	}
	return e
}

// NotBegun is the answer to a context that is over already.
func notBegun(ctx context.Context, phase Phase) error {
	return withContext(ctx, &Error{Code: ErrCancelled, Phase: phase, Flags: FlagNotSent | FlagCancelled, Message: "not begun"})
}

// Released is the answer of a connection that was given back, without asking the library.
func released() error {
	return &Error{Code: ErrReleased, Message: "the connection was released"}
}

// NotMade is the answer of a Pool{}.
func notMade() error { return invalid("the pool was not made by New") }

func invalid(format string, args ...any) error {
	return &Error{Code: ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// TextOf copies a text of the library's.
func textOf(text *C.char) string {
	if text == nil || *text == 0 {
		return ""
	}
	return C.GoString(text)
}

// NumberOf is the number that a text of the library's is; 0 if it is none.
func numberOf(text *C.char) int {
	number, _ := strconv.Atoi(textOf(text))
	return number
}

// BytesAt are bytes of the library's, without a copy.
func bytesAt(data *C.char, size C.uint32_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size))
}
