package consoletest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is one of a person that has just come: it shares nothing with the others.
type tab struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	origin   string // of the console
	sent     []sent
	faults   []string       // that the page has told its console, and policies it has broken
	excused  *regexp.Regexp // those that belong to a test; nil for none
	received int            // bytes of HTTP answers, as they went over the wire
}

// sent is a request the page has made.
type sent struct {
	method, url, kind string
}

// newTab opens an empty tab of 1440 by 900. At the end of the test it tells what the page
// has complained of, and which requests have left the origin.
func newTab(t *testing.T) *tab {
	t.Helper()
	withChromium(t)
	ctx, cancel := chromedp.NewContext(lab.browser, chromedp.WithNewBrowserContext())
	b := &tab{T: t, ctx: ctx}
	t.Cleanup(cancel)
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.must(chromedp.EmulateViewport(1440, 900))
	t.Cleanup(func() {
		for _, fault := range b.complaints() {
			t.Error(fault)
		}
	})
	return b
}

// hear notes what the browser tells of the page.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.sent = append(b.sent, sent{e.Request.Method, e.Request.URL, string(e.Type)})
	case *network.EventWebSocketCreated:
		b.sent = append(b.sent, sent{"GET", e.URL, "WebSocket"})
	case *network.EventLoadingFinished:
		b.received += int(e.EncodedDataLength)
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		b.faults = append(b.faults, fmt.Sprintf("exception: %s at %s:%d", text, d.URL, d.LineNumber+1))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.faults = append(b.faults, fmt.Sprintf("console.%s: %s", e.Type, arguments(e.Args)))
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var text []string
	for _, a := range args {
		text = append(text, string(a.Value)+a.Description)
	}
	return strings.Join(text, " ")
}

// excuse has complaints that match belong to the test.
func (b *tab) excuse(pattern string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.excused = regexp.MustCompile(pattern)
}

// complaints are what the page has told its console, policies it has broken, and requests
// that have left its origin.
func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := slices.Clone(b.faults)
	for _, s := range b.sent {
		u, err := url.Parse(s.url)
		if inside := u != nil && (u.Scheme == "data" || u.Scheme == "blob" || u.Host == b.origin); err != nil || !inside {
			found = append(found, "left the origin: "+s.method+" "+s.url)
		}
	}
	return slices.DeleteFunc(found, func(c string) bool { return b.excused != nil && b.excused.MatchString(c) })
}

// must performs actions.
func (b *tab) must(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// eval is what an expression of the page's script comes to.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.60s: %v", expression, err)
	}
	return v
}

// until waits until something is so. what says it for people.
func (b *tab) until(what string, is func() bool) {
	b.Helper()
	late := time.After(patience)
	for !is() {
		select {
		case <-time.After(30 * time.Millisecond):
		case <-late:
			b.keepPicture("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
			b.Fatalf("%s: not in %v. The page says: %s", what, patience, strings.Join(strings.Fields(b.text()), " "))
		}
	}
}

// open follows a link, as it is printed.
func (b *tab) open(link string) {
	b.Helper()
	u, err := url.Parse(link)
	if err != nil {
		b.Fatal(err)
	}
	b.mu.Lock()
	b.origin = u.Host
	b.mu.Unlock()
	b.must(chromedp.Navigate(link))
}

// text is all that can be read on the page.
func (b *tab) text() string {
	b.Helper()
	return eval[string](b, `document.body ? document.body.innerText : ""`)
}

// reads waits until the page shows a text.
func (b *tab) reads(pattern string) {
	b.Helper()
	re := regexp.MustCompile(pattern)
	b.until("the page reads "+pattern, func() bool { return re.MatchString(b.text()) })
}

// readsNot waits until the page does not show a text any more.
func (b *tab) readsNot(pattern string) {
	b.Helper()
	re := regexp.MustCompile(pattern)
	b.until("the page does not read "+pattern, func() bool { return !re.MatchString(b.text()) })
}

// phone makes the tab one of a telephone: 390 by 844, with fingers.
func (b *tab) phone() {
	b.Helper()
	b.must(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
}

// clipboardIsMine lets the page use the clipboard, as people are asked to once.
func (b *tab) clipboardIsMine() {
	b.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
			Origin: "http://" + b.origin, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// clipboard is the text that was copied last.
func (b *tab) clipboard() string {
	b.Helper()
	return eval[string](b, `navigator.clipboard.readText()`)
}

// press presses a key, or types.
func (b *tab) press(keys string) {
	b.Helper()
	b.must(chromedp.KeyEvent(keys))
}

// picture is what is seen of the page, as PNG.
func (b *tab) picture() *bytes.Reader {
	b.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	return bytes.NewReader(png)
}

// reload loads the page again.
func (b *tab) reload() {
	b.Helper()
	b.must(chromedp.Reload())
}

// visits is how often the page itself was asked for.
func (b *tab) visits() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.sent {
		if s.kind == string(network.ResourceTypeDocument) {
			n++
		}
	}
	return n
}

// settle waits until nothing moves on the page but what always does: two pictures, half a
// second after all it has asked for has come.
func (b *tab) settle() {
	b.Helper()
	eval[bool](b, `Promise.all([document.fonts.ready, new Promise((r) => setTimeout(r, 500))]).then(() => `+twoFrames+`)`)
}

// twoFrames is a promise that is kept when the page has been drawn anew.
const twoFrames = `new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))`
