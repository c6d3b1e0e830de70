package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"showrun/drivers/lan"
)

// Path is where a gateway is asked for a connection; Port is its usual port.
const (
	Path = "/stagenet"
	Port = 4000
)

// dialTimeout is for the whole handshake.
const dialTimeout = 3 * time.Second

// ErrURL says that a text is not the URL of a gateway.
var ErrURL = errors.New("not the URL of a gateway")

// CheckURL completes the URL of a gateway: port 4000 and path /stagenet are
// understood.
func CheckURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "ws" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%w: %q, want ws://host:port%s", ErrURL, raw, Path)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), fmt.Sprint(Port))
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = Path
	}
	return u.String(), nil
}

// DialFunc opens the stream of a connection.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Dial connects to a gateway. No proxy is used and nothing is compressed.
func Dial(ctx context.Context, url string, dial DialFunc) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var stream *bufferConn
	dialer := websocket.Dialer{
		HandshakeTimeout: dialTimeout,
		WriteBufferSize:  bufferSize,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			stream = &bufferConn{Conn: c, shaking: true}
			return stream, nil
		},
	}
	ws, response, err := dialer.DialContext(ctx, url, nil)
	if errors.Is(err, websocket.ErrBadHandshake) && response != nil {
		return nil, fmt.Errorf("dial %s: the server answers %s, not with a WebSocket", url, response.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	return newConn(ws, stream), nil
}

// Listener wraps the connections of a server that Accept is called in.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !lan.Stranger(c) {
			return &bufferConn{Conn: c}, nil
		}
		c.Close()
	}
}

// Accept answers a request for a connection. On failure the request has been
// answered.
func Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: dialTimeout, WriteBufferSize: bufferSize, CheckOrigin: sameOrigin,
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	stream, ok := ws.NetConn().(*bufferConn)
	if !ok {
		ws.Close()
		return nil, errors.New("stagenet: the server does not listen through link.Listener")
	}
	return newConn(ws, stream), nil
}

// sameOrigin keeps web pages out: one that was not served by this host, and one
// whose name was made to point here. Devices send no Origin.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(u.Host, r.Host) {
		return false
	}
	host := strings.ToLower(u.Hostname())
	_, err = netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".local")
}
