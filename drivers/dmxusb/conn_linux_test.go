package dmxusb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/dmxusb"
	"showrun/drivers/dmxusb/widget"
	"showrun/drivers/dmxusb/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what comes at once.
const patience = 20 * time.Second

// plugged is a widget at a pseudo terminal.
type plugged struct {
	*widget.Conn
	port  string
	shown chan []byte
	stop  func()
}

// plug plugs a widget in until the test ends or its stop is called.
func plug(t *testing.T, number wire.Serial) *plugged {
	t.Helper()
	line, err := widget.OpenTerminal()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	p := &plugged{port: line.Name, shown: make(chan []byte, 1000)}
	p.Conn = widget.Open(widget.Config{Serial: number, OnLevels: func(levels []byte) {
		select {
		case p.shown <- bytes.Clone(levels):
		default:
		}
	}}, line)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	p.stop = func() { cancel(); running.Wait() }
	t.Cleanup(p.stop)
	return p
}

// shows waits until a widget shows a level in its first slot.
func (p *plugged) shows(t *testing.T, level byte) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case levels := <-p.shown:
			if len(levels) > 0 && levels[0] == level {
				return
			}
		case <-late:
			t.Fatalf("the widget does not show %d", level)
		}
	}
}

// link runs a Link until the test ends, or the function it returns is called.
func link(t *testing.T, cfg dmxusb.LinkConfig) (*dmxusb.Link, func()) {
	t.Helper()
	l, err := dmxusb.NewLink(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop := func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return l, stop
}

// TestWidgetAtAPortShowsLevels and those set last before the end.
func TestWidgetAtAPortShowsLevels(t *testing.T) {
	w := plug(t, serial)
	l, stop := link(t, dmxusb.LinkConfig{Port: w.port})
	l.SetLevels([]byte{9})
	w.shows(t, 9)
	for l.Online() == nil {
		l.SetLevels([]byte{9})
		w.shows(t, 9)
	}
	if o := l.Online(); o.Serial != "00012345" || o.Port != w.port {
		t.Errorf("it is %+v", o)
	}
	l.SetLevels([]byte{10})
	l.SetLevels([]byte{11})
	stop()
	w.shows(t, 11)
	if l.Stats().Sent == 0 || l.Online() != nil {
		t.Errorf("after the end: %+v, online %v", l.Stats(), l.Online())
	}
}

// TestWidgetComesAgainAfterUnplugging at the same name, and gets the newest levels.
func TestWidgetComesAgainAfterUnplugging(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ttyUSB0")
	var log logLines
	l, _ := link(t, dmxusb.LinkConfig{Port: name, Log: slog.New(slog.NewTextHandler(&log, nil))})
	log.wait(t, "there is no port "+name)
	for _, level := range []byte{1, 2} {
		l.SetLevels([]byte{level})
		w := plug(t, serial)
		if err := os.Symlink(w.port, name); err != nil {
			t.Fatal(err)
		}
		w.shows(t, level)
		log.wait(t, "the widget is there")
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		w.stop()
		log.wait(t, "the widget is not there")
	}
}

// TestPortThatTalksNonsense has something at the port that sends noise, frames that are cut off and
// frames that lie about their length, and is pulled out while it is written to. The widget that
// comes then is found.
func TestPortThatTalksNonsense(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ttyUSB0")
	line, err := widget.OpenTerminal()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	if err := os.Symlink(line.Name, name); err != nil {
		t.Fatal(err)
	}
	var log logLines
	l, _ := link(t, dmxusb.LinkConfig{Port: name, Log: slog.New(slog.NewTextHandler(&log, nil))})
	random := rand.New(rand.NewPCG(1, 2))
	var talking sync.WaitGroup
	talking.Go(func() { // and reads nothing, so that writing stops in the middle of a frame
		for range 300 {
			b := make([]byte, 1+random.IntN(700))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			switch random.IntN(3) {
			case 0:
				b = append(b, 0x7e, 10, 4, 0, 1) // a number that ends
			case 1:
				b = append(b, 0x7e, 5, 0xff, 0xff) // levels that are longer than any
			}
			line.Write(b)
		}
	})
	for i := range 200 {
		l.SetLevels(bytes.Repeat([]byte{byte(i)}, 512))
	}
	talking.Wait()
	line.Close()
	log.wait(t, "it is looked for")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	w := plug(t, serial)
	if err := os.Symlink(w.port, name); err != nil {
		t.Fatal(err)
	}
	l.SetLevels([]byte{42})
	w.shows(t, 42)
	if s := l.Stats(); s.Skipped+s.Bad == 0 {
		t.Errorf("the nonsense is not counted: %+v", s)
	}
}

// TestInputOfAPort is heard.
func TestInputOfAPort(t *testing.T) {
	w := plug(t, serial)
	heard := make(chan byte, 1000)
	l, _ := link(t, dmxusb.LinkConfig{Port: w.port, Config: dmxusb.Config{Input: true, OnLevels: func(levels []byte, _ time.Time) {
		if len(levels) > 0 {
			heard <- levels[0]
		}
	}}})
	late, tick := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case level := <-heard:
			if level != 77 || l.Online() == nil {
				t.Errorf("heard %d from %v", level, l.Online())
			}
			return
		case <-tick.C:
			w.Input([]byte{77})
		case <-late:
			t.Fatal("nothing was heard")
		}
	}
}

