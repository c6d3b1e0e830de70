package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/runtime/level"
)

// SenderDecl declares a Sig-Net Sender.
type SenderDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFile   string // transfer file with the root key, relative to the show folder
	KeyEnv    string // environment variable with the passphrase
	Label     string
	Endpoint  int // 1-0xff00
	Rate      int // packets a second of a universe at most

	// Universes are those the show declares. They are not part of the key: a
	// reload may change them on the live device.
	Universes []Universe
}

// Universe is a universe number and where its levels come from.
type Universe struct {
	Number int
	Output level.Output
}

// Key implements Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("signet sender scope %q on %q endpoint %d rate %d label %q key file %q env %q",
		d.Scope, d.Interface, d.Endpoint, d.Rate, d.Label, d.KeyFile, d.KeyEnv)
}

// String names the Sender for people.
func (d *SenderDecl) String() string {
	if d.Label != "" {
		return fmt.Sprintf("signet.sender %q", d.Label)
	}
	return fmt.Sprintf("signet.sender (scope %s)", d.Scope)
}

// identity names what the TUID of the Sender belongs to: Senders that differ in
// it may run at the same time.
func (d *SenderDecl) identity(iface string) string {
	return fmt.Sprintf("%s/%s/%d", d.Scope, iface, d.Endpoint)
}

// SenderOptions is what a Sender gets from the host.
type SenderOptions struct {
	Keys      signet.Keys
	Sessions  Sessions
	TUID      func(identity string, renew bool) (signet.TUID, error)
	Interface string                        // when the declaration names none
	Port      int                           // 0 = the usual one
	Time      func(time.Duration) time.Time // of an instant in show time
	Log       *slog.Logger
}

// Sessions keeps session numbers; see signet.Sessions.
type Sessions interface {
	Session(tuid [6]byte) (last uint32, known bool, err error)
	SaveSession(tuid [6]byte, session uint32) error
}

// sessions adapts Sessions to the driver's type of a TUID.
type sessions struct{ Sessions }

func (s sessions) Session(t signet.TUID) (uint32, bool, error) { return s.Sessions.Session(t) }

func (s sessions) SaveSession(t signet.TUID, n uint32) error { return s.Sessions.SaveSession(t, n) }

// Sender joins a Sig-Net Sender to the engine.
type Sender struct {
	decl    *SenderDecl
	options SenderOptions

	lastError string // engine loop only

	mu        sync.Mutex
	driver    *signet.Sender
	universes []Universe
}

// OpenSender opens the sockets of a Sender; it sends nothing yet.
func OpenSender(d *SenderDecl, o SenderOptions) (*Sender, error) {
	if d.Interface != "" {
		o.Interface = d.Interface
	}
	s := &Sender{decl: d, options: o}
	var err error
	s.driver, err = s.open(false)
	return s, err
}

// open opens a driver; with renew under a new TUID, for when the session numbers of
// the old one are used up.
func (s *Sender) open(renew bool) (*signet.Sender, error) {
	d, o := s.decl, s.options
	tuid, err := o.TUID(d.identity(o.Interface), renew)
	if err != nil {
		return nil, err
	}
	return signet.OpenSender(signet.SenderConfig{
		TUID: tuid, Scope: d.Scope, Keys: o.Keys, Sessions: sessions{o.Sessions}, Interface: o.Interface, Port: o.Port,
		Endpoint: uint16(d.Endpoint), Rate: d.Rate, Label: d.Label, Log: o.Log,
	})
}

// SetUniverses makes the Sender send exactly these universes from now on.
func (s *Sender) SetUniverses(list []Universe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := map[int]bool{}
	for _, u := range s.universes {
		sent[u.Number] = true
	}
	stay := map[int]bool{}
	for _, u := range list {
		stay[u.Number] = true
		if sent[u.Number] {
			continue
		}
		if err := s.driver.Join(u.Number, signet.UniverseOptions{}); err != nil {
			s.options.Log.Error("signet: universe not joined", "universe", u.Number, "error", err)
		}
	}
	for _, u := range s.universes {
		if !stay[u.Number] {
			if err := s.driver.Leave(u.Number); err != nil {
				s.options.Log.Warn("signet: universe not left", "universe", u.Number, "error", err)
			}
		}
	}
	s.universes = list
}

// Publish implements Output. The packets leave on the engine's own thread: it is
// the one that wakes on time when the machine is busy, and a UDP socket hardly
// ever makes it wait; when one does, the driver gives up after 2 ms and repeats
// with the next frame.
func (s *Sender) Publish(f *level.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.universes {
		if levels := f.Slots(u.Output); levels != nil {
			s.driver.SetLevels(u.Number, levels)
		}
	}
	// The frame's own instant, not the time it got here: frames are never too close
	// to one another, and one that came late must not hold back the next.
	if _, err := s.driver.Flush(s.options.Time(f.At)); err != nil {
		s.failing(err)
	}
}

// Universes implements Output.
func (s *Sender) Universes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.universes)
}

// Close closes a Sender that was never run.
func (s *Sender) Close() error { return s.driver.Close() }

// Loops implements Device.
func (s *Sender) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.run}
}

// run runs the driver. One that failed has closed its sockets, so another takes its
// place before the host runs it again.
func (s *Sender) run(ctx context.Context) error {
	s.mu.Lock()
	driver := s.driver
	s.mu.Unlock()
	err := driver.Run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	next, failed := s.open(errors.Is(err, signet.ErrSessionsSpent))
	if failed != nil {
		return errors.Join(err, failed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.driver = next
	for _, u := range s.universes {
		err = errors.Join(err, next.Join(u.Number, signet.UniverseOptions{}))
	}
	return err
}

// failing logs the first of a row of errors; a network that is down would fill
// the log otherwise.
func (s *Sender) failing(err error) {
	if text := err.Error(); text != s.lastError {
		s.lastError = text
		s.options.Log.Error("signet: not sent", "error", err)
	}
}
