package discover

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/drivers/signet/key"
)

// Options say what to look for and how.
type Options struct {
	SigNet, StageNet, StageLinQ, SACN, ArtNet, MIDI, Serial bool // none of them stands for all

	StateDir  string
	Interface string                       // "" for what each protocol does by itself
	Scope     string                       // of Sig-Net; "" for that of the key, if it has one
	Key       func() (key.Transfer, error) // of the Sig-Net installation
	Now       bool                         // ask Sig-Net devices at once
	// These are UDP ports, 0 = the usual ones.
	SigNetPort, StageLinQPort, SACNPort, ArtNetPort int
	Ports                                           dmxusb.Ports // nil for those of this machine
	Root                                            fs.FS        // where MIDI ports are listed; nil for this machine
	// Tell is told of each device once; it may be called from any goroutine.
	Tell func(protocol, device string)
	Log  *slog.Logger
}

// Searches are one search for each protocol. The methods are safe from any
// goroutine.
type Searches struct {
	chosen   bool // protocols were named: one that fails is an error
	identity *Identity
	attempts []*attempt
}

// attempt is a search and how it goes.
type attempt struct {
	name, title string
	search      Search // nil if it could not be prepared

	mu  sync.Mutex
	err error
}

// Open prepares the searches; nothing is on the network before Run, which has to be
// called. A search that cannot be prepared is a failed one, no error.
func Open(o Options) (*Searches, error) {
	id, err := OpenIdentity(o.StateDir, o.Log)
	if err != nil {
		return nil, err
	}
	s := &Searches{chosen: o.SigNet || o.StageNet || o.StageLinQ || o.SACN || o.ArtNet || o.MIDI || o.Serial, identity: id}
	add := func(wanted bool, name, title string, open func(tell func(string)) (Search, error)) {
		if !wanted && s.chosen {
			return
		}
		a := &attempt{name: name, title: title}
		a.search, a.err = open(func(device string) { o.Tell(title, device) })
		s.attempts = append(s.attempts, a)
	}
	add(o.SigNet, "signet", "Sig-Net", func(tell func(string)) (Search, error) { return o.sigNet(id, tell) })
	add(o.ArtNet, "artnet", "Art-Net", func(tell func(string)) (Search, error) {
		return ArtNet(ArtNetConfig{Interface: o.Interface, Port: o.ArtNetPort, Tell: tell, Log: o.Log})
	})
	add(o.StageNet, "stagenet", "StageNet", func(tell func(string)) (Search, error) {
		return StageNet(StageNetConfig{Interface: o.Interface, Tell: tell, Log: o.Log})
	})
	add(o.StageLinQ, "stagelinq", "StageLinQ", func(tell func(string)) (Search, error) {
		token, err := id.Token()
		if err != nil {
			return nil, err
		}
		return StageLinQ(StageLinQConfig{Token: token, Interface: o.Interface, Port: o.StageLinQPort, Tell: tell, Log: o.Log})
	})
	add(o.SACN, "sacn", "sACN", func(tell func(string)) (Search, error) { return o.sACN(tell) })
	add(o.MIDI, "midi", "MIDI", func(tell func(string)) (Search, error) { return o.midi(tell), nil })
	add(o.Serial, serialName, "Serial ports", func(tell func(string)) (Search, error) { return o.serial(tell), nil })
	return s, nil
}

func (o Options) sigNet(id *Identity, tell func(string)) (Search, error) {
	transfer, err := o.Key()
	if err != nil {
		return nil, err
	}
	if transfer.Exposed {
		o.Log.Warn("other users of this machine can read the key file")
	}
	if o.Scope == "" {
		o.Scope = transfer.Scope
	}
	tuid, err := id.TUID()
	if err != nil {
		return nil, err
	}
	return SigNet(SigNetConfig{
		TUID: tuid, Sessions: id, Scope: o.Scope, Keys: transfer.Keys(), Interface: o.Interface, Port: o.SigNetPort,
		Now: o.Now, Tell: tell, Log: o.Log,
	})
}

// Run looks until ctx ends. It ends at once with an error if a search that was asked
// for fails, or if all do that need a network.
func (s *Searches) Run(ctx context.Context) error {
	defer s.identity.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	for _, a := range s.attempts {
		running.Go(func() {
			a.run(ctx)
			if s.failure() != nil {
				cancel()
			}
		})
	}
	running.Wait()
	return s.failure()
}

// failure is why it makes no sense to go on, or nil.
func (s *Searches) failure() error {
	var failed []error
	working := false
	for _, a := range s.attempts {
		if err := a.failure(); err != nil {
			failed = append(failed, err)
		} else if a.name != serialName {
			working = true
		}
	}
	if s.chosen || !working {
		return errors.Join(failed...)
	}
	return nil
}

// Sections are what was found by now.
func (s *Searches) Sections(now time.Time) []Section {
	var list []Section
	for _, a := range s.attempts {
		list = append(list, a.section(now))
	}
	return list
}

func (a *attempt) run(ctx context.Context) {
	if a.search == nil {
		return
	}
	if err := a.search.Run(ctx); err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.err = err
	}
}

func (a *attempt) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// section is what was found, or why nothing was.
func (a *attempt) section(now time.Time) Section {
	out := Section{Name: a.name, Title: a.title}
	if a.search != nil {
		out = a.search.Found(now)
	}
	if err := a.failure(); err != nil {
		out.Doing, out.Remarks = "", append(out.Remarks, err.Error())
		out.Document = failed{err.Error()}
	}
	return out
}

// failed is the document of a search that failed.
type failed struct {
	Error string `json:"error"`
}