// shelf is ports of a test.
type shelf struct {
	ports  []dmxusb.Port
	opened logLines
}

func (s *shelf) List() ([]dmxusb.Port, error) { return s.ports, nil }

func (s *shelf) Open(name string) (io.ReadWriteCloser, error) {
	_, _ = s.opened.Write([]byte(name + "\n"))
	if !strings.HasPrefix(name, "/dev/pts") {
		return nil, errors.New("it must not be opened")
	}
	return dmxusb.SystemPorts{}.Open(name)
}

// TestWidgetIsFoundByItsNumber on its case or of its USB device, and nothing is written to
// other ports than those of widgets.
func TestWidgetIsFoundByItsNumber(t *testing.T) {
	other, w := plug(t, wire.Serial{1}), plug(t, serial)
	silent, err := widget.OpenTerminal()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for i, x := range []struct{ text, want string }{
		{"12345", silent.Name + " " + other.port + " " + w.port},
		{"en077777", w.port},
		{"", silent.Name + " " + other.port},
	} {
		text, want := x.text, x.want
		s := &shelf{ports: []dmxusb.Port{
			{Name: "crane"}, {Name: silent.Name, FTDI: true}, {Name: other.port, FTDI: true}, {Name: w.port, FTDI: true, Serial: "EN077777"},
		}}
		l, stop := link(t, dmxusb.LinkConfig{Port: text, Ports: s})
		level := byte(5 + i) // the widget may still tell of the one before
		l.SetLevels([]byte{level})
		if text == "" {
			other.shows(t, level)
		} else {
			w.shows(t, level)
		}
		stop()
		if got := strings.Join(strings.Fields(s.opened.String()), " "); got != want {
			t.Errorf("%q: opened %s, want %s", text, got, want)
		}
		if len(other.shown) > 0 && text != "" {
			t.Errorf("%q: another widget shows it", text)
		}
	}
}

// TestAPortThatIsTakenDoesNotHideTheNext: a widget that another program has, or another Link of
// ours, is passed over, and that is told if the one looked for is not there.
func TestAPortThatIsTakenDoesNotHideTheNext(t *testing.T) {
	other, w := plug(t, wire.Serial{1}), plug(t, serial)
	for i, text := range []string{"12345", ""} {
		s := &shelf{ports: []dmxusb.Port{{Name: "taken", FTDI: true}, {Name: w.port, FTDI: true}}}
		l, stop := link(t, dmxusb.LinkConfig{Port: text, Ports: s})
		l.SetLevels([]byte{byte(20 + i)})
		w.shows(t, byte(20+i))
		stop()
	}
	var log logLines
	s := &shelf{ports: []dmxusb.Port{{Name: "taken", FTDI: true}, {Name: other.port, FTDI: true}}}
	link(t, dmxusb.LinkConfig{Port: "12345", Ports: s, Log: slog.New(slog.NewTextHandler(&log, nil))})
	log.wait(t, "it must not be opened")
}

// TestHungPortDoesNotHoldTheEnd of a Link: the other side takes nothing.
func TestHungPortDoesNotHoldTheEnd(t *testing.T) {
	silent, err := widget.OpenTerminal()
	if err != nil {
		t.Skip(err)
	}
	defer silent.Close()
	l, stop := link(t, dmxusb.LinkConfig{Port: silent.Name})
	for i, tick := 0, time.NewTicker(30*time.Millisecond); i < 20; i++ {
		l.SetLevels(bytes.Repeat([]byte{byte(i)}, 512))
		<-tick.C
	}
	stop()
}

// logLines is what was written, line by line.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
	seen int
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(b)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits for a text after the one waited for last.
func (l *logLines) wait(t *testing.T, want string) {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		rest := l.text.String()[l.seen:]
		if i := strings.Index(rest, want); i >= 0 {
			l.seen += i + len(want)
			l.mu.Unlock()
			return
		}
		l.more = make(chan struct{})
		more := l.more
		l.mu.Unlock()
		select {
		case <-more:
		case <-late:
			t.Fatalf("the log does not say %q:\n%s", want, rest)
		}
	}
}
