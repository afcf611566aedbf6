package sqldriver_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"testing"
	"time"
)

func TestWhoeverWaitsForThePoolToBeMadeHasAContextOfHisOwn(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer silent.Close()
	db, err := sql.Open("dbpool", "postgresql://user@"+silent.Addr().String()+"/db?connect_timeout=1h")
	check(t, err)
	first, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- db.PingContext(first) }()
	asked, err := silent.Accept()
	check(t, err)
	defer asked.Close()
	second, stop := context.WithTimeout(ctx, 10*time.Millisecond)
	defer stop()
	if err := db.PingContext(second); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	select {
	case err := <-ended:
		t.Error("it was not waited for: ", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	check(t, db.Close())
}
