package console

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// guestKey is the key of the connection in the context of a request.
type guestKey struct{}

// A visit is a request that has passed the gate.
type visit struct {
	*http.Request
	guest *guest
	role  Role
}

// by says who asks, for the log.
func (v *visit) by() string { return "the console at " + v.guest.address.String() }

// Limits of requests.
const (
	headerTime  = 5 * time.Second  // that a request may take to come
	requestTime = 10 * time.Second // with its body, and to take the answer
	idleTime    = time.Minute      // between two
	maxHeader   = 8 << 10          // bytes
	maxBody     = 64 << 10
	maxPath     = 256

	requestRate  = 100 // requests a second of one address
	requestBurst = 1000
	wrongRate    = 0.2 // wrong tokens a second of one address that are answered as such
	wrongBurst   = 10
)

// policy is what the page may do in a browser: load what is of this server, and nothing
// that stands in the page itself. Some browsers do not count a WebSocket as 'self'.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; " +
	"connect-src 'self' ws://HOST; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// headers are those of every answer.
var headers = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
}

// ServeHTTP checks what comes before anything is done for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g, ok := r.Context().Value(guestKey{}).(*guest)
	if !ok {
		http.Error(w, "not by this way", http.StatusInternalServerError)
		return
	}
	s.visits.Add(1)
	defer s.visits.Done()
	defer s.survive()
	g.unread.Store(false)
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	if localAddress(r).IsLoopback() {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin") // elsewhere browsers warn of it: it needs TLS
	}
	switch {
	case !s.isMine(r):
		s.refuse(w, foreignHost, http.StatusMisdirectedRequest, "this machine is not called "+clip(r.Host))
		return
	case !sameOrigin(r):
		s.refuse(w, foreignOrigin, http.StatusForbidden, "pages of others may not ask for this")
		return
	}
	w.Header().Set("Content-Security-Policy", strings.ReplaceAll(policy, "HOST", r.Host))
	p := r.URL.Path
	switch {
	case len(p) > maxPath || p != path.Clean(p) || strings.ContainsAny(p, "\\\x00"):
		s.refuse(w, notFound, http.StatusNotFound, "there is nothing of this name")
		return
	case p != stopPath && !s.requests.allow(g.from, time.Now()):
		w.Header().Set("Retry-After", "1")
		s.refuse(w, tooManyRequests, http.StatusTooManyRequests, "too many requests")
		return
	}
	v := &visit{Request: r, guest: g, role: s.roleOf(r, g)}
	if v.role != Nobody {
		g.hall.rise(g, known)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.route(w, v)
}

// stopPath is that of the emergency stop, which is never one request too many.
const stopPath = "/api/stop"

// refuse counts and answers in one.
func (s *Server) refuse(w http.ResponseWriter, why refusal, status int, text string) {
	s.refused.add(why)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// clip makes a text of others fit to be repeated.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), 64)]
}

// isMine tells whether a request is for a name of this machine. A page of others can
// have its own name resolved to any address; then that name stands in the request.
func (s *Server) isMine(r *http.Request) bool {
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"), "."))
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap().WithZone("") == localAddress(r) || a.IsLoopback() && localAddress(r).IsLoopback()
	}
	return slices.Contains(s.names, name)
}

// ownNames are the names of this machine.
func ownNames() []string {
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "" {
		host = strings.ToLower(host)
		short, _, _ := strings.Cut(host, ".")
		names = append(names, host, short, short+".local")
	}
	return names
}

// localAddress is the one that was connected to.
func localAddress(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if p, err := netip.ParseAddrPort(a.String()); err == nil {
			return p.Addr().Unmap().WithZone("")
		}
	}
	return netip.Addr{}
}

// sameOrigin tells whether a request is of our page, of the address bar, or of no browser.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		scheme, host, _ := strings.Cut(origin, "://")
		return (scheme == "http" || scheme == "https") && strings.EqualFold(host, r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" // a link to us
}

// bearer is what a token comes after in a header.
const bearer = "Bearer "

// shownToken is the token that a request shows, "" for none.
func shownToken(r *http.Request) string {
	if h := r.Header.Get("Authorization"); len(h) > len(bearer) && strings.EqualFold(h[:len(bearer)], bearer) {
		return strings.TrimSpace(h[len(bearer):])
	}
	return ""
}

// roleOf is what who asks may do. Without a token everybody on this machine may drive, if
// nobody else could ask; but not who asks for others.
func (s *Server) roleOf(r *http.Request, g *guest) Role {
	if shown := shownToken(r); shown != "" {
		return s.tokens.role(shown)
	}
	if c, err := r.Cookie(s.cookie); err == nil {
		if role := s.tokens.role(c.Value); role != Nobody {
			return role
		}
	}
	if s.loopback && g.address.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" {
		return Drive
	}
	return Nobody
}

// enter has the connection of a request in its context.
func enter(ctx context.Context, c net.Conn) context.Context {
	if g, ok := c.(*guest); ok {
		ctx = context.WithValue(ctx, guestKey{}, g)
	}
	return ctx
}
