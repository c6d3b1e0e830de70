package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	qr "github.com/piglig/go-qr"

	"showrun/bindings"
	"showrun/runtime/control"
	"showrun/runtime/host"
	"showrun/runtime/journal"
	"showrun/runtime/show"
	"showrun/scripts"
)

const consoleShow = `local clock, cue, show, signet, stage = require "clock", require "cue", require "show", require "signet", require "stage"
local u = signet.sender{ mode = "open" }:universe(1)
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = u:slot(1) }
show.param{ "speed", default = 1, min = 0, max = 4 }
show.trigger("bump", function() end)
local main = cue.list{ name = "main" }
main:cue{ 1, look = { [lamp] = 255 } }
main:cue{ 2, look = { [lamp] = 100 } }
`

// A consoled show runs on a rig in this process, with a console.
type consoled struct {
	t    *testing.T
	door *consoleDoor
	tape string // what entered by the input seam
}

// runConsoled runs a show with its console until the test ends.
func runConsoled(t *testing.T, text string) *consoled {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "gala.lua")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &consoled{t: t, door: &consoleDoor{}, tape: filepath.Join(dir, "night.recording")}
	log := slog.New(slog.DiscardHandler)
	h, err := host.New(host.Options{
		Show: file, Bind: bindings.New, Shipped: scripts.Files(), Protocols: protocols(), Rig: true, StateDir: dir, Reload: host.ReloadOff, Log: log,
		Links: c.door.links, Refused: c.door.refused,
		Record: c.tape,
	})
	if err != nil {
		t.Fatal(err)
	}
	shut := c.door.open(h, runFlags{console: "127.0.0.1:0", rate: 44}, log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		shut()
		http.DefaultClient.CloseIdleConnections()
	})
	c.await("frames", func() bool { status, _ := c.get("/healthz"); return status == 200 })
	return c
}

