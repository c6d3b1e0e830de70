package universe

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"showrun/runtime/device"
)

// TestSendingAgain: a cable that is pulled is logged once, and that it is back; the
// next time likewise.
func TestSendingAgain(t *testing.T) {
	var log strings.Builder
	now := time.Duration(0)
	s := NewSender(Config{Protocol: "signet", Env: device.Env{
		Now: func() time.Duration { return now },
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
	}})
	frames := func(n, sent int, err error) {
		for range n {
			now += 25 * time.Millisecond
			s.failing(sent, err)
		}
	}
	pulled := errors.New("network is unreachable")
	for range 2 {
		frames(80, 1, nil)
		frames(80, 0, pulled)
		frames(1, 1, nil) // and once more: no word of it
		frames(80, 0, pulled)
		frames(80, 0, nil) // nothing was due
		frames(80, 0, net.ErrClosed)
		frames(80, 1, nil)
	}
	want := strings.Repeat("level=ERROR msg=\"signet: not sent\" error=\"network is unreachable\"\nlevel=INFO msg=\"signet: sending again\"\n", 2)
	if log.String() != want {
		t.Errorf("logged\n%s", log.String())
	}
}
