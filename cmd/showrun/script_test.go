package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/journal"
)

// TestMain lets the test binary stand for the command in scripts. What runs side by side
// waits for other processes, most of the time.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8")
	testscript.Main(m, map[string]func(){"showrun": main})
}

// TestScripts runs the text scripts. Beside the commands of testscript they have
//
//	exits CODE [arguments]   run showrun with arguments; it must end with CODE
//	tells REGEXP [arguments] run showrun with arguments until it writes this to stdout
//	start [arguments]        run showrun in the background
//	await REGEXP             wait until it has written this to stderr, after what was awaited before
//	signal INT|TERM|HUP      send it a signal
//	ended CODE               wait for its end; then stdout and stderr are what it wrote
//	jsonlines                every line of stderr must be a JSON object with time, level and msg
//	take FILE [UNIT...]      make a recording of players that sent a state each
//	taken FILE REGEXP        one of the events of a recording of players must read so
//	paged FILE REGEXP        what is packed at the head of the page of a run must read so; ! negates
//
// and $PORT, a UDP port no other script has.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"tells":     tells,
			"start":     start,
			"await":     await,
			"signal":    signalProcess,
			"ended":     ended,
			"jsonlines": jsonLines,
			"take":      makeTake,
			"taken":     taken,
			"paged":     paged,
		},
		RequireUniqueNames: true,
		Deadline:           time.Now().Add(4 * patience),
	})
}

// setup gives a script a home folder of its own. The race detector need not wait
// a second at each end.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	env.Setenv("HOME", home)
	env.Setenv("AppData", home) // what Windows goes by
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	env.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	port, err := freePort()
	if err != nil {
		return err
	}
	env.Setenv("PORT", strconv.Itoa(port))
	env.Values[processKey{}] = &process{env: env.Vars}
	return os.Mkdir(home, 0o700)
}

// freePort returns a UDP port nobody uses, below those the system gives out by
// itself. Scripts that run at the same time get different ones.
func freePort() (int, error) {
	for range 1000 {
		port := 10000 + rand.IntN(10000)
		c, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port})
		if err == nil {
			return port, c.Close()
		}
	}
	return 0, errors.New("no free UDP port")
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE [arguments]")
	}
	var exit *exec.ExitError
	err := ts.Exec("showrun", args[1:]...)
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("showrun: %v", err)
	}
	code := 0
	if exit != nil {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("showrun ended with %d, want %s", code, args[0])
	}
}

// tells is for what is true soon after a command, such as what a status says of it.
func tells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tells REGEXP [arguments]")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		ts.Check(ts.Exec("showrun", args[1:]...))
		if re.MatchString(ts.ReadFile("stdout")) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("showrun has not told %q in %v, but at last:\n%s", args[0], patience, ts.ReadFile("stdout"))
		}
	}
}

func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: jsonlines")
	}
	text := ts.ReadFile("stderr")
	if text == "" {
		ts.Fatalf("nothing was written")
	}
	for line := range strings.Lines(text) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
		for _, key := range []string{"time", "level", "msg"} {
			if _, ok := record[key].(string); !ok {
				ts.Fatalf("%q has no %s", line, key)
			}
		}
	}
}

func makeTake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: take FILE [UNIT...]")
	}
	journal.Register(take.Event{})
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	w, err := journal.Create(file, journal.Header{Began: time.Now()})
	ts.Check(err)
	for i, name := range args[1:] {
		unit := take.Unit{Token: wire.Token{byte(i + 1)}, Name: name, Software: fmt.Sprint("JP", 13+i), Version: "1"}
		ts.Check(w.Input(uint64(i+1), take.Event{At: 5, Unit: unit, Kind: take.State, Path: "/a"}, nil))
	}
	ts.Check(w.Close())
}

func taken(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: taken FILE REGEXP")
	}
	journal.Register(take.Event{})
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	r, err := journal.Open(file)
	ts.Check(err)
	found := false
	for err == nil {
		var e journal.Entry
		if e, err = r.Next(); err == nil {
			found = found || re.MatchString(fmt.Sprintf("%+v", e))
		}
	}
	if found == neg {
		ts.Fatalf("%q is there: %v", args[1], found)
	}
}

// pageHead is what a page of a run tells of it, packed.
var pageHead = regexp.MustCompile(`<script type="text/plain" id="head">([^<]*)</script>`)

func paged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: paged FILE REGEXP")
	}
	m := pageHead.FindStringSubmatch(ts.ReadFile(args[0]))
	if m == nil {
		ts.Fatalf("%s has no head", args[0])
	}
	packed, err := base64.StdEncoding.DecodeString(m[1])
	ts.Check(err)
	head, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	ts.Check(err)
	if regexp.MustCompile(args[1]).Match(head) == neg {
		ts.Fatalf("%s: %s is in it: %v\n%s", args[0], args[1], neg, head)
	}
}
