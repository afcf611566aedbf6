package dbpool

/*
#include "bridge.h"
*/
import "C"

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// A socket is a connection's descriptor in Go's own poller, registered once: a statement costs the poller no system call.
// It is a duplicate, and goes with the connection, which keeps its id.
type socket struct {
	file *os.File
	raw  syscall.RawConn
}

// Sockets are those there are, by id; 0 is none.
type sockets struct {
	places atomic.Pointer[[]*place] // replaced when it grows, so that reading takes no lock
	mu     sync.Mutex               // who adds and drops
	free   []C.uint32_t
}

type place = atomic.Pointer[socket]

var allSockets = onlyOne[sockets]{make: newSockets}

func newSockets() (*sockets, error) {
	closed, err := polled(int(C.dbpgo_sockets_fd()))
	if err != nil {
		return nil, err
	}
	ss := &sockets{}
	ss.places.Store(&[]*place{nil})
	go func() {
		_ = closed.Read(func(uintptr) bool {
			for id := C.dbpgo_socket_closed(); id != 0; id = C.dbpgo_socket_closed() {
				ss.drop(id)
			}
			return false // until the next one
		})
	}()
	return ss, nil
}

// Of gives the socket that a call waits for; nil: Go's poller cannot have it.
func (ss *sockets) of(c *C.dbpgo_socket) *socket {
	if c.id != 0 {
		return (*ss.places.Load())[c.id].Load()
	}
	if c.conn == 0 { // of a connection that nobody has borrowed yet
		return nil
	}
	return ss.add(c)
}

func (ss *sockets) add(c *C.dbpgo_socket) *socket {
	file, err := duplicate(int(c.fd), "dbpool socket")
	if err != nil {
		return nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil
	}
	s := &socket{file, raw}
	id := ss.put(s)
	if C.dbpgo_socket_keep(c, id) != C.DBPOOL_OK {
		ss.drop(id)
		return nil
	}
	c.id = id
	return s
}

func (ss *sockets) put(s *socket) C.uint32_t {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	places := *ss.places.Load()
	if n := len(ss.free); n > 0 {
		id := ss.free[n-1]
		ss.free = ss.free[:n-1]
		places[id].Store(s)
		return id
	}
	p := new(place)
	p.Store(s)
	places = append(places, p) // readers of the shorter slice never look behind its end
	ss.places.Store(&places)
	return C.uint32_t(len(places) - 1)
}

func (ss *sockets) drop(id C.uint32_t) {
	s := (*ss.places.Load())[id].Swap(nil)
	ss.mu.Lock()
	ss.free = append(ss.free, id)
	ss.mu.Unlock()
	_ = s.file.Close()
}
