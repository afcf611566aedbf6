package dbpool_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dbpool"
)

// parity.tsv says of every function of the C interface what it is in Go; "-" where Go needs none.
func TestEveryFunctionOfTheLibraryHasItsPlaceInGo(t *testing.T) {
	text, err := os.ReadFile("parity.tsv")
	check(t, err)
	var listed []string
	for line := range strings.Lines(string(text)) {
		function, what, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if what == "" {
			t.Errorf("%s is nothing in Go", function)
		}
		listed = append(listed, function)
	}
	headers, err := filepath.Glob("../../include/dbpool/*.h")
	check(t, err)
	var declared []string
	declaration := regexp.MustCompile(`(?m)^DBPOOL_API [^(]*?(dbpool_\w+)\(`)
	for _, header := range headers {
		text, err := os.ReadFile(header)
		check(t, err)
		for _, match := range declaration.FindAllStringSubmatch(string(text), -1) {
			declared = append(declared, match[1])
		}
	}
	slices.Sort(declared)
	for _, function := range declared {
		if !slices.Contains(listed, function) {
			t.Errorf("%s is not in parity.tsv", function)
		}
	}
	for _, function := range listed {
		if !slices.Contains(declared, function) {
			t.Errorf("%s is in parity.tsv and in no header", function)
		}
	}
}

func TestEveryCodeHasItsName(t *testing.T) {
	for code := dbpool.ErrInvalid; code >= dbpool.ErrInternal; code-- {
		if !strings.HasPrefix(code.String(), "DBPOOL_ERR_") || code.Error() == "dbpool: " {
			t.Errorf("%d is %q", code, code.String())
		}
	}
	equal(t, dbpool.ErrReleased.String(), "DBPOOL_ERR_STALE")
	equal(t, dbpool.ErrTimeout.Error(), "dbpool: timeout")
}

func TestTheStartInTheReadmeIsTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	check(t, err)
	_, start, _ := strings.Cut(string(readme), "```go\n")
	start, _, _ = strings.Cut(start, "```")
	examples, err := os.ReadFile("example_test.go")
	check(t, err)
	_, body, _ := strings.Cut(string(examples), "func Example() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	equal(t, strings.ReplaceAll("\n"+body, "\n\t", "\n"), "\n"+start)
	equal(t, strings.Count(start, "\n") <= 15, true)
}
