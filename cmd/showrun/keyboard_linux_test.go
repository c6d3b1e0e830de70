package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// person sits at a terminal that a command runs in.
type person struct {
	t    *testing.T
	tty  *os.File // the command's side
	keys *os.File // ours

	mu   sync.Mutex
	seen []byte
	more chan struct{} // closed when more was seen
}

// sitDown opens a terminal.
func sitDown(t *testing.T) *person {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	fd := int(keys.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}); err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, tty: tty, keys: keys, more: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 4096)
		for {
			n, err := keys.Read(b)
			p.mu.Lock()
			p.seen = append(p.seen, b[:n]...)
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { tty.Close(); <-read; keys.Close() })
	return p
}

// settings are how the terminal is set.
func (p *person) settings() unix.Termios {
	p.t.Helper()
	s, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *s
}

func (p *person) press(keys string) {
	p.t.Helper()
	if _, err := p.keys.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits until something stands on the screen, and forgets what came before.
func (p *person) sees(what string) {
	p.t.Helper()
	re := regexp.MustCompile(what)
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		at, more := re.FindIndex(p.seen), p.more
		if at != nil {
			p.seen = bytes.Clone(p.seen[at[1]:])
		}
		text := string(p.seen)
		p.mu.Unlock()
		if at != nil {
			return
		}
		select {
		case <-more:
		case <-deadline:
			p.t.Fatalf("%q does not come, but\n%q", what, text)
		}
	}
}

// start runs a command with a port of its own in the terminal.
func (p *person) start(args ...string) *exec.Cmd {
	p.t.Helper()
	port, err := freePort()
	if err != nil {
		p.t.Fatal(err)
	}
	return p.run(append(args, "--interface", "lo", "--port", fmt.Sprint(port))...)
}

// run runs a command in the terminal.
func (p *person) run(args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command("showrun", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = cmd.Process.Kill() }) // or it keeps a terminal that has failed a test
	return cmd
}

// ends waits for the end of the command, after which the terminal is as it was.
func (p *person) ends(cmd *exec.Cmd, code int, before unix.Termios) {
	p.t.Helper()
	ends(p.t, cmd, code)
	if after := p.settings(); after != before {
		p.t.Errorf("the terminal is left as %+v, it was %+v", after, before)
	}
}

// ends waits for the end of a command.
func ends(t *testing.T, cmd *exec.Cmd, code int) {
	t.Helper()
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // its code tells
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("ended with %d, want %d", got, code)
	}
}

// TestDeckByKeys plays the decks from a terminal.
func TestDeckByKeys(t *testing.T) {
	t.Parallel()
	p := sitDown(t)
	before := p.settings()
	cmd := p.start("deck", "--play", "--decks", "2")
	p.sees(`space play, pause .* 4 beats\r\nl loop 4 beats .* q quit\r\n`)
	p.sees(`the deck is on.*\r\n`)
	p.sees(`deck 1 ▶ · 120\.0 BPM ♩ [0-9]+ · Click · master · 0 clients`)
	if p.settings() == before {
		t.Error("keys do not come one by one")
	}
	p.press("+++")
	p.sees(`deck 1 ▶ · 120\.4 BPM ♩ [0-9]+ · Click · pitch \+0\.3 % · master`)
	p.press(" \x1b[A\x1b[A")
	p.sees(`deck 1 ⏸ · 120\.4 BPM ♩ ([89]|[1-9][0-9]+) · `)
	p.press("2n m")
	p.sees(`deck 2 ▶ · 122\.0 BPM ♩ [0-9]+ · Paper Moons · master`)
	p.press("l")
	p.sees(`Paper Moons · loop · master`)
	p.press("?")
	p.sees(`space play, pause`)
	p.press("q")
	p.ends(cmd, 0, before)
}

// TestShowByKeys stops machinery and releases it from the terminal of a show.
func TestShowByKeys(t *testing.T) {
	t.Parallel()
	p := sitDown(t)
	before := p.settings()
	show := filepath.Join(t.TempDir(), "gala.lua")
	if err := os.WriteFile(show, []byte("-- nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := p.run("--osc", "off", "--state", t.TempDir(), show)
	p.sees(`space EMERGENCY STOP of machinery · Shift-R release · \? keys · Ctrl-C end\r\nenter or g GO · b back · 1-9 choose a cue list\r\n`)
	p.sees(`gala · 120\.0 BPM ♩ [▯▮]{4} [0-9]+ · frames [0-9.]+ ms late · gen 1 · 0 universes`)
	p.press(" ")
	p.sees(`■ STOPPED \(Shift-R\) · gala`)
	p.press("r")
	p.sees(`released with Shift-R`)
	p.press("R")
	p.sees(`machinery is released .*"the keyboard"`)
	p.sees(`K?gala · 120`)
	p.press("\r")
	p.sees(`the show has no cue lists`)
	p.press("\x03")
	p.ends(cmd, 130, before)
}

// TestCuesByKeys fires cues from the terminal of a show.
func TestCuesByKeys(t *testing.T) {
	t.Parallel()
	p := sitDown(t)
	before := p.settings()
	play := filepath.Join(t.TempDir(), "play.lua")
	text := `local cue = require "cue"
local main, haze = cue.list{ name = "main" }, cue.list{ name = "haze" }
main:cue{ 1 } main:cue{ 2 } main:cue{ 3, follow = 99 } main:cue{ 4 } haze:cue{ 1 }`
	if err := os.WriteFile(play, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := p.run("--osc", "off", "--state", t.TempDir(), play)
	p.sees(`main – → 1`)
	p.press("\r")
	p.sees(`main 1 → 2`)
	p.press("g")
	p.sees(`main 2 → 3`)
	p.press("b")
	p.sees(`main 1 → 2`)
	p.press("ggx")
	p.sees(`main 3 ⇒ 4`)
	p.press("2\n")
	p.sees(`GO is for the list haze`)
	p.sees(`haze 1 → end`)
	p.press("g")
	p.sees(`list haze is at its end`)
	p.press("9")
	p.sees(`there is no cue list 9; the show has 2 cue lists`)
	p.press(" ")
	p.sees(`■ STOPPED`)
	p.press("\x03")
	p.ends(cmd, 130, before)
}

// TestDeckGivesTheTerminalBack ends the command in other ways.
func TestDeckGivesTheTerminalBack(t *testing.T) {
	t.Parallel()
	p := sitDown(t)
	before := p.settings()
	cmd := p.start("deck")
	p.sees(`deck 1 ⏸`)
	p.press("\x03")
	p.ends(cmd, 130, before)

	cmd = p.start("deck")
	p.sees(`deck 1 ⏸`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(cmd, 143, before)

	cmd = p.start("deck", "--for", "300ms")
	p.ends(cmd, 0, before)
}
