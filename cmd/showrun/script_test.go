package main

import (
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
//	start [arguments]        run showrun in the background
//	await REGEXP             wait until it has written this to stderr, after what was awaited before
//	signal INT|TERM|HUP      send it a signal
//	ended CODE               wait for its end; then stdout and stderr are what it wrote
//	jsonlines                every line of stderr must be a JSON object with time, level and msg
//
// and $PORT, a UDP port no other script has.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"start":     start,
			"await":     await,
			"signal":    signalProcess,
			"ended":     ended,
			"jsonlines": jsonLines,
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
