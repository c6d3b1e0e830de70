package topic

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
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
		{"waiting for dmx", "no-light"},
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

		{"signet: timecode", "no-timecode"},

		{"no key: ", "no-key"},
		{"no Sig-Net key is kept", "no-key"},

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

		{"expected the whole name of an interface", "no-network"},
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
	general := ""
	for _, l := range leads() {
		if strings.Contains(message, l.words) {
			general = l.topic
			break
		}
	}
	if general != "" && general != "waited-for" && general != "no-light" {
		return general
	}
	for _, c := range causes() {
		if errors.Is(err, c.err) {
			return c.topic
		}
	}
	if err != nil {
		if within := Of(err.Error(), nil); within != "" {
			return within
		}
	}
	return general
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
