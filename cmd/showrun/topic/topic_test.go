package topic

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"showrun/bindings/reference"
)

// TestTopicsOfMessages: every message and error leads to a section there is, and every section
// is led to, by a message or another one.
func TestTopicsOfMessages(t *testing.T) {
	led := map[string]bool{Start: true}
	for _, l := range leads() {
		led[l.topic] = true
	}
	for _, c := range causes() {
		led[c.topic] = true
	}
	sections := Sections()
	for topic := range led {
		if !slices.Contains(sections, topic) {
			t.Errorf("messages lead to %q, which is no section of %s", topic, trouble)
		}
	}
	page := reference.Pages()[trouble]
	for _, s := range sections {
		if !led[s] && !strings.Contains(page, "](#"+s+")") {
			t.Errorf("nothing leads to the section %q of %s", s, trouble)
		}
	}
}

// TestMessagesAreSaid: the words of each lead stand in the text of the program.
func TestMessagesAreSaid(t *testing.T) {
	var said strings.Builder
	for _, tree := range []string{"../../../runtime", "../../../drivers", "../../../bindings", ".."} {
		err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "lead.go" {
				return err
			}
			text, err := os.ReadFile(path)
			said.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	made := map[string]string{ // messages that are put together
		"waiting for a player": `"a player"`, "waiting for player": `"player "`, "waiting for gateway": `"gateway "`,
		"waiting for MIDI": `"MIDI "`, "waiting for DMX USB widget": `"DMX USB widget `,
	}
	for _, l := range leads() {
		words := l.words
		if made[words] != "" {
			words = made[words]
		}
		if !strings.Contains(said.String(), words) {
			t.Errorf("nothing says %q any more", l.words)
		}
	}
}

func TestOf(t *testing.T) {
	missing := "a device is not there: the show goes on without it until it is"
	for _, c := range []struct {
		message string
		err     error
		topic   string
	}{
		{"waiting for a player; the show goes on without", nil, "no-beat"},
		{"waiting for a player, gateway booth; the show goes on without", nil, "waited-for"},
		{"osc: not sent", syscall.ENETUNREACH, "no-network"},
		{"osc: not sent", nil, "no-osc"},
		{"theater: nobody takes what is sent: is the server running?", nil, "machines-do-not-move"},
		{"waiting for gateway booth; the show goes on without", nil, "waited-for"},
		{missing, nil, "waited-for"},
		{missing, fmt.Errorf("listen udp4 :5683: %w", syscall.EADDRINUSE), "port-in-use"},
		{missing, fmt.Errorf("open /dev/ttyUSB0: %w", syscall.EACCES), "permissions"},
		{missing, fmt.Errorf("join: %w", syscall.ENETUNREACH), "no-network"},
		{missing, errors.New(`interface "eht0": no interface has this name or address; there are lo 127.0.0.1`), "no-network"},
		{missing, errors.New(`midi: there is no such MIDI port like "APC*"; this computer has none`), "no-midi"},
		{"dmxusb: the widget is not there, it is looked for", nil, "no-light"},
		{"dmxusb: the widget is not there, it is looked for", fs.ErrPermission, "permissions"},
		{"no console: console: listen tcp 127.0.0.1:7780: bind: address already in use", nil, "page-does-not-open"},
		{"signet.sender: no key: Sig-Net signs every packet", nil, "no-key"},
		{"show loaded", nil, ""},
		{"the singer is not there", nil, ""},
	} {
		if got := Of(c.message, c.err); got != c.topic {
			t.Errorf("%s (%v) leads to %q, want %q", c.message, c.err, got, c.topic)
		}
	}
}

func TestTextOfTopics(t *testing.T) {
	for _, topic := range append(Sections(), Pages()...) {
		text := Text(topic)
		if text == "" || strings.Contains(text, "](#") || strings.Contains(text, ".md#") {
			t.Errorf("%s: %.300s", topic, text)
		}
	}
	if text := Text("no-beat"); !strings.HasPrefix(text, "## No beat\n") || strings.Contains(text, "## No timecode") {
		t.Errorf("a section is not that section:\n%s", text)
	}
	if text := Text("no-light"); !strings.Contains(text, "Groups get lost (showrun help groups-get-lost)") {
		t.Errorf("a link does not tell what to type:\n%s", text)
	}
	if text := Text("nothing-at-all"); text != "" {
		t.Errorf("of no topic there is %q", text)
	}
}

// TestHelpStandsInTheLog: a line that leads to a topic has what to type, another one has not.
func TestHelpStandsInTheLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Handler{slog.NewTextHandler(&out, nil)})
	log.Warn("a device is still not there", "device", "x", "error", syscall.EADDRINUSE)
	log.With("at", "show.lua:1").Info("hello")
	lines := strings.Split(out.String(), "\n")
	if !strings.HasSuffix(lines[0], `help="showrun help port-in-use"`) {
		t.Errorf("logged %s", lines[0])
	}
	if strings.Contains(lines[1], "help=") {
		t.Errorf("logged %s", lines[1])
	}
}
