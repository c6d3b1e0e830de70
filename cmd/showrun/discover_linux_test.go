package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
)

// TestDiscoverGrows looks on while the list grows in a terminal.
func TestDiscoverGrows(t *testing.T) {
	t.Parallel()
	p := sitDown(t)
	before := p.settings()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("showrun", "discover", "--stagelinq", "--for", "0", "--interface", "lo",
		"--stagelinq-port", strconv.Itoa(port), "--state", t.TempDir())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.sees(`StageLinQ: nothing found \(listening\)\r\n`)
	unit, err := source.Open(source.Config{Name: "booth", Token: stagelinq.Token{7}, Decks: 2, Interface: "lo", DiscoveryPort: port})
	if err != nil {
		t.Fatal(err)
	}
	ctx, off := context.WithCancel(context.Background())
	defer off()
	var running sync.WaitGroup
	running.Go(func() { unit.Run(ctx) })
	p.sees(`\x1b\[1A\x1b\[JStageLinQ: 1 device \(listening\)\r\n  NAME .*\r\n  booth  JP13 .* yes\r\n`)
	off()
	running.Wait()
	p.sees(`  booth  JP13 .* no\r\n`)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.sees(`ending the search; once more ends it at once`)
	p.sees(`\x1b\[JStageLinQ: 1 device\r\n  NAME .*\r\n  booth  JP13 .* no\r\n`)
	p.ends(cmd, 130, before)
}