// await waits until something that is sure to happen has.
func (c *consoled) await(what string, happened func() bool) {
	c.t.Helper()
	late := time.After(patience)
	for !happened() {
		select {
		case <-late:
			c.t.Fatalf("no %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// entered tells whether an input that reads so has come.
func (c *consoled) entered(text string) bool {
	f, err := os.Open(c.tape)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	r, err := journal.Open(bufio.NewReader(f))
	for err == nil {
		var in journal.Entry
		if in, err = r.Next(); err == nil && strings.Contains(fmt.Sprintf("%+v", in), text) {
			return true
		}
	}
	return false
}

func (c *consoled) url(path string) string {
	return "http://" + c.door.server.Load().Address().String() + path
}

func (c *consoled) get(path string) (int, string) { return c.answer(http.Get(c.url(path))) }

func (c *consoled) post(command string, words ...string) (int, string) {
	body, _ := json.Marshal(map[string][]string{"words": words})
	return c.answer(http.Post(c.url("/api/"+command), "application/json", strings.NewReader(string(body))))
}

func (c *consoled) answer(r *http.Response, err error) (int, string) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

// TestConsoleIsRecorded: what comes from the console enters the show as all does, so that a
// record of the show has it.
func TestConsoleIsRecorded(t *testing.T) {
	c := runConsoled(t, consoleShow)
	for _, o := range []struct {
		words   []string
		entered string
	}{
		{[]string{"param", "speed", "2.5"}, "Name:speed Value:2.5"},
		{[]string{"trigger", "bump", "7"}, "Name:bump Args:[7]"},
		{[]string{"go"}, "List:main Cue:"},
		{[]string{"jump", "2"}, "List:main Cue:2"},
		{[]string{"master", "100"}, "Level:100"},
		{[]string{"blackout", "on"}, "On:true"},
	} {
		if status, body := c.post(o.words[0], o.words[1:]...); status != 200 {
			t.Errorf("%q: %d %s", o.words, status, body)
		}
		c.await("record of "+strings.Join(o.words, " "), func() bool { return c.entered(o.entered) })
	}
	page, _, err := websocket.DefaultDialer.Dial(strings.Replace(c.url("/live"), "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	page.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"do":["param","speed","3.5"]}`))
	c.await("record of a page", func() bool { return c.entered("Name:speed Value:3.5") })
	if status, body := c.post("go", "nowhere"); status != 422 || !strings.Contains(body, "nowhere") {
		t.Errorf("%d %s", status, body)
	}
	if _, body := c.get("/api/board"); !strings.Contains(body, `"value":3.5`) {
		t.Errorf("board %s", body)
	}
}

// TestConsoleDoesAllThatCtlDoes, and tells programs and people of it.
func TestConsoleDoesAllThatCtlDoes(t *testing.T) {
	c := runConsoled(t, consoleShow)
	_, text := c.get("/api/openapi.json")
	var api struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(text), &api); err != nil {
		t.Fatal(err)
	}
	_, page := c.get("/api")
	names := []string{control.Stop, control.Release, control.Reload, control.End}
	for _, v := range show.Verbs() {
		names = append(names, v.Name)
	}
	for _, name := range names {
		if api.Paths["/api/"+name]["post"] == nil || !strings.Contains(page, "POST /api/"+name+"<") {
			t.Errorf("%s is not described", name)
		}
		if status, body := c.post(name, make([]string, 40)...); name != control.Stop && name != control.End && name != control.Release && name != control.Reload && status != 422 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if len(names) < 12 {
		t.Errorf("commands %q", names)
	}
	if status, body := c.get("/metrics"); status != 200 || !strings.Contains(body, "\nshowrun_frames_total ") || !strings.Contains(body, "\nshowrun_events_lost_total") {
		t.Errorf("metrics: %d", status)
	}
}

// TestQRCode: what is drawn is what was meant, as a camera sees it.
func TestQRCode(t *testing.T) {
	const link = "http://192.168.100.200:7780/#token=ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	text, err := drawQR(link)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if n := len([]rune(lines[0])); n > 60 {
		t.Errorf("it takes %d columns", n)
	}
	const module, border = 8, 4 * 8
	seen := image.NewGray(image.Rect(0, 0, len([]rune(lines[0]))*module+2*border, 2*len(lines)*module+2*border))
	for i := range seen.Pix {
		seen.Pix[i] = 255
	}
	for row, line := range lines {
		for x, r := range []rune(line) {
			for half, light := range []string{"█▀", "█▄"} {
				if strings.ContainsRune(light, r) || 2*row+half >= len([]rune(line)) {
					continue
				}
				for i := range module * module {
					seen.SetGray(border+x*module+i%module, border+(2*row+half)*module+i/module, color.Gray{})
				}
			}
		}
	}
	if got, err := qr.Decode(seen); err != nil || got != link {
		t.Errorf("%q, %v", got, err)
	}
}

// TestConsoleUnderAttack: the show goes on with its frames while strangers do what they can,
// and says how much of it there was.
func TestConsoleUnderAttack(t *testing.T) {
	c := runConsoled(t, consoleShow)
	frames := func() (n uint64) {
		_, body := c.get("/api/house")
		var house struct{ Frames uint64 }
		if err := json.Unmarshal([]byte(body), &house); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return house.Frames
	}
	address := c.door.server.Load().Address().String()
	attack, over := context.WithCancel(context.Background())
	var strangers sync.WaitGroup
	for _, say := range []string{
		"", "GET / HTT", "GET / HTTP/1.1\r\nHost: rebind.example\r\n\r\n", "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /api/go HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}",
	} {
		strangers.Go(func() {
			for attack.Err() == nil {
				if conn, err := net.Dial("tcp", address); err == nil {
					io.WriteString(conn, say)
					context.AfterFunc(attack, func() { conn.Close() })
				}
			}
		})
	}
	before := frames()
	c.await("frames", func() bool { return frames() > before+100 })
	if status, body := c.post("go"); status != 200 {
		t.Errorf("go: %d %s", status, body)
	}
	over()
	strangers.Wait()
	_, body := c.get("/api/house")
	for _, counter := range []string{"console_foreign_host", "console_foreign_origin", "console_not_found", "console_too_many_connections"} {
		if strings.Contains(body, `"name":"`+counter+`",`) == false || strings.Contains(body, counterAtZero(body, counter)) {
			t.Errorf("%s counts nothing", counter)
		}
	}
	if c.door.refused() == 0 {
		t.Error("the status tells of nothing refused")
	}
}

// counterAtZero is how a counter of a house reads that has counted nothing.
func counterAtZero(body, counter string) string {
	_, rest, _ := strings.Cut(body, `"name":"`+counter+`",`)
	what, _, _ := strings.Cut(rest, "}")
	text, _, _ := strings.Cut(what, `"n":`)
	return `"name":"` + counter + `",` + text + `"n":0}`
}
