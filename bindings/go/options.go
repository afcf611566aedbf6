package dbpool

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"cmp"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// An Option is a setting of New and Probe. Settings are stronger than the same ones in the URI.
type Option func(*settings)

type settings struct {
	values []setting
	env    []string // prefixes
	hooks  hooks
}

type setting struct{ name, value string }

// WithOption sets one of the library's options by its name or an alias, as text: "max_lifetime", "30m". [Options] lists
// them all. New refuses unknown names and bad values, naming what is allowed.
func WithOption(name, value string) Option {
	return func(s *settings) { s.values = append(s.values, setting{name, value}) }
}

// WithOptions sets several options by name.
func WithOptions(values map[string]string) Option {
	return func(s *settings) {
		for name, value := range values {
			s.values = append(s.values, setting{name, value})
		}
	}
}

// WithEnvironment reads the options from the environment: prefix and the option's name in capitals, DBPOOL_POOL_SIZE if
// prefix is "". They are weaker than other options and than the URI.
func WithEnvironment(prefix string) Option {
	return func(s *settings) { s.env = append(s.env, prefix) }
}

// WithPoolSize sets how many connections the pool keeps (pool_size).
func WithPoolSize(n int) Option { return WithOption("pool_size", strconv.Itoa(n)) }

// WithMaxOverflow sets how many more it may open under load (max_overflow).
func WithMaxOverflow(n int) Option { return WithOption("max_overflow", strconv.Itoa(n)) }

// WithMinSize sets how many connections are opened at once and kept (min_size).
func WithMinSize(n int) Option { return WithOption("min_size", strconv.Itoa(n)) }

// WithAcquireTimeout sets how long a caller whose context has no deadline waits for a connection (acquire_timeout).
func WithAcquireTimeout(d time.Duration) Option { return withDuration("acquire_timeout", d) }

// WithConnectTimeout sets how long opening a connection may take (connect_timeout).
func WithConnectTimeout(d time.Duration) Option { return withDuration("connect_timeout", d) }

// WithQueryTimeout sets how long a statement may run whose context has no deadline (query_timeout).
func WithQueryTimeout(d time.Duration) Option { return withDuration("query_timeout", d) }

func withDuration(name string, d time.Duration) Option {
	return WithOption(name, strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)+"ms")
}

// An OptionInfo is a line of the table of options.
type OptionInfo struct {
	Name    string
	Aliases string // comma separated
	Type    string // integer, duration, boolean, text, choice, percent
	Range   string // what is allowed, in words
	Default string // "" for none
	Group   string // connection, size, time, session, sqlite
	Help    string
}

// Options lists every option that WithOption, the URI and the environment know.
func Options() iter.Seq[OptionInfo] {
	return func(yield func(OptionInfo) bool) {
		for i := C.size_t(0); ; i++ {
			var o C.dbpool_option
			o.struct_size = C.size_t(unsafe.Sizeof(o))
			if C.dbpool_option_at(i, &o) != C.DBPOOL_OK {
				return
			}
			info := OptionInfo{textOf(o.name), textOf(o.aliases), textOf(o._type), textOf(o._range),
				textOf(o.default_value), textOf(o.group), textOf(o.help)}
			if !yield(info) {
				return
			}
		}
	}
}

// IsSQLite looks for the URI where the library does: given, among the options, in the environment.
func (s *settings) isSQLite(uri string) bool {
	for option := range Options() {
		if uri != "" {
			break
		}
		if option.Name == "uri" {
			uri = s.text(strings.Split(option.Name+","+option.Aliases, ","))
		}
	}
	return len(uri) > 7 && strings.EqualFold(uri[:7], "sqlite:")
}

// Text is what an option of these names was set to.
func (s *settings) text(names []string) (text string) {
	for _, v := range s.values {
		if slices.Contains(names, v.name) {
			text = v.value
		}
	}
	for _, prefix := range s.env {
		for _, name := range names {
			if text == "" {
				text = os.Getenv(cmp.Or(prefix, "DBPOOL_") + strings.ToUpper(name))
			}
		}
	}
	return text
}

func settingsOf(options []Option) *settings {
	s := &settings{}
	for _, option := range options {
		option(s)
	}
	return s
}

// TextOrNull is NULL for "", else a copy; the caller frees either.
func textOrNull(text string) *C.char {
	if text == "" {
		return nil
	}
	return C.CString(text)
}

// Build makes the library's options; the caller frees them.
func (s *settings) build() (*C.dbpool_options, error) {
	var cerr *C.dbpool_error
	o := C.dbpool_options_new()
	if o == nil {
		return nil, takeError(C.DBPOOL_ERR_NOMEM, nil)
	}
	for _, prefix := range s.env {
		p := textOrNull(prefix)
		status := C.dbpool_options_from_env(o, p, &cerr)
		C.free(unsafe.Pointer(p))
		if status < 0 {
			C.dbpool_options_free(o)
			return nil, takeError(status, cerr)
		}
	}
	for _, v := range s.values {
		name, value := C.CString(v.name), C.CString(v.value)
		status := C.dbpool_options_set(o, name, value, &cerr)
		C.free(unsafe.Pointer(name))
		C.free(unsafe.Pointer(value))
		if status < 0 {
			C.dbpool_options_free(o)
			return nil, takeError(status, cerr)
		}
	}
	return o, nil
}

// Millis is a deadline as the library wants it: what is left in milliseconds, rounded down so that the library, who knows
// why nothing came, speaks before the context does; -1, the pool's own time-out, without one.
func millis(until time.Time, ok bool) C.int64_t {
	if !ok {
		return -1
	}
	return C.int64_t(max(time.Until(until)/time.Millisecond, 1))
}

func soon(until time.Time) bool { return time.Until(until) <= 2*time.Millisecond }
