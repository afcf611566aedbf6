package dbpool

import "unsafe"

// Boxes make texts and numbers into values for database/sql, which wants each in an interface: one allocation for every
// number of every row, and two for every text, its bytes and its header. Here they come from chunks. A value that is kept keeps
// its chunks, some KiB at most: long texts are left alone.
type boxes struct {
	bytes   []byte   // what is left of the chunk; nothing in it was handed out
	headers []string // the same
	numbers []uint64 // the same
}

const (
	fewRows      = 16 // have no boxes: a chunk would cost more
	longText     = 128
	bytesChunk   = 2048
	headersChunk = 64
	numbersChunk = 128
)

// What an `any` is made of: see TestLayouts.
type boxed struct{ kind, data unsafe.Pointer }

func kindOf(v any) unsafe.Pointer { return (*boxed)(unsafe.Pointer(&v)).kind }

var textKind, intKind, floatKind = kindOf(""), kindOf(int64(0)), kindOf(float64(0))

// IsNil reports whether a value is nil, or a pointer that is.
func isNil(v *any) bool { return (*boxed)(unsafe.Pointer(v)).data == nil }

// A short text is one allocation with its header.
type shortText struct {
	header string
	bytes  [16]byte
}

func short(of []byte) (v any) {
	t := new(shortText)
	t.header = unsafe.String(&t.bytes[0], copy(t.bytes[:], of))
	*(*boxed)(unsafe.Pointer(&v)) = boxed{textKind, unsafe.Pointer(&t.header)}
	return v
}

// Text copies a text into an interface. Without boxes it is one of its own.
func (b *boxes) text(of []byte) (v any) {
	switch {
	case b == nil && len(of) <= len(shortText{}.bytes):
		return short(of)
	case b == nil || len(of) > longText:
		return string(of)
	}
	if len(of) > len(b.bytes) {
		b.bytes = make([]byte, bytesChunk)
	}
	if len(b.headers) == 0 {
		b.headers = make([]string, headersChunk)
	}
	copy(b.bytes, of)
	header := &b.headers[0]
	*header = unsafe.String(unsafe.SliceData(b.bytes), len(of))
	b.bytes, b.headers = b.bytes[len(of):], b.headers[1:]
	*(*boxed)(unsafe.Pointer(&v)) = boxed{textKind, unsafe.Pointer(header)}
	return v
}

// Int and float put a number into an interface. Without boxes it is one of its own.
func (b *boxes) int(bits uint64) any {
	if b == nil {
		return int64(bits)
	}
	return b.number(intKind, bits)
}

func (b *boxes) float(bits uint64) any {
	if b == nil {
		return floatOf(bits)
	}
	return b.number(floatKind, bits)
}

func (b *boxes) number(kind unsafe.Pointer, bits uint64) (v any) {
	if len(b.numbers) == 0 {
		b.numbers = make([]uint64, numbersChunk)
	}
	at := &b.numbers[0]
	*at, b.numbers = bits, b.numbers[1:]
	*(*boxed)(unsafe.Pointer(&v)) = boxed{kind, unsafe.Pointer(at)}
	return v
}
