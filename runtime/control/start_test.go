package control

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestAskedWhileItStarts: a program that asks all shows at the moment one opens its
// socket does not take that away.
func TestAskedWhileItStarts(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for ctx.Err() == nil {
				shows, _ := Shows(folder)
				for _, path := range shows {
					AskWithin(path, Request{Command: Status}, time.Second)
				}
			}
		})
	}
	lost := 0
	const tries = 2000
	for range tries {
		s, err := Listen(folder, "gala", func(Request) Reply { return Reply{OK: true} })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(s.listener.Addr().String()); err != nil {
			lost++
		}
		s.listener.Close()
	}
	cancel()
	asking.Wait()
	if lost > 0 {
		t.Errorf("%d of %d shows cannot be reached", lost, tries)
	}
}
