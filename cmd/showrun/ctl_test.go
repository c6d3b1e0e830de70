package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"showrun/runtime/control"
)

// TestCtlAsksAllAtOnce: a show that does not answer until the next one has been
// stopped holds nothing up.
func TestCtlAsksAllAtOnce(t *testing.T) {
	const hangsUp = "" // instead of a reply
	for name, c := range map[string]struct {
		show     string
		slow     string   // what the slow show replies, after gala was stopped
		stdout   string   // in the order of the sockets
		fails    string   // the error begins with this
		asked    []string // of gala
		slowDoes []string // what the slow show was asked
	}{
		"all": {
			slow:   `{"ok":true,"show":"matinee","text":"late"}`,
			stdout: "matinee: late\ngala: stopped\n", asked: []string{"stop"}, slowDoes: []string{"stop"},
		},
		"refused": {
			slow:   `{"ok":false,"show":"matinee","text":"cannot"}`,
			stdout: "gala: stopped\n", fails: "matinee: cannot", asked: []string{"stop"}, slowDoes: []string{"stop"},
		},
		"a text with what moves the cursor": {
			slow:   `{"ok":true,"show":"matinee","text":"title = \u001b[2Jx\ny"}`,
			stdout: "matinee: title = ?[2Jx?y\ngala: stopped\n", asked: []string{"stop"}, slowDoes: []string{"stop"},
		},
		"refused with what moves the cursor": {
			slow:   `{"ok":false,"show":"matinee","text":"\u001b[2Jx"}`,
			stdout: "gala: stopped\n", fails: "matinee: ?[2Jx", asked: []string{"stop"}, slowDoes: []string{"stop"},
		},
		"hangs up": {
			slow:   hangsUp,
			stdout: "gala: stopped\n", fails: "SLOW: no reply: ", asked: []string{"stop"}, slowDoes: []string{"stop", "stop", "stop"},
		},
		"by name": {
			show: "gala", slow: `{"ok":true,"show":"matinee","text":""}`,
			stdout: "gala: stopped\n", asked: []string{"status", "stop"}, slowDoes: []string{"status"},
		},
		"by name, hangs up": {
			show: "gala", slow: hangsUp,
			stdout: "gala: stopped\n", asked: []string{"status", "stop"}, slowDoes: []string{"status"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := runtimeFolder(t)
			stopped := make(chan struct{})
			gala := serveShow(t, folder, func(r control.Request) {
				if r.Command == control.Stop {
					close(stopped)
				}
			})
			slow := filepath.Join(folder, "0.show") // before any process
			requests := listenSlow(t, slow, stopped, c.slow)

			var out strings.Builder
			err := (&app{stdout: &out}).ask(control.Request{Command: control.Stop}, c.show)
			fails := strings.Replace(c.fails, "SLOW", slow, 1)
			if text := errorText(err); text != "" && fails == "" || !strings.HasPrefix(text, fails) {
				t.Errorf("failed with %q, want %q", text, fails)
			}
			if out.String() != c.stdout {
				t.Errorf("told %q, want %q", out.String(), c.stdout)
			}
			if got := gala(); !slices.Equal(got, c.asked) {
				t.Errorf("gala was asked %q, want %q", got, c.asked)
			}
			if got := requests(); !slices.Equal(got, c.slowDoes) {
				t.Errorf("the slow show was asked %q, want %q", got, c.slowDoes)
			}
		})
	}
}

// TestCtlFindsNoShow: what there is to say when none was reached.
func TestCtlFindsNoShow(t *testing.T) {
	answering := make(chan struct{})
	close(answering)
	for name, c := range map[string]struct {
		make func(t *testing.T, folder string)
		show string
		want string
	}{
		"none":         {nil, "", "no show is running"},
		"none of it":   {nil, "gala", "no show called gala is running"},
		"another":      {func(t *testing.T, f string) { serveShow(t, f, func(control.Request) {}) }, "opera", "no show called opera is running; there is gala"},
		"silent":       {func(t *testing.T, f string) { listenSlow(t, filepath.Join(f, "0.show"), answering, "") }, "", "FOLDER/0.show: no reply: "},
		"may be it":    {func(t *testing.T, f string) { listenSlow(t, filepath.Join(f, "0.show"), answering, "") }, "gala", "no show called gala answers\nFOLDER/0.show: no reply: "},
		"of everybody": {func(t *testing.T, f string) { os.Chmod(f, 0o777) }, "", "no show was asked: FOLDER must be a folder that only you can enter: chmod 700 it"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "of everybody" && os.Getuid() < 0 {
				t.Skip("folders have no modes here")
			}
			folder := runtimeFolder(t)
			if c.make != nil {
				c.make(t, folder)
			}
			want := strings.Replace(c.want, "FOLDER", folder, 1)
			if err := (&app{stdout: os.Stdout}).ask(control.Request{Command: control.Stop}, c.show); !strings.HasPrefix(errorText(err), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// runtimeFolder makes the folder where shows listen in this test.
func runtimeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	folder := filepath.Join(dir, "showrun")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// serveShow runs the control socket of a show called gala until the test ends. The
// function returned lists the commands it got.
func serveShow(t *testing.T, folder string, on func(control.Request)) (commands func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	s, err := control.Listen(folder, "gala", func(r control.Request) control.Reply {
		mu.Lock()
		list = append(list, r.Command)
		mu.Unlock()
		on(r)
		return control.Reply{OK: true, Text: "stopped"}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// listenSlow is the socket of a show that takes requests, and replies to none before
// the channel is closed; then with a line each, or by hanging up. The function
// returned ends it and lists the commands it got.
func listenSlow(t *testing.T, path string, until <-chan struct{}, line string) (commands func() []string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var r control.Request
			request, _ := bufio.NewReader(c).ReadBytes('\n')
			json.Unmarshal(request, &r)
			list = append(list, r.Command)
			select {
			case <-until:
			case <-t.Context().Done():
			}
			if line != "" {
				if _, err := c.Write([]byte(line + "\n")); err != nil {
					list = append(list, "nothing any more") // it was not waited for
				}
			}
			c.Close()
		}
	})
	end := sync.OnceFunc(func() { l.Close(); running.Wait() })
	t.Cleanup(end)
	return func() []string { end(); return list }
}

func TestNegativesAreWords(t *testing.T) {
	for args, want := range map[string]string{
		"ctl param pan -45":               "ctl param pan -- -45",
		"ctl param pan -45 --show gala":   "ctl param pan --show gala -- -45",
		"ctl trigger x -.5 2 --show=gala": "ctl trigger x --show=gala -- -.5 2",
		"ctl param -- pan -45":            "ctl param -- pan -45",
		"ctl --show gala param pan 45":    "ctl --show gala param pan 45",
		"run -45":                         "run -45",
		"":                                "",
	} {
		if got := strings.Join(negativesLast(strings.Fields(args)), " "); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}
