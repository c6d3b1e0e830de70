package bridge

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"showrun/drivers/dmxusb"
)

// widgets are DMX USB Pro, one for each universe.
type widgets []*dmxusb.Link

// checkWidgets takes one widget for each universe; without a name the first that answers.
func checkWidgets(a Address, universes int) error {
	list := strings.Split(a.rest, ",")
	if len(list) != universes {
		return fmt.Errorf("a widget has one universe: for %d there must be as many serial numbers or ports, as in dmxusb:A,B", universes)
	}
	for _, name := range list {
		if name == "" && universes > 1 {
			return errNoName
		}
	}
	return nil
}

func links(a Address, e Env, cfg func(universe int) dmxusb.Config) (list widgets, err error) {
	for i, name := range strings.Split(a.rest, ",") {
		l, err := dmxusb.NewLink(dmxusb.LinkConfig{Port: name, Config: cfg(i), Log: e.Log})
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func openWidgets(a Address, e Env) (Sink, error) {
	return links(a, e, func(int) dmxusb.Config { return dmxusb.Config{Rate: min(e.Rate, dmxusb.MaxRate)} })
}

func hearWidgets(a Address, e Env, hear Hear) (Source, error) {
	var one sync.Mutex
	return links(a, e, func(u int) dmxusb.Config {
		return dmxusb.Config{Input: true, OnLevels: func(levels []byte, at time.Time) {
			one.Lock()
			defer one.Unlock()
			hear(u, levels, at)
		}}
	})
}

// Show implements Sink.
func (w widgets) Show(universe int, levels []byte, _ time.Time) { w[universe].SetLevels(levels) }

// Run implements Sink and Source.
func (w widgets) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, l := range w {
		running.Go(func() { _ = l.Run(ctx) }) // a widget that is not there is looked for
	}
	running.Wait()
	return nil
}

// Close implements Sink and Source: nothing is open without Run.
func (w widgets) Close() error { return nil }
