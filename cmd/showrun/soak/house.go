//go:build unix

package soak

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
)

//go:embed show.lua
var showText string

const loopback = "127.0.0.1"

// house is the show and what stands around it.
type house struct {
	ctx      context.Context // of all that runs
	rest     sync.WaitGroup  // it
	show     child
	ears     ears
	pulse    pulse
	machines machines
	box      *lamp
	strip    *lamp
	deck     *source.Conn
	deckOff  func()
	bpm      float64
	osc      int // UDP ports of the show: commands
	hand     int // and its own
	version  int
	starts   int
	most     usage
	level    usage // of the present process, when it had been up for a while
	levelOf  int   // its pid
}

// build builds the house, which stands until ctx ends, and starts the show, unless that is
// given up.
func (s *soak) build(ctx, patient context.Context) (err error) {
	s.ctx = ctx
	s.ears.broken = s.verdict.broken
	ears, err := s.ears.listen(loopback)
	if err != nil {
		return err
	}
	s.rest.Go(func() { _ = ears.Serve(ctx, s.ears.loop()) })
	s.rest.Go(func() { s.watch(ctx) })
	s.machines.ports, s.machines.off = map[string]int{}, map[string]func(){}
	for _, name := range []string{"lighting", "motion", "valve"} {
		if err := s.machines.turnOn(ctx, name); err != nil {
			return err
		}
	}
	s.box, s.strip = &lamp{id: "soak-box", kind: "DMX", first: 1}, &lamp{id: "soak-strip", kind: "ANALOG"}
	for _, l := range []*lamp{s.box, s.strip} {
		if err := l.turnOn(ctx); err != nil {
			return err
		}
	}
	if err := s.deckOn(120); err != nil {
		return err
	}
	if s.osc, err = freePort(); err != nil {
		return err
	}
	if s.hand, err = freePort(); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, "showrun"), 0o700); err != nil {
		return err
	}
	if err := s.save("", ""); err != nil {
		return err
	}
	s.show = child{dir: s.dir, command: s.cfg.Command, args: []string{
		"run", "--interface", loopback, "--osc", net.JoinHostPort(loopback, strconv.Itoa(s.osc)), "--log-format", "json",
		"--exit-time", "1s", "--memory", "96", "--for", (s.cfg.For + time.Minute).String(), "--state", s.state(), "--record", filepath.Join(s.dir, "soak.showrec"), s.file(),
	}}
	if _, err := s.comeUp(patient); err != nil {
		return fmt.Errorf("the show does not come up: %w\n            %s", err, s.show.tail(20))
	}
	s.check()
	return nil
}

func (s *soak) file() string  { return filepath.Join(s.dir, "show.lua") }
func (s *soak) state() string { return filepath.Join(s.dir, "state") }

// save saves another version of the show. One that is to be refused has a look of its own
// and what breaks it.
func (s *soak) save(look, breaks string) error {
	if look == "" {
		s.version, look = s.version%250+1, "7"
	}
	port := func(name string) string { return strconv.Itoa(s.machines.ports[name]) }
	text := strings.NewReplacer("VERSION", strconv.Itoa(s.version), "LOOK", look, "BOX", s.box.url(), "STRIP", s.strip.url(),
		"LIGHTING", port("lighting"), "MOTION", port("motion"), "VALVE", port("valve"), "HAND", strconv.Itoa(s.hand), "BREAK", breaks).Replace(showText)
	return os.WriteFile(s.file(), []byte(text), 0o600)
}

// comeUp starts the show and waits until all of it works. It tells how long the first light
// took.
func (s *soak) comeUp(ctx context.Context) (light time.Duration, err error) {
	s.ears.rebirth()
	began := time.Now()
	if err := s.show.start(); err != nil {
		return 0, err
	}
	s.starts++
	if light, err = awaits(ctx, "the first light", 20*time.Second, func() bool { at, _ := s.ears.last(); return at.After(began) }); err != nil {
		return 0, err
	}
	for _, l := range []*lamp{s.box, s.strip} {
		if !l.isOn { // it comes later than the other
			if err := l.turnOn(s.ctx); err != nil {
				return light, err
			}
		}
	}
	return light, s.allWell(ctx, began)
}

// allWell waits until every protocol has got something that left after an instant.
func (s *soak) allWell(ctx context.Context, after time.Time) error {
	s.box.forget()
	s.strip.forget()
	for _, c := range []struct {
		what string
		so   func() bool
	}{
		{"the present version on universe 1", func() bool { return s.ears.slot(1, 3) == s.version }},
		{"what it hears of itself on universe 2", func() bool { return s.ears.slot(1, 15) > 0 }},
		{"the tempo of the deck", s.inTempo},
		{"values at gateway soak-box", s.box.lit},
		{"values at gateway soak-strip", s.strip.lit},
		{"commands at the lighting server", func() bool { return s.machines.heard.newest("lighting", "/fixture").at.After(after) }},
		{"messages of the show", func() bool { return s.machines.heard.newest("lighting", "/second").at.After(after) }},
		{"moves at the valve", func() bool { return s.machines.heard.newest("valve", "/move").at.After(after) }},
	} {
		if _, err := awaits(ctx, c.what, 20*time.Second, c.so); err != nil {
			return err
		}
	}
	return nil
}

// inTempo tells whether the show says that it has the tempo of the deck.
func (s *soak) inTempo() bool {
	text, err := s.show.ask("status")
	return err == nil && strings.Contains(text, fmt.Sprintf(" %.1f BPM", s.bpm))
}

// deckOn switches the player on.
func (s *soak) deckOn(bpm float64) error {
	token, err := stagelinq.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	unit, err := source.Open(source.Config{Name: "soakdeck", Token: token, Interface: loopback})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); _ = unit.Run(ctx) }()
	s.deck, s.bpm, s.deckOff = unit, bpm, func() { cancel(); <-gone }
	unit.Do(func(p *source.Player, now time.Time) {
		p.Load(1, source.Track{Title: "Soak", Artist: "showrun", BPM: bpm, Length: 24 * time.Hour}, now)
		p.SetMaster(1, now)
		p.Play(1, now)
	})
	return nil
}

// freePort is a UDP port that nobody has.
func freePort() (int, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port, nil
}
