package dbpool

import (
	"testing"
	"unsafe"
)

// Cells, columns and parameters are read and written in place.
func TestLayouts(t *testing.T) {
	var c cell
	var p param
	if unsafe.Sizeof(c) != sizeofValue || unsafe.Sizeof(p) != sizeofValue {
		t.Fatal("a cell is not a dbpool_value")
	}
	got := [...]uintptr{unsafe.Offsetof(c.data), unsafe.Offsetof(c.size), unsafe.Offsetof(c.kind), unsafe.Offsetof(c.number)}
	if got != valueOffsets {
		t.Fatal("a cell has its fields elsewhere: ", got)
	}
	got = [...]uintptr{unsafe.Offsetof(p.offset), unsafe.Offsetof(p.size), unsafe.Offsetof(p.kind), unsafe.Offsetof(p.number)}
	if got != valueOffsets {
		t.Fatal("a parameter has its fields elsewhere: ", got)
	}
}
