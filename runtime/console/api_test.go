package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"showrun/drivers/lan"
)

// TestInterface: what is read and done over HTTP.
func TestInterface(t *testing.T) {
	s := newStage()
	s.looks[0] = Look{Intensity: 200, R: 255, G: 16, Pan: 45}
	server := open(t, s, "127.0.0.1:0")
	s.say("one")
	s.say("two")
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/api/go", `{"words":["main","5"]}`, 200, `{"ok":true,"text":"go done"}`},
		{"POST", "/api/go", `{}`, 200, `{"ok":true,"text":"go done"}`},
		{"POST", "/api/jump", `{"words":["9"]}`, 422, `{"ok":false,"text":"there is no such cue"}`},
		{"POST", "/api/jump", `{}`, 422, `{"ok":false,"text":"jump takes CUE"}`},
		{"POST", "/api/go", `["main"]`, 400, `{"ok":false,"text":"the body must be an object with a list of strings and nothing else, such as {\"words\":[\"main\",\"5\"]}"}`},
		{"POST", "/api/stop", `{"words":["please"]}`, 200, `{"ok":true,"text":"stopped"}`},
		{"GET", "/api/scene", "", 200, `"name":"wash 1"`},
		{"GET", "/api/board", "", 200, `"master":255`},
		{"GET", "/api/status", "", 200, `"missing":`},
		{"GET", "/api/house", "", 200, `"console_foreign_host"`},
		{"GET", "/api/looks", "", 200, `[{"fixture":"wash 1","intensity":200,"color":"#ff1000","pan":45,"tilt":0,"held":false},{"fixture":"wash 2"`},
		{"GET", "/api/log?after=1", "", 200, `[{"number":2,`},
		{"GET", "/api/log?after=99", "", 200, `[]`},
		{"GET", "/api/log?after=x", "", 422, `after must be the number of a line`},
		{"GET", "/api/why?fixture=wash+1&channel=red", "", 200, `"channel":"red"`},
		{"GET", "/api/why", "", 422, `name a fixture`},
		{"GET", "/api/why?fixture=x", "", 422, `there is no fixture of that name`},
		{"GET", "/api/copy?fixture=a&fixture=b", "", 200, `{"lua":"{ a, b }"}`},
		{"GET", "/healthz", "", 200, "ok\n"},
	} {
		if status, body := server.request(t, c.method, c.path, "", c.body); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
	if want := []string{"go main 5", "go", "STOP"}; !slices.Equal(s.did(), want) {
		t.Errorf("%q was done, want %q", s.did(), want)
	}
}

// TestOpenAPI: the interface for programs and the page for people have all that there is,
// and every path they name is there.
func TestOpenAPI(t *testing.T) {
	server := open(t, newStage(), "127.0.0.1:0")
	_, text := server.request(t, "GET", "/api/openapi.json", "", "")
	var api struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Summary     string
			Responses   map[string]any
			RequestBody any
		}
	}
	if err := json.Unmarshal([]byte(text), &api); err != nil || api.OpenAPI != "3.1.0" {
		t.Fatal(err, api.OpenAPI)
	}
	_, page := server.request(t, "GET", "/api", "", "")
	if !strings.Contains(page, server.Page()+"api/go<") {
		t.Errorf("the example is not for this console: %s", page)
	}
	for _, v := range testVerbs {
		if api.Paths["/api/"+v.Name]["post"].RequestBody == nil || !strings.Contains(page, "POST /api/"+v.Name) {
			t.Errorf("%s is not described", v.Name)
		}
	}
	for path, methods := range api.Paths {
		for method, op := range methods {
			status, _ := server.request(t, strings.ToUpper(method), path, "", "{}")
			if status == http.StatusNotFound || status == http.StatusMethodNotAllowed || op.Summary == "" || op.Responses["200"] == nil {
				t.Errorf("%s %s: %d %q", method, path, status, op.Summary)
			}
		}
	}
}

// TestHealth: 200 while frames go out and a script runs.
func TestHealth(t *testing.T) {
	for want, ail := range map[string]func(*stage){
		"ok": func(*stage) {},
		"frames stand: dj does not come back from a call": func(s *stage) { s.moment.Stuck = "dj" },
		"no script runs":             func(s *stage) { s.moment.NoScript = true },
		"frames stand":               func(s *stage) { s.house.Rate = 0 },
		"the show is not loaded yet": func(s *stage) { s.scene = nil },
	} {
		s := newStage()
		ail(s)
		status, body := open(t, s, "127.0.0.1:0").request(t, "GET", "/healthz", "", "")
		if body != want+"\n" || (status == 200) != (want == "ok") || status != 200 && status != 503 {
			t.Errorf("%d %q, want %q", status, body, want)
		}
	}
}

