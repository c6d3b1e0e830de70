//go:build unix

package soak

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"showrun/runtime/control"
)

// child is the show: a process of its own, with a log that is read or not.
type child struct {
	dir     string // of the show, its state and its socket
	command string
	args    []string

	mu      sync.Mutex
	cmd     *exec.Cmd
	began   time.Time
	ended   chan struct{} // closed when the process is gone
	reading sync.Mutex    // held while the log is not read
	pipe    *os.File      // its log, to be filled
	lines   []string      // the last of them
	wanted  bool          // it is to run
}

const linesKept = 40

// start starts the process.
func (c *child) start() error {
	log, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(c.command, c.args...)
	cmd.Stderr = w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the soak
	cmd.Env = append(os.Environ(), "SOAK_PASSPHRASE=Ge2p$E$4*A", "XDG_RUNTIME_DIR="+c.dir)
	if err := cmd.Start(); err != nil {
		w.Close()
		log.Close()
		return err
	}
	ended := make(chan struct{})
	c.mu.Lock()
	c.cmd, c.began, c.ended, c.wanted, c.pipe = cmd, time.Now(), ended, true, w
	c.mu.Unlock()
	go c.read(log)
	go func() { defer close(ended); cmd.Wait(); w.Close() }()
	return nil
}

// pass waits while somebody holds a gate.
func pass(gate *sync.Mutex) {
	gate.Lock()
	defer gate.Unlock()
}

// read reads the log until the process is gone.
func (c *child) read(log io.ReadCloser) {
	defer log.Close()
	s := bufio.NewScanner(log)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		pass(&c.reading)
		var line struct{ Level, Msg string }
		if json.Unmarshal(s.Bytes(), &line) != nil {
			line.Msg = s.Text() // such as a panic
		}
		c.mu.Lock()
		if !strings.HasPrefix(line.Msg, "beat ") && !strings.HasPrefix(line.Msg, "---") {
			c.lines = append(c.lines, line.Level+" "+line.Msg)
			c.lines = c.lines[max(0, len(c.lines)-linesKept):]
		}
		c.mu.Unlock()
	}
}

// stall leaves the log unread, with its pipe full, until the returned function.
func (c *child) stall() func() {
	c.reading.Lock()
	c.mu.Lock()
	pipe := c.pipe
	c.mu.Unlock()
	go func() {
		for range 256 {
			if _, err := fmt.Fprintln(pipe, strings.Repeat("-", 1023)); err != nil {
				return
			}
		}
	}()
	return c.reading.Unlock
}

// tail is the end of the log without the beats.
func (c *child) tail(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines[max(0, len(c.lines)-n):], "\n            ")
}

// pid is the process, and since when it runs; 0 if it is not to.
func (c *child) pid() (pid int, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil || !c.wanted {
		return 0, time.Time{}
	}
	return c.cmd.Process.Pid, c.began
}

// diedAlone tells that it has ended though nobody ended it.
func (c *child) diedAlone() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil || !c.wanted {
		return "", false
	}
	select {
	case <-c.ended:
		c.wanted = false
		return c.cmd.ProcessState.String(), true
	default:
		return "", false
	}
}

func (c *child) signal(sig os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sig == os.Kill || sig == os.Interrupt {
		c.wanted = false
	}
	return c.cmd.Process.Signal(sig)
}

// end waits for the end, and tells the exit code, -1 after a signal.
func (c *child) end(limit time.Duration) (int, error) {
	select {
	case <-c.ended:
		return c.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("it has not ended %v after the signal", limit)
	}
}

// kill kills it outright, if it runs.
func (c *child) kill() {
	if c.cmd == nil {
		return
	}
	_ = c.signal(os.Kill)
	_ = c.signal(syscall.SIGCONT)
	<-c.ended
}

// ask asks its control socket.
func (c *child) ask(command string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(c.dir, "showrun", fmt.Sprintf("%d.*", c.cmd.Process.Pid)))
	if err != nil || len(paths) == 0 {
		return "", fmt.Errorf("the show has no socket: %v", err)
	}
	reply, err := control.Ask(paths[0], control.Request{Command: command, By: "the soak"})
	if err == nil && !reply.OK {
		err = fmt.Errorf("%s: %s", command, reply.Text)
	}
	return reply.Text, err
}
