package dbpool

/*
#cgo noescape dbpgo_loop_dispatch
#include "bridge.h"
*/
import "C"

import (
	"os"
	"syscall"
)

// A loop is an external loop of the library's, whose descriptor Go's own poller watches: whoever waits for it is parked,
// and costs no thread.
type loop struct {
	c   *C.dbpgo_loop
	raw syscall.RawConn // of a duplicate of its descriptor; the library closes its own, nobody this one
}

func newLoop() (*loop, error) {
	var cerr *C.dbpool_error
	c := C.dbpgo_loop_new(&cerr)
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

// Polled gives a descriptor to the poller. The loop is for ever, and so are its files.
func polled(fd int) (syscall.RawConn, error) {
	own, err := syscall.Dup(fd)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	syscall.CloseOnExec(own)
	if err := syscall.SetNonblock(own, true); err != nil { // which makes os.File give it to the poller
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(own), "dbpool loop").SyscallConn()
}

// Await calls f, and again whenever the loop's descriptor has become readable since it was called, until it returns true.
func (l *loop) await(f func(uintptr) bool) {
	if err := l.raw.Read(f); err != nil { // only when the file is closed, which it never is
		panic("dbpool: a loop cannot be polled: " + err.Error())
	}
}

// Dispatch gives what has been answered, the oldest first, and whether there is more to do.
func (l *loop) dispatch() (answer *C.dbpgo_answer, more bool) {
	var again C.int
	answer = C.dbpgo_loop_dispatch(l.c, &again)
	return answer, again != 0
}
