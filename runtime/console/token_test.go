package console

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// request asks a server that listens everywhere, and returns the status and the body.
func (s *Server) request(t *testing.T, method, path, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// TestRoles: who shows nothing sees the page and nothing else, who may watch does not
// drive.
func TestRoles(t *testing.T) {
	s := newStage()
	server := open(t, s, "0.0.0.0:0")
	for _, c := range []struct {
		method, path           string
		nobody, watches, drive int
	}{
		{"GET", "/", 200, 200, 200},
		{"GET", "/api/status", 401, 200, 200},
		{"GET", "/api/scene", 401, 200, 200},
		{"GET", "/api/board", 401, 200, 200},
		{"GET", "/api/house", 401, 200, 200},
		{"GET", "/api/log", 401, 200, 200},
		{"GET", "/api/looks", 401, 200, 200},
		{"GET", "/api/why?fixture=wash+1", 401, 200, 200},
		{"GET", "/api/copy?fixture=wash+1", 401, 200, 200},
		{"GET", "/api/openapi.json", 401, 200, 200},
		{"GET", "/api", 401, 200, 200},
		{"GET", "/metrics", 401, 200, 200},
		{"GET", "/healthz", 401, 200, 200},
		{"GET", "/live", 401, 400, 400},
		{"POST", "/session", 401, 200, 200},
		{"POST", "/api/stop", 401, 403, 200},
		{"POST", "/api/go", 401, 403, 200},
	} {
		for token, want := range map[string]int{"": c.nobody, testTokens.Watch: c.watches, testTokens.Drive: c.drive} {
			if status, body := server.request(t, c.method, c.path, token, "{}"); status != want {
				t.Errorf("%s %s with %q: %d, want %d: %s", c.method, c.path, token, status, want, body)
			}
		}
	}
	if did := s.did(); !slices.Equal(did, []string{"STOP", "go"}) {
		t.Errorf("%q was done", did)
	}
}

// TestWatchersSocket: somebody who may watch sees all and has nothing done.
func TestWatchersSocket(t *testing.T) {
	s := newStage()
	server := open(t, s, "0.0.0.0:0")
	url := fmt.Sprintf("ws://127.0.0.1:%d/live", server.port)
	for _, token := range []string{"", "wrong"} {
		if _, answer, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + token}}); err == nil || answer == nil || answer.StatusCode != 401 {
			t.Errorf("token %q: %v, %v", token, answer, err)
		}
	}
	c, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + testTokens.Watch}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := &phone{t, c}
	if h := p.await("hello"); !strings.Contains(string(h.value), `"role":"watch"`) {
		t.Errorf("%s", h.value)
	}
	p.await("board")
	for _, do := range []string{"go", "stop", "fly"} {
		p.say(`{"id":1,"do":["` + do + `"]}`)
		if h := p.await("reply"); string(h.value) != `{"id":1,"ok":false,"text":"you may watch, not drive: the link to drive has another token"}` {
			t.Errorf("%s", h.value)
		}
	}
	p.say(`{"id":2,"why":["wash 1","red"]}`)
	if h := p.await("reply"); !strings.Contains(string(h.value), `"layer":"cue"`) {
		t.Errorf("%s", h.value)
	}
	awaitCount(t, &server.refused, notDrive, 3)
	if did := s.did(); len(did) > 0 {
		t.Errorf("%q was done", did)
	}
}

// TestCookie: the page gives its token once and is known from then on, as long as it is of
// this console.
func TestCookie(t *testing.T) {
	server := open(t, newStage(), "0.0.0.0:0")
	base := fmt.Sprintf("http://127.0.0.1:%d", server.port)
	r, _ := http.NewRequest("POST", base+"/session", nil)
	r.Header.Set("Authorization", "Bearer "+testTokens.Watch)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if len(answer.Cookies()) != 1 {
		t.Fatalf("cookies %v", answer.Cookies())
	}
	c := answer.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Name != fmt.Sprintf("showrun-%d", server.port) {
		t.Errorf("cookie %v", c)
	}
	for method, want := range map[string]int{"GET": 200, "POST": 403} {
		r, _ = http.NewRequest(method, base+map[string]string{"GET": "/api/status", "POST": "/api/go"}[method], nil)
		r.AddCookie(c)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", method, answer.StatusCode, want)
		}
	}
}

