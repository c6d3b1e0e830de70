package signet_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet"
)

// logText is a log that may be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{}
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
	return l.text.Write(b)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestDuplicateTUID: two Senders with one TUID notice each other.
func TestDuplicateTUID(t *testing.T) {
	log := &logText{news: make(chan struct{}, 1)}
	for range 2 {
		s, err := signet.OpenSender(signet.SenderConfig{
			TUID: legit, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: testPort(3),
			Log: slog.New(slog.NewTextHandler(log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer run(t, s.Run)()
	}
	for timeout := time.After(10 * time.Second); !strings.Contains(log.String(), "another device uses our sig-net TUID"); {
		select {
		case <-log.news:
		case <-timeout:
			t.Fatal("not noticed")
		}
	}
}
