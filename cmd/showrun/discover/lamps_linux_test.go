package discover

import (
	"context"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/drivers/dmxusb/widget"
	dmxwire "showrun/drivers/dmxusb/wire"
	"showrun/drivers/midi"
	"showrun/drivers/sacn"
)

// TestSACN finds a source by what it tells of itself.
func TestSACN(t *testing.T) {
	const port = 15741
	l := look(t, Options{SACN: true, SACNPort: port})
	s, err := sacn.OpenSender(sacn.Config{CID: sacn.CID{1}, Name: "desk", Interface: "lo", Port: port, Priority: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 3, 9} {
		if err := s.Join(n, sacn.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
		s.SetLevels(n, false, []byte{1})
	}
	inBackground(t, s.Run)
	l.sees("sACN: desk")
	contains(t, l.text(), "sACN: 1 device (listening)", "desk", "1-3,9", "01000000-")
}

// TestMIDI finds a session on the network and a port of this computer.
func TestMIDI(t *testing.T) {
	l := look(t, Options{MIDI: true, Root: fstest.MapFS{
		"proc/asound/card1/midi0": {Data: []byte("APC mini\n")}, "proc/asound/card1/id": {Data: []byte("mini\n")},
	}})
	desk, err := midi.Open(midi.Config{Name: "Desk of discover", Interface: "lo", Host: true})
	if err != nil {
		t.Fatal(err)
	}
	inBackground(t, desk.Run)
	at := desk.Addr().String()
	l.sees("MIDI: port APC mini")
	l.sees("MIDI: Desk of discover", at)
	contains(t, l.text(), "MIDI: ", "  port     APC mini", "/dev/snd/midiC1D0", "  session  Desk of discover", at)
	d := l.s.Sections(time.Now())[0].Document.(midiDocument)
	i := slices.IndexFunc(d.Sessions, func(s midiSession) bool { return s.Address == at })
	if i < 0 || !reflect.DeepEqual(d.Ports, []midiPort{{"APC mini", "mini", "/dev/snd/midiC1D0"}}) {
		t.Errorf("%+v", d)
	}
}

// shelf is ports of a test.
type shelf []dmxusb.Port

func (s shelf) List() ([]dmxusb.Port, error)               { return s, nil }
func (shelf) Open(name string) (io.ReadWriteCloser, error) { return dmxusb.SystemPorts{}.Open(name) }

// TestSerialPorts asks widgets which they are, and nobody else.
func TestSerialPorts(t *testing.T) {
	line, err := widget.OpenTerminal()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	w := widget.Open(widget.Config{Serial: dmxwire.Serial{0x45, 0x23, 0x01}}, line)
	inBackground(t, func(ctx context.Context) error { w.Run(ctx); return nil })
	l := look(t, Options{Serial: true, Ports: shelf{
		{Name: "/dev/crane"}, {Name: line.Name, Serial: "EN99", Product: "DMX USB PRO", FTDI: true}, {Name: "/dev/nowhere", FTDI: true},
	}})
	l.sees("Serial ports: /dev/nowhere")
	contains(t, l.text(), "Serial ports: 3 devices", line.Name+"    00012345    EN99        DMX USB PRO", "there is no port /dev/nowhere")
}
