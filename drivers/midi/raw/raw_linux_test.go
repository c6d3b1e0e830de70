package raw

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/midi/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func like(pattern, name string) bool {
	ok, _ := filepath.Match(strings.ToLower(pattern), strings.ToLower(name))
	return ok
}

// plug makes a port of a system whose root is given: a pipe instead of a device.
func plug(t *testing.T, root string, card, name string) {
	t.Helper()
	about := filepath.Join(root, "proc/asound/card"+card)
	for _, dir := range []string{about, filepath.Join(root, "dev/snd")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{"id": "Card" + card + "\n", "midi0": name + "\n\nOutput 0\n  Tx bytes     : 0\n"} {
		if err := os.WriteFile(filepath.Join(about, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "dev/snd/midiC"+card+"D0"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAPortIsFoundByNameAndAgain opens a port among others, hears it, loses it, and finds it
// as another card.
func TestAPortIsFoundByNameAndAgain(t *testing.T) {
	root := t.TempDir()
	heard := make(chan wire.Message, 10)
	cfg := Config{Name: "apc*", Root: root, OnMessage: func(m wire.Message, _ time.Time) { heard <- m }}
	if _, err := Open(cfg, like); !errors.Is(err, ErrNone) {
		t.Fatalf("without a port: %v", err)
	}
	plug(t, root, "0", "nanoKONTROL")
	if _, err := Open(cfg, like); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), `"nanoKONTROL"`) {
		t.Fatalf("with another port: %v", err)
	}
	plug(t, root, "10", "APC mini")
	for _, pattern := range []string{"apc*", "card10"} {
		cfg.Name = pattern
		c, err := Open(cfg, like)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		// A pipe gives back what is written to it.
		if _, err := c.file.Write([]byte{1, 2}); err != nil {
			t.Error(err)
		}
		m := wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 60, Value: 1}
		if err := c.Send(m, wire.Message{Kind: wire.Clock}); err != nil {
			t.Error(err)
		}
		if got := <-heard; got != m || c.Port().Device != "dev/snd/midiC10D0" {
			t.Errorf("heard %+v on %+v", got, c.Port())
		}
		<-heard
		cancel()
		if err := <-ended; err != nil || c.Ignored() != 2 {
			t.Errorf("%v, %d bytes ignored, want 2", err, c.Ignored())
		}
	}
}

// TestAPortThatGoesAwayIsAnError unplugs one: Run ends with its name.
func TestAPortThatGoesAwayIsAnError(t *testing.T) {
	root := t.TempDir()
	plug(t, root, "0", "Pads")
	if err := os.Remove(filepath.Join(root, "dev/snd/midiC0D0")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "dev/snd/midiC0D0"), nil, 0o600); err != nil {
		t.Fatal(err) // a file whose end is reached
	}
	c, err := Open(Config{Name: "pads", Root: root}, like)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(context.Background()); err == nil || !strings.Contains(err.Error(), `port "Pads" is gone`) {
		t.Errorf("%v", err)
	}
}

// TestPortsOfTheKernel opens the ports of this machine, where its kernel has ALSA.
func TestPortsOfTheKernel(t *testing.T) {
	if _, err := os.Stat("/dev/snd"); err != nil {
		t.Skip("this kernel has no ALSA, so there are no ports to open: ", err)
	}
	list, err := Ports(os.DirFS("/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		c, err := Open(Config{Name: p.Name}, func(pattern, name string) bool { return pattern == name })
		if err != nil {
			t.Errorf("%+v: %v", p, err)
			continue
		}
		c.Close()
	}
}
