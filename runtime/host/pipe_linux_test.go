package host

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFirstLoadCanBeGivenUp: a show of which a file never comes, as on a disk that hangs,
// can be ended.
func TestFirstLoadCanBeGivenUp(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "show.lua"), filepath.Join(dir, "pipe.lua")
	save(t, file, `require "pipe"`)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := newHost(Options{Show: file, StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // once it is being read
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	cancel()
	if err := <-ended; err == nil {
		t.Error("it ended well, and was never loaded")
	}
}
