package host

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// frames runs a show in virtual time and returns its frame log.
func frames(t *testing.T, show string, d time.Duration) string {
	t.Helper()
	var b bytes.Buffer
	log := NewFrameLog(&b)
	if err := RunVirtual(context.Background(), Options{Show: show, For: d, Seed: 1, Frames: log}); err != nil {
		t.Fatal(err)
	}
	log.Flush()
	return b.String()
}

func TestVirtual(t *testing.T) {
	s := frames(t, "../../examples/first-light", 5*time.Second)
	t.Log(s)
}
