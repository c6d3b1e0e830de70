package consoletest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHarness: what the tests look for on the console is found on a page that has it.
func TestHarness(t *testing.T) {
	withChromium(t)
	const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src *"
	const bad = `<!doctype html><meta name=viewport content="width=device-width"><title>bad</title><link rel=icon href="data:,">
<style>body { background: #111; color: #ddd; margin: 0 } .faint { color: #555 } .bar { background: #c8c8c8 } .bar span { position: relative }
.thin { opacity: .4 } .wide { width: 600px } .slope { background-image: linear-gradient(rgb(17, 17, 17), rgb(200, 200, 200)) }</style>
<p>good</p><p class=faint>faint</p><div class=bar><span>on a bar</span></div><p class=thin>thin</p><p class=slope>slope</p><p hidden class=faint>hidden</p>
<p class=wide>wide</p><svg width=80 height=20><rect width=80 height=20 fill="#eee" /><text y=15 fill="#ddd">drawn</text></svg>
<button aria-label="Go"></button><button></button><div role=button>Soft</div><button disabled class=faint>Off</button>
<script>alert(1)</script><script src="bad.js"></script><img src="http://127.0.0.2:9/away.png">`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, `console.error("sorry", 7); throw new Error("thrown")`)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = io.WriteString(w, bad)
	}))
	t.Cleanup(server.Close)
	b := newTab(t)
	b.excuse(`.`)
	b.phone()
	b.open(server.URL)
	b.reads("good")

	holds(t, b.faint(), `contrast 2.53: "faint" in #555555 on #111111`, `"on a bar"`, `"thin"`, `"slope"`, `"drawn"`)
	holds(t, b.unnamed(), `no name: button <button></button>`, `not for the keyboard: button "Soft"`)
	if wide := strings.Join(b.wider(), "\n"); !strings.Contains(wide, "class=\"wide\"") {
		t.Errorf("what is too wide is %s", wide)
	}
	b.excuse(`^$`)
	told := func() string { return strings.Join(b.complaints(), "\n") }
	for _, want := range []string{"Content Security Policy", `console.error: "sorry"`, "Error: thrown", "left the origin: GET http://127.0.0.2:9/away.png"} {
		b.until("the harness finds "+want, func() bool { return strings.Contains(told(), want) })
	}
	b.excuse(`.`)
	if c := b.find("button", "Go"); !b.seen(c) || c.disabled {
		t.Errorf("%v is not seen, or disabled: %v", c, c.disabled)
	}
	if c := b.find("button", "Off"); !c.disabled {
		t.Errorf("%v is not disabled", c)
	}
}

// holds checks that a list has a line for each of these, in order, and no other.
func holds(t *testing.T, list []string, want ...string) {
	t.Helper()
	if len(list) != len(want) {
		t.Errorf("found %d of %d:\n%s", len(list), len(want), strings.Join(list, "\n"))
		return
	}
	for i, line := range list {
		if !strings.Contains(line, want[i]) {
			t.Errorf("found %s, want %s", line, want[i])
		}
	}
}
