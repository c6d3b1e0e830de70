package console

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ask sends a request as it is written, with HOST for where the server is, and returns the
// status and the body of the answer; 0 if there is none.
func ask(t *testing.T, s *Server, request string) (status int, body string) {
	t.Helper()
	c, err := net.Dial("tcp", s.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	request = strings.ReplaceAll(strings.ReplaceAll(request, "HOST", s.Address().String()), "\n", "\r\n")
	go io.WriteString(c, request)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, ""
	}
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// post is a request to go.
func post(headers, body string) string {
	return fmt.Sprintf("POST /api/go HTTP/1.1\nHost: HOST\nContent-Type: application/json\nContent-Length: %d\n%s\n%s", len(body), headers, body)
}

// TestHostileRequests are refused and counted, and have the show do nothing.
func TestHostileRequests(t *testing.T) {
	host, _ := os.Hostname()
	const get = "GET /api/status HTTP/1.1\nHost: HOST\n"
	live := "GET /live HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"
	for name, c := range map[string]struct {
		request string
		status  int
		counted refusal // reasons for none
	}{
		"a page":                    {"GET / HTTP/1.1\nHost: HOST\n\n", 200, reasons},
		"our own name":              {"GET /api/status HTTP/1.1\nHost: " + host + ":7780\n\n", 200, reasons},
		"localhost":                 {"GET /api/status HTTP/1.1\nHost: LocalHost\n\n", 200, reasons},
		"another loopback address":  {"GET /api/status HTTP/1.1\nHost: [::1]:80\n\n", 200, reasons},
		"a rebound name":            {"GET /api/status HTTP/1.1\nHost: rebind.example\n\n", 421, foreignHost},
		"a rebound name for a page": {"GET / HTTP/1.1\nHost: rebind.example:7780\n\n", 421, foreignHost},
		"a name like ours":          {"GET / HTTP/1.1\nHost: localhost.rebind.example\n\n", 421, foreignHost},
		"an address in a name":      {"GET / HTTP/1.1\nHost: 127.0.0.1.rebind.example\n\n", 421, foreignHost},
		"an address not ours":       {"GET / HTTP/1.1\nHost: 192.0.2.77\n\n", 421, foreignHost},
		"all addresses":             {"GET / HTTP/1.1\nHost: 0.0.0.0\n\n", 421, foreignHost},
		"an address as a number":    {"GET / HTTP/1.1\nHost: 2130706433\n\n", 421, foreignHost},
		"no name":                   {"GET / HTTP/1.1\nHost:\n\n", 421, foreignHost},
		"an absolute address":       {"GET http://rebind.example/ HTTP/1.1\nHost: HOST\n\n", 421, foreignHost},
		"our page":                  {post("Origin: http://HOST\n", `{"words":[]}`), 200, reasons},
		"no browser":                {post("", `{"words":["main"]}`), 200, reasons},
		"a page of another":         {post("Origin: http://evil.example\n", `{}`), 403, foreignOrigin},
		"a page of our other port":  {post("Origin: http://127.0.0.1:1\n", `{}`), 403, foreignOrigin},
		"a page in a frame":         {post("Origin: null\n", `{}`), 403, foreignOrigin},
		"a page like ours":          {post("Origin: http://HOST.evil.example\n", `{}`), 403, foreignOrigin},
		"a file":                    {post("Origin: file://\n", `{}`), 403, foreignOrigin},
		"a socket of another page":  {live + "Origin: http://evil.example\n\n", 403, foreignOrigin},
		"a picture of another page": {get + "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\n\n", 403, foreignOrigin},
		"a picture of a neighbour":  {get + "Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors\n\n", 403, foreignOrigin},
		"a link of another page":    {"GET / HTTP/1.1\nHost: HOST\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\n\n", 200, reasons},
		"a form of another page":    {post("Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\n", `{}`), 403, foreignOrigin},
		"a form":                    {strings.Replace(post("", `{"words":[]}`), "application/json", "text/plain", 1), 415, notUnderstood},
		"up":                        {"GET /../token.go HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"up, in code":               {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"up, in code as a whole":    {"GET /..%2f..%2fetc%2fpasswd HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"up, the other way":         {"GET /..\\..\\etc\\passwd HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"up, and down again":        {"GET /api/../index.html HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"twice a slash":             {"GET //evil.example/ HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"a zero":                    {"GET /index.html%00.png HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"a folder":                  {"GET /vendor HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"the source":                {"GET /page.go HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"a long path":               {"GET /" + strings.Repeat("a", 1000) + " HTTP/1.1\nHost: HOST\n\n", 404, notFound},
		"a command as a link":       {"GET /api/go HTTP/1.1\nHost: HOST\n\n", 405, wrongMethod},
		"a stop as a link":          {"GET /api/stop HTTP/1.1\nHost: HOST\n\n", 405, wrongMethod},
		"a page written":            {"PUT / HTTP/1.1\nHost: HOST\nContent-Length: 0\n\n", 405, wrongMethod},
		"a trace":                   {"TRACE / HTTP/1.1\nHost: HOST\n\n", 405, wrongMethod},
		"a way through":             {"CONNECT evil.example:80 HTTP/1.1\nHost: HOST\n\n", 421, foreignHost},
		"a command there is not":    {"POST /api/fly HTTP/1.1\nHost: HOST\nContent-Length: 0\n\n", 404, notFound},
		"a large body":              {post("", `{"words":["`+strings.Repeat("a", maxBody)+`"]}`), 413, tooLarge},
		"a body without end":        {"POST /api/go HTTP/1.1\nHost: HOST\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n" + strings.Repeat("4000\n"+strings.Repeat(" ", 0x4000)+"\n", 5), 413, tooLarge},
		"deep JSON":                 {post("", `{"words":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`), 400, notUnderstood},
		"half deep JSON":            {post("", strings.Repeat(`{"words":[`, 3000)), 400, notUnderstood},
		"no JSON":                   {post("", `words`), 400, notUnderstood},
		"words that are none":       {post("", `{"words":[1]}`), 400, notUnderstood},
		"other members":             {post("", `{"words":[],"__proto__":{}}`), 400, notUnderstood},
		"two bodies":                {post("", `{}{}`), 400, notUnderstood},
		"no WebSocket":              {"GET /live HTTP/1.1\nHost: HOST\n\n", 400, notUnderstood},
		"large headers":             {"GET / HTTP/1.1\nHost: HOST\nX: " + strings.Repeat("a", 20000) + "\n\n", 431, brokenRequest},
		"rubbish":                   {"\x16\x03\x01\x02\x00\x01\n\n", 400, brokenRequest},
		"two lengths":               {"POST /api/go HTTP/1.1\nHost: HOST\nContent-Length: 2\nContent-Length: 3\n\n{}", 400, brokenRequest},
		"two names":                 {"GET / HTTP/1.1\nHost: HOST\nHost: rebind.example\n\n", 400, brokenRequest},
		"for another":               {get + "X-Forwarded-For: 198.51.100.7\n\n", 401, noToken},
		"a wrong token":             {get + "Authorization: Bearer x\n\n", 401, wrongToken},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			server := open(t, s, "127.0.0.1:0")
			status, body := ask(t, server, c.request)
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, body)
			}
			for why := range reasons {
				want := uint64(0)
				if why == c.counted {
					want = 1
				}
				awaitCount(t, &server.refused, why, want)
			}
			if did := s.did(); c.status != 200 && len(did) > 0 {
				t.Errorf("%q was done", did)
			}
		})
	}
}

// awaitCount waits until something was refused so often: a connection is counted when it
// has ended.
func awaitCount(t *testing.T, r *refusals, why refusal, want uint64) {
	t.Helper()
	late := time.After(20 * time.Second)
	for r[why].Load() < want {
		select {
		case <-late:
			t.Fatalf("%s: %d, want %d", tellings[why].Name, r[why].Load(), want)
		case <-time.After(time.Millisecond):
		}
	}
	if got := r[why].Load(); got != want {
		t.Errorf("%s: %d, want %d", tellings[why].Name, got, want)
	}
}

// TestHeaders: a browser is told to load nothing that is not of the console.
func TestHeaders(t *testing.T) {
	server := open(t, newStage(), "127.0.0.1:0")
	for _, path := range []string{"/", "/api", "/api/status", "/nothing"} {
		answer, err := http.Get("http://" + server.Address().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		for name, want := range headers {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		p := answer.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(p, "default-src 'none'; script-src 'self'; style-src 'self'; ") || strings.Contains(p, "unsafe") || strings.Contains(p, "*") {
			t.Errorf("%s: %s", path, p)
		}
	}
}

// TestTenThousandConnections come and say nothing: some are let in, who comes later has a
// place all the same, and a page that is looked at keeps its own.
func TestTenThousandConnections(t *testing.T) {
	const many = 10_000
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	page := dial(t, server, nil)
	page.await("moment")
	var crowd sync.WaitGroup
	defer crowd.Wait()
	var open atomic.Int64
	left, leave := context.WithCancel(context.Background())
	defer leave()
	for range 20 {
		crowd.Go(func() {
			for range many / 20 {
				c, err := net.Dial("tcp", server.Address().String())
				if err != nil {
					t.Error(err)
					break
				}
				open.Add(1)
				context.AfterFunc(left, func() { c.Close() })
				crowd.Go(func() {
					io.Copy(io.Discard, c) // stays as long as it may
					c.Close()
				})
			}
		})
	}
	late := time.After(60 * time.Second)
	for open.Load() < many && !t.Failed() {
		select {
		case <-late:
			t.Fatalf("%d connections were made", open.Load())
		default:
		}
		if n := server.hall.count(); n > maxConnectionsFrom {
			t.Fatalf("%d connections are open", n)
		}
		page.await("moment")
	}
	if status, body := ask(t, server, post("", `{"words":["after"]}`)); status != 200 {
		t.Errorf("a command: %d %s", status, body)
	}
	page.say(`{"id":1,"do":["stop"]}`)
	page.await("reply")
	if did := s.did(); len(did) != 2 || did[1] != "STOP" {
		t.Errorf("%q was done", did)
	}
	if n := server.refused[tooManyConnections].Load(); n < many-2*maxConnectionsFrom {
		t.Errorf("%d connections were counted", n)
	}
}

// TestSlowLoris: requests that come letter by letter end, and are counted.
func TestSlowLoris(t *testing.T) {
	t.Parallel()
	server := open(t, newStage(), "127.0.0.1:0")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			c, err := net.Dial("tcp", server.Address().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+server.Address().String()+"\r\n")
			if i%2 == 1 {
				io.WriteString(c, "Content-Length: 1000\r\n\r\n")
			}
			over := make(chan struct{})
			go func() { defer close(over); io.Copy(io.Discard, c) }()
			letter := time.NewTicker(100 * time.Millisecond)
			defer letter.Stop()
			late := time.After(2 * requestTime)
			for {
				select {
				case <-over:
					return
				case <-late:
					t.Error("a connection is still open")
					return
				case <-letter.C:
					io.WriteString(c, "a")
				}
			}
		})
	}
	all.Wait()
	awaitCount(t, &server.refused, brokenRequest, 10)
}
