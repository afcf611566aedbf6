package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"os"
	"syscall"
	"time"
)

// A loop is an external loop of the library's, whose descriptor Go's own poller watches: whoever waits for it is parked,
// and costs no thread.
type loop struct {
	c   *C.dbpgo_loop
	raw syscall.RawConn // of a duplicate of its descriptor; the library closes its own, nobody this one
}

func newLoop(kind C.uint32_t) (*loop, error) {
	var cerr *C.dbpool_error
	c := C.dbpgo_loop_new(kind, &cerr)
	if c == nil {
		return nil, takeError(C.DBPOOL_ERR_NOMEM, cerr)
	}
	raw, err := polled(int(C.dbpool_loop_fd(C.dbpgo_loop_of(c))))
	if err != nil {
		C.dbpgo_loop_free(c)
		return nil, err
	}
	return &loop{c, raw}, nil
}

// Polled gives a descriptor that is there for ever to Go's poller.
func polled(fd int) (syscall.RawConn, error) {
	file, err := duplicate(fd, "dbpool loop")
	if err != nil {
		return nil, err
	}
	return file.SyscallConn()
}

// Duplicate gives a file that Go's poller has, of a descriptor that stays somebody else's.
func duplicate(fd int, name string) (*os.File, error) {
	own, err := C.dbpgo_duplicate(C.int(fd))
	if own < 0 {
		return nil, noDescriptor(err)
	}
	if err := syscall.SetNonblock(int(own), true); err != nil { // which makes os.File give it to the poller
		_ = syscall.Close(int(own))
		return nil, noDescriptor(err)
	}
	file := os.NewFile(uintptr(own), name)
	if err := file.SetReadDeadline(time.Time{}); err != nil { // the poller has no room for it
		_ = file.Close()
		return nil, noDescriptor(err)
	}
	return file, nil
}

func noDescriptor(err error) error {
	return &Error{Code: ErrNoMemory, Message: "no descriptor that can be polled: " + err.Error()}
}

// Await calls f, and again whenever the loop's descriptor has become readable since it was called, until it returns true.
func (l *loop) await(f func(uintptr) bool) {
	if err := l.raw.Read(f); err != nil { // only when the file is closed, which it never is
		panic("dbpool: a loop cannot be polled: " + err.Error())
	}
}

// Dispatch gives what has been answered, the oldest first, and whether there is more to do.
func (l *loop) dispatch() (answer *C.dbpgo_answer, more bool) {
	done := C.dbpgo_loop_dispatch(l.c)
	return done.answered, done.more != 0
}
