package topic

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"syscall"
)

// A lead goes from words of a message to a topic.
type lead struct{ words, topic string }

// leads are tried in their order: the first whose words stand in a message counts. The words
// are those of the code that says them.
func leads() []lead {
	return []lead{
		{"no console: ", "page-does-not-open"},
		{"the show has no console", "page-does-not-open"},
		{"the console has ended", "page-does-not-open"},
		{"no OSC commands are taken", "port-in-use"},

		{"no show is running", "ctl-finds-no-show"},
		{"no show called ", "ctl-finds-no-show"},
		{"showrun ctl cannot reach this show", "ctl-finds-no-show"},
		{"the show is there and does not answer", "ctl-finds-no-show"},

		{"waiting for a player", "no-beat"},
		{"waiting for player", "no-beat"},
		{"waiting for gateway", "waited-for"},
		{"waiting for MIDI", "no-midi"},
		{"waiting for DMX USB widget", "no-light"},
		{"no player was heard", "no-beat"},
		{"nothing came from it; is a firewall in the way", "firewall"},
		{"heard a unit from outside our networks", "two-networks"},
		{"cannot announce", "no-network"},
		{"nothing was found; --interface names another network", "nothing-happens"},

		{"emergency stop: ", "machines-do-not-move"},
		{"machinery is held", "machines-do-not-move"},
		{"machinery is still held", "machines-do-not-move"},
		{"machinery was stopped or released", "machines-do-not-move"},
		{"ended without making a machine safe", "machines-do-not-move"},
		{"ended without making machines safe", "machines-do-not-move"},
		{"so it is not told anything", "machines-do-not-move"},
		{"theater: nobody takes what is sent", "machines-do-not-move"},
		{"theater: command refused", "machines-do-not-move"},
		{"theater: cannot send", "machines-do-not-move"},
		{"a machine could not be made safe", "machines-do-not-move"},

		{"osc: on a rig messages are not sent", "no-osc"},
		{"osc: not sent", "no-osc"},
		{"osc: nobody takes what is sent", "no-osc"},
		{"osc: messages dropped", "no-osc"},
		{"osc: datagram refused", "no-osc"},
		{"an OSC command is not known", "no-osc"},

		{"midi: the session does not let us in", "no-midi"},
		{"midi: the session is lost", "no-midi"},
		{"midi show control: ", "no-midi"},
		{"can be reached on Linux only", "no-midi"},
		{"there is no such MIDI port", "no-midi"},

		{"signet: timecode", "no-timecode"},

		{"no key: ", "no-key"},
		{"no Sig-Net key is kept", "no-key"},
		{"no key is kept", "no-key"},

		{"cannot be joined", "groups-get-lost"},
		{"sig-net group", "groups-get-lost"},
		{"mdns: cannot listen on an interface", "groups-get-lost"},
		{"stagenet: gateways cannot be looked for", "groups-get-lost"},
		{"stagenet: gateway cannot be reached", "waited-for"},
		{"stagenet: gateway lost", "waited-for"},
		{"stagenet: the show uses a", "no-light"},
		{"dmxusb: the widget is not there", "no-light"},
		{"levels not sent, trying on", "no-light"},

		{"not reloaded, the running show goes on", "a-save-changes-nothing"},
		{"not reloading: ", "a-save-changes-nothing"},
		{"a new version is waiting", "a-save-changes-nothing"},
		{"looks of scheduled code late", "late-frames"},
		{"a device does not come back from a call", "late-frames"},

		{"the state cannot be written", "permissions"},
		{"no restore point can be written", "permissions"},
		{"state not kept", "permissions"},
		{"another showrun uses this state folder", "port-in-use"},
		{"state folder: ", "permissions"},

		{"expected the whole name of an interface", "no-network"},
		{"no interface has this name or address", "no-network"},
		{"no interface with an IPv4 address is up", "no-network"},
		{"has no IPv4 network", "no-network"},
		{"it is wireless", "wi-fi"},
		{"it looks like one of a container", "two-networks"},
		{"a device is not there", "waited-for"},
		{"a device is still not there", "waited-for"},
		{"device failed", "waited-for"},
	}
}

// causes are errors of the system, which say more than the message they come with.
func causes() []struct {
	err   error
	topic string
} {
	return []struct {
		err   error
		topic string
	}{
		{fs.ErrPermission, "permissions"},
		{syscall.EADDRINUSE, "port-in-use"},
		{syscall.EADDRNOTAVAIL, "no-network"},
		{syscall.ENETUNREACH, "no-network"},
		{syscall.ENETDOWN, "no-network"},
		{syscall.ENODEV, "no-network"},
		{syscall.EHOSTUNREACH, "waited-for"},
		{syscall.ECONNREFUSED, "waited-for"},
	}
}

// Of is the topic that a message and its error, which may be nil, lead to; "" for none.
func Of(message string, err error) string {
	said := about(message)
	if strings.HasPrefix(message, "waiting for ") && strings.Contains(message, ", ") {
		said = "waited-for" // several things, each of which has a row there
	}
	if err == nil || !mayBeCaused(said) {
		return said
	}
	for _, c := range causes() {
		if errors.Is(err, c.err) {
			return c.topic
		}
	}
	return cmp.Or(about(err.Error()), said)
}

// about is the topic of a text by its words alone.
func about(text string) string {
	for _, l := range leads() {
		if strings.Contains(text, l.words) {
			return l.topic
		}
	}
	return ""
}

// mayBeCaused tells whether the error that a message comes with may say more than the topic of
// the message.
func mayBeCaused(topic string) bool {
	return slices.Contains([]string{"", "waited-for", "no-light", "no-osc", "machines-do-not-move"}, topic)
}

// A Handler adds to lines of a log that lead to a topic what to type for it, as "help".
type Handler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h Handler) Handle(ctx context.Context, r slog.Record) error {
	var cause error
	r.Attrs(func(a slog.Attr) bool {
		if err, is := a.Value.Any().(error); is {
			cause = err
		}
		return cause == nil
	})
	if topic := Of(r.Message, cause); topic != "" && r.Level >= slog.LevelInfo {
		r = r.Clone()
		r.AddAttrs(slog.String("help", Hint(topic)))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h Handler) WithAttrs(a []slog.Attr) slog.Handler { return Handler{h.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (h Handler) WithGroup(name string) slog.Handler { return Handler{h.Handler.WithGroup(name)} }
