package consoletest

import (
	"strings"
	"testing"
)

// TestToken: beyond loopback the console lets nobody in without a token; it takes one from
// the link, which then stands neither in the address nor where scripts can read it, and
// one that is typed.
func TestToken(t *testing.T) {
	h := plays(t, "desk", "--console", "0.0.0.0:0")
	drive := h.links()["drive"]
	h.token = tokenOf(drive)
	if h.token == "" {
		t.Fatalf("showrun ctl console says %s", h.ctl("console"))
	}
	for _, path := range []string{"/api/status", "/api/board", "/api/log", "/live", "/metrics"} {
		for _, token := range []string{"", h.token + "x"} {
			if code := h.ask("GET", path, token, "", nil); code != 401 && code != 403 {
				t.Errorf("GET %s with token %q: %d", path, token, code)
			}
		}
	}

	stranger := newTab(t)
	stranger.excuse(`401|403|WebSocket connection to .* failed`)
	stranger.open("http://" + h.addr + "/")
	stranger.reads(`(?i)asks for a token`)
	if len(stranger.look("button", `GO.*|Emergency stop.*`)) > 0 {
		t.Error("a stranger has controls")
	}
	stranger.clickOn("textbox", "Token")
	stranger.press("wrong\r")
	stranger.reads(`(?i)did not take this token`)
	stranger.reload()
	stranger.clickOn("textbox", "Token")
	stranger.press(h.token + "\r")
	stranger.click(`GO, cue 1`)
	h.at(stranger, "1")

	guest := newTab(t)
	guest.open(drive)
	guest.click(`GO, cue 2`)
	h.at(guest, "2")
	if at := eval[string](guest, `location.href + " " + document.cookie + " " + JSON.stringify(localStorage)`); strings.Contains(at, h.token) {
		t.Errorf("the token can be read: %s", at)
	}
	guest.reload()
	guest.find("button", `GO, cue 3`)

	liar := newTab(t)
	liar.excuse(`401|403|WebSocket connection to .* failed`)
	liar.open("http://" + h.addr + "/#token=nonsense")
	liar.reads(`(?i)did not take this token`)
}

// TestWatch: who only watches sees everything, has no control that works, and is refused
// by the server whatever the page would send.
func TestWatch(t *testing.T) {
	h := plays(t, "desk", "--console", "0.0.0.0:0")
	links := h.links()
	h.token = tokenOf(links["drive"])
	watch := tokenOf(links["watch"])
	b := newTab(t)
	b.excuse(`403`)
	b.open(links["watch"])
	b.reads(`(?i)watch only`)
	b.reads(`no cue yet`)
	for _, page := range pages {
		b.turn(page)
		for _, c := range b.look("button|slider|switch|radio|textbox", `GO.*|Emergency stop.*|Back|Stop list|level|haze|calm|wild|motto|bump|Grand master|.*Blackout|Release.*`) {
			if !c.disabled {
				t.Errorf("%s: %v works", page, c)
			}
		}
	}
	for _, verb := range []string{"go", "stop", "release", "master", "blackout", "param", "reload", "end", "hold"} {
		if code := h.ask("POST", "/api/"+verb, watch, `{"words":["1"]}`, nil); code != 403 {
			t.Errorf("POST /api/%s: %d", verb, code)
		}
	}
	// What the page could send over its own line.
	reply := eval[string](b, `new Promise((resolve) => {
		const live = new WebSocket("ws://" + location.host + "/live")
		live.onopen = () => live.send(JSON.stringify({ id: 1, do: ["go"] }))
		live.onmessage = (e) => { if (typeof e.data === "string" && JSON.parse(e.data).reply) resolve(e.data) }
		live.onclose = () => resolve("closed")
	})`)
	if strings.Contains(reply, `"ok":true`) {
		t.Errorf("who watches may drive: %s", reply)
	}
	if now := h.board(); now.Lists[0].Current != "" {
		t.Errorf("the show has gone to %s", now.Lists[0].Current)
	}
	h.ctl("go")
	b.turn("now")
	b.reads(`Red`)
	b.findSo("button", `GO.*`, "disabled", func(c control) bool { return c.disabled })
}
