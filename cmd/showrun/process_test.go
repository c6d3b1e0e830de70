package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// process is the showrun in the background of a script; a script has one.
type process struct {
	env  []string
	cmd  *exec.Cmd // nil before the start
	out  bytes.Buffer
	gone chan struct{} // closed after the end, when all it wrote is there

	mu      sync.Mutex
	written []byte        // to stderr
	more    chan struct{} // closed when more has been written
	seen    int           // up to where the script has awaited
}

type processKey struct{}

// patience is how long a script waits for something that is sure to happen.
const patience = 30 * time.Second

// background is the process of a script.
func background(ts *testscript.TestScript) *process {
	p := ts.Value(processKey{}).(*process)
	if p.cmd == nil {
		ts.Fatalf("nothing has been started")
	}
	return p
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value(processKey{}).(*process)
	if neg || p.cmd != nil {
		ts.Fatalf("start comes once in a script")
	}
	p.cmd = exec.Command("showrun", args...)
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), p.env
	p.cmd.Stdout, p.cmd.Stderr = &p.out, p
	apart(p.cmd)
	p.gone, p.more = make(chan struct{}), make(chan struct{})
	ts.Check(p.cmd.Start())
	go func() { defer close(p.gone); p.cmd.Wait() }()
	ts.Defer(func() { p.cmd.Process.Kill(); <-p.gone })
}

// Write takes what the process writes to stderr.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = append(p.written, b...)
	close(p.more)
	p.more = make(chan struct{})
	return len(b), nil
}

// find moves on to behind the next match. If there is none yet, more tells when
// it is worth another look.
func (p *process) find(re *regexp.Regexp) (found bool, more <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := re.FindIndex(p.written[p.seen:]); at != nil {
		p.seen += at[1]
		return true, nil
	}
	return false, p.more
}

// text is what the process has written to stderr so far.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.written)
}

// tail is the end of it, for reports.
func (p *process) tail() string {
	lines := strings.SplitAfter(p.text(), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await REGEXP")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	p := background(ts)
	deadline := time.After(patience)
	for {
		found, more := p.find(re)
		if found {
			return
		}
		select {
		case <-more:
		case <-p.gone:
			if found, _ := p.find(re); !found {
				ts.Fatalf("showrun ended (%v) without writing %q, but at last:\n%s", p.cmd.ProcessState, args[0], p.tail())
			}
			return
		case <-deadline:
			ts.Fatalf("showrun has not written %q in %v, but at last:\n%s", args[0], patience, p.tail())
		}
	}
}

func signalProcess(ts *testscript.TestScript, neg bool, args []string) {
	known := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}
	if neg || len(args) != 1 || known[args[0]] == nil {
		ts.Fatalf("usage: signal INT|TERM|HUP")
	}
	ts.Check(background(ts).cmd.Process.Signal(known[args[0]]))
}

func ended(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ended CODE")
	}
	p := background(ts)
	select {
	case <-p.gone:
	case <-time.After(patience):
		ts.Fatalf("showrun has not ended in %v:\n%s", patience, p.tail())
	}
	io.WriteString(ts.Stdout(), p.out.String())
	io.WriteString(ts.Stderr(), p.text())
	if code := p.cmd.ProcessState.ExitCode(); strconv.Itoa(code) != args[0] {
		ts.Fatalf("showrun ended with %d, want %s:\n%s", code, args[0], p.tail())
	}
}