// TestWrongTokens: who tries many is told so, and who has the right one comes in meanwhile.
func TestWrongTokens(t *testing.T) {
	server := open(t, newStage(), "0.0.0.0:0")
	statuses := map[int]int{}
	for i := range 3 * wrongBurst {
		status, _ := server.request(t, "GET", "/api/status", fmt.Sprintf("guess %d", i), "")
		statuses[status]++
	}
	if statuses[401] < wrongBurst || statuses[429] < wrongBurst || len(statuses) != 2 {
		t.Errorf("statuses %v", statuses)
	}
	awaitCount(t, &server.refused, wrongToken, 3*wrongBurst)
	if status, _ := server.request(t, "GET", "/api/status", testTokens.Watch, ""); status != 200 {
		t.Errorf("the right one: %d", status)
	}
}

// TestTooManyRequests of one address are refused, but for stops.
func TestTooManyRequests(t *testing.T) {
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	server.requests = newMeasure(0.001, 5)
	for range 5 {
		server.request(t, "GET", "/api/status", "", "")
	}
	if status, _ := server.request(t, "GET", "/", "", ""); status != 429 {
		t.Errorf("%d", status)
	}
	if status, _ := server.request(t, "POST", "/api/stop", "", "{}"); status != 200 || len(s.did()) != 1 {
		t.Errorf("a stop: %d, %q", status, s.did())
	}
	awaitCount(t, &server.refused, tooManyRequests, 1)
}

// TestKeepTokens: they are made once, for their owner only.
func TestKeepTokens(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	found := make([]Tokens, 10) // shows that start at the same time
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() {
			var err error
			if found[i], err = KeepTokens(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if found[0].Drive == found[0].Watch || len(found[0].Drive) < 26 || slices.ContainsFunc(found, func(o Tokens) bool { return o != found[0] }) {
		t.Errorf("tokens %v", found)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 1 || files[0].Name() != tokenFile {
		t.Errorf("files %v", files)
	}
	path := filepath.Join(dir, tokenFile)
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	for text, want := range map[string]string{
		"":                               "must have a line",
		"drive short\nwatch short2\n":    "must have a line",
		strings.Repeat("drive x", 1<<10): "must have a line",
		"drive " + strings.Repeat("a", 20) + "\nwatch " + strings.Repeat("a", 20) + "\n": "must have a line",
	} {
		os.WriteFile(path, []byte(text), 0o600)
		if _, err := KeepTokens(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	os.Chmod(path, 0o640)
	if _, err := KeepTokens(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("one that others read: %v", err)
	}
	os.Chmod(path, 0o600)
	os.Truncate(path, 1<<30)
	if _, err := KeepTokens(dir); err == nil || !strings.Contains(err.Error(), "has 1073741824 bytes") {
		t.Errorf("one without end: %.200v", err)
	}
	os.Remove(path)
	os.Symlink("/dev/null", path)
	if _, err := KeepTokens(dir); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a link: %v", err)
	}
}

// TestNoTokensNoDoor: a console that others reach does not open without tokens; one that
// only this machine reaches needs none.
func TestNoTokensNoDoor(t *testing.T) {
	s := newStage()
	c := Config{View: s, Do: s, Tokens: func() (Tokens, error) { return Tokens{}, os.ErrPermission }}
	if _, err := Listen("0.0.0.0:0", c); err == nil {
		t.Error("it opened")
	}
	server, err := Listen("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	server.hall.Close()
	if (Tokens{}).role("") != Nobody {
		t.Error("no token is a token")
	}
}

// TestPortTaken: the next one will do, and the link says so.
func TestPortTaken(t *testing.T) {
	first := open(t, newStage(), "127.0.0.1:0")
	second := open(t, newStage(), first.Address().String())
	if second.port <= first.port || second.port > first.port+morePorts || second.Page() != fmt.Sprintf("http://127.0.0.1:%d/", second.port) {
		t.Errorf("%s, and %s", first.Page(), second.Page())
	}
	for address, want := range map[string]string{
		"7780": "must be one such as", "127.0.0.1:http": "0-65535", "127.0.0.1:99999": "0-65535", "192.0.2.200:7780": "",
	} {
		if _, err := Listen(address, Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
