package dbpool

import (
	"errors"
	"os"
	"testing"
)

func TestWhatGosPollerCannotHaveIsAnErrorAndNotAPanicLater(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, fd := range []int{int(file.Fd()), -1} {
		if _, err := duplicate(fd, "a file"); !errors.Is(err, ErrNoMemory) {
			t.Errorf("descriptor %d: %v", fd, err)
		}
	}
}