// TestMetrics: every counter that there is, each once, whatever it is called.
func TestMetrics(t *testing.T) {
	s := newStage()
	s.moment = Moment{Beat: Beat{Tempo: 120, Confidence: 0.5}, Held: true, Missing: []string{"x"}}
	s.house = House{
		Frames: 1000, Rate: 44, Late: Histogram{Bounds: []float64{0.001, 0.01}, Counts: []uint64{7, 2, 1}, Sum: 0.1},
		Drops:    []Drop{{Name: "events_lost", What: "events lost", N: 3}, {Name: "osc_Bad packets!", What: "bad", Of: "desk", N: 4}, {Name: "osc_bad_packets_", What: "worse", Of: "desk", N: 5}, {Name: SumOfRefusals, N: 9}},
		Devices:  []Device{{Name: "desk", Protocol: "osc", State: "there"}, {Name: "far\xff", State: "missing"}},
		Handlers: []Handler{{"show.lua:3", 5, 0.5, 0.2}, {"show.lua:3", 6, 1, 1}},
	}
	server := open(t, s, "127.0.0.1:0")
	server.refused.add(foreignHost)
	status, text := server.request(t, "GET", "/metrics", "", "")
	for _, want := range []string{
		"\nshowrun_frames_total 1000\n", "\nshowrun_frame_rate 44\n", "\nshowrun_tempo_bpm 120\n", "\nshowrun_held 1\n", "\nshowrun_missing 1\n",
		"\nshowrun_frame_late_seconds_bucket{le=\"0.001\"} 7\n", "\nshowrun_frame_late_seconds_bucket{le=\"0.01\"} 9\n", "\nshowrun_frame_late_seconds_count 10\n",
		"\nshowrun_events_lost_total{of=\"\"} 3\n", "\nshowrun_osc_bad_packets__total{of=\"desk\"} 4\n", "\nshowrun_console_foreign_host_total{of=\"\"} 1\n",
		"\nshowrun_device_there{device=\"desk\",protocol=\"osc\"} 1\n", "\nshowrun_device_there{device=\"far?\",protocol=\"\"} 0\n",
		"\nshowrun_handler_seconds_total{handler=\"show.lua:3\"} 0.5\n", "\ngo_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%d: no %s", status, want)
		}
	}
	if strings.Contains(text, "console_refused") {
		t.Error("refusals are told twice")
	}
	if problems, err := promlint.New(strings.NewReader(text)).Lint(); err != nil {
		t.Errorf("%v, %v", problems, err)
	}
}

// TestLinks: those that others reach, with tokens.
func TestLinks(t *testing.T) {
	s := newStage()
	here := open(t, s, "127.0.0.1:0")
	if links := here.Links(); len(links) != 1 || links[0] != (Link{Drive, here.Page()}) || !here.OnlyHere() {
		t.Errorf("%v", links)
	}
	everywhere := open(t, s, "0.0.0.0:0")
	links := everywhere.Links()
	if len(links) < 2 || everywhere.OnlyHere() || strings.Contains(everywhere.Page(), "token") {
		t.Errorf("%v", links)
	}
	for _, l := range links {
		token := map[Role]string{Drive: testTokens.Drive, Watch: testTokens.Watch}[l.Role]
		if token == "" || !strings.HasSuffix(l.URL, "/#token="+token) {
			t.Errorf("%v", l)
		}
		answer, err := http.Get(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%s: %d", l.URL, answer.StatusCode)
		}
	}
	interfaces, err := lan.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		for _, p := range i.Prefixes {
			if want := p.Addr().Is4() && p.Addr().IsGlobalUnicast() && i.Up(); want != slices.ContainsFunc(links, func(l Link) bool { return strings.Contains(l.URL, "//"+p.Addr().String()+":") }) && !p.Addr().IsLoopback() {
				t.Errorf("%v of %s: a link to it is to be there: %v", p, i.Name, want)
			}
		}
	}
}
