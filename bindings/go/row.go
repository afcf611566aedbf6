package dbpool

/*
#include "bridge.h"
*/
import "C"

import "unsafe"

// What is left of rows when one is wanted, or none.

// A Row is the answer of QueryRow.
type Row Rows

// An error of QueryRow waits for Scan.
func rowOf(r *Rows, err error) *Row {
	if err != nil {
		r = &Rows{err: err, closed: true}
	}
	return (*Row)(r)
}

// Scan copies the first row; see Rows.Scan. ErrNoRows if there is none; further rows are passed over.
func (row *Row) Scan(dest ...any) error {
	r := (*Rows)(row)
	defer r.Close()
	if !r.Next() {
		if r.err != nil {
			return r.err
		}
		return ErrNoRows
	}
	return r.Scan(dest...)
}

func tagOf(r *Rows, err error) (CommandTag, error) {
	if err != nil {
		return CommandTag{}, err
	}
	return r.CommandTag(), nil
}

var commands = [...]string{"SELECT", "INSERT", "UPDATE", "DELETE"}

// CommandOf copies the name of a command, unless it is one of the frequent ones.
func commandOf(text *C.char) string {
	for _, known := range commands {
		if equals(unsafe.Pointer(text), known) {
			return known
		}
	}
	return textOf(text)
}

// Equals compares a NUL-terminated text of the library's.
func equals(text unsafe.Pointer, with string) bool {
	for i := range len(with) {
		if *(*byte)(unsafe.Add(text, i)) != with[i] {
			return false
		}
	}
	return *(*byte)(unsafe.Add(text, len(with))) == 0
}
