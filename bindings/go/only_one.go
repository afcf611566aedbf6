package dbpool

import (
	"sync"
	"sync/atomic"
)

// What there is one of in the process, made when it is first needed; and when it could not be, for want of descriptors, at
// the next need.
type onlyOne[T any] struct {
	make func() (*T, error)
	made atomic.Pointer[T]
	mu   sync.Mutex
}

func (o *onlyOne[T]) get() (*T, error) {
	if made := o.made.Load(); made != nil {
		return made, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if made := o.made.Load(); made != nil {
		return made, nil
	}
	made, err := o.make()
	if err == nil {
		o.made.Store(made)
	}
	return made, err
}
