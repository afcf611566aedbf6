package dbpool

import (
	"math"
	"runtime"
	"strings"
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

func TestANumberInABoxIsANumber(t *testing.T) {
	var b boxes
	var all, want []any
	for i := range 1000 {
		n, f := int64(i)*math.MaxInt32-math.MaxInt64, float64(i)/3
		for _, of := range []*boxes{&b, nil} {
			all, want = append(all, of.int(uint64(n)), of.float(math.Float64bits(f))), append(want, n, f)
		}
	}
	runtime.GC()
	for i := range all {
		if all[i] != want[i] {
			t.Fatalf("number %d is %#v, not %#v", i, all[i], want[i])
		}
	}
}

func TestATextInABoxIsAString(t *testing.T) {
	var b boxes
	var all []any
	var want []string
	for i := range 3000 {
		text := strings.Repeat("ä", i%(longText/2+10)) + "."[i%2:]
		all, want = append(all, b.text([]byte(text))), append(want, text)
		all, want = append(all, (*boxes)(nil).text([]byte(text))), append(want, text)
	}
	runtime.GC()
	for i := range all {
		if got, ok := all[i].(string); !ok || got != want[i] {
			t.Fatalf("text %d is %#v, not %q", i, all[i], want[i])
		}
	}
}
