package consoletest

import (
	"strings"
	"testing"
)

// TestMarkup: whatever stands in a show is text on the page, never a part of it.
func TestMarkup(t *testing.T) {
	h := plays(t, "markup")
	b := newTab(t)
	b.open(h.link)
	for _, text := range []string{"<script>alert(2)</script>", "<u>param", "<s>one</s>", "<em>trigger"} {
		b.until("the page shows "+text, func() bool { return strings.Contains(b.text(), text) })
	}
	b.click(`<em>trigger`)
	for page, text := range map[string]string{"log": "<a href=javascript:alert(3)>log</a>", "stage": "<i>group</i>", "now": "<svg onload=alert(4)>"} {
		b.turn(page)
		b.until(page+" shows "+text, func() bool { return strings.Contains(b.text(), text) })
	}
	if n := eval[int](b, `document.querySelectorAll("#app img, #app script, #app u, #app s, #app a[href^=javascript]").length`); n > 0 {
		t.Errorf("%d elements are of the show", n)
	}
}

// TestLittleShow: every page has something to say of a show that has next to nothing.
func TestLittleShow(t *testing.T) {
	h := plays(t, "empty")
	b := newTab(t)
	b.open(h.link)
	for _, page := range pages {
		b.turn(page)
		b.settle()
		b.fine("desktop-dark-little-" + page)
	}
}
