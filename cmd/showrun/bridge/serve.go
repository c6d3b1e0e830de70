package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"showrun/drivers/signet/wire"
	"showrun/drivers/stagenet/gateway"
)

// Serve runs a Source and the Sink it feeds until ctx ends or one fails. The Source ends first,
// so that the Sink has its last levels.
func Serve(ctx context.Context, from Source, to Sink) error {
	return throughout(ctx, to.Run, from.Run)
}

// What becomes of a universe that nobody sends any more.
const (
	Hold     = "hold"
	Blackout = "blackout"
)

// Through hands levels from a Source to a Sink, and counts.
type Through struct {
	To   Sink
	Lost string // Hold or Blackout

	packets atomic.Uint64
	lost    atomic.Uint64
}

// Packets counts what came, Losses how often a universe was no longer sent; any goroutine.
func (t *Through) Packets() uint64 { return t.packets.Load() }
func (t *Through) Losses() uint64  { return t.lost.Load() }

// Hear is for the Source.
func (t *Through) Hear(universe int, levels []byte, at time.Time) {
	if len(levels) > 0 {
		t.packets.Add(1)
		t.To.Show(universe, levels, at)
		return
	}
	t.lost.Add(1)
	if t.Lost == Blackout {
		t.To.Show(universe, make([]byte, Slots), at)
	}
}

// coalesced is a Sink whose levels come one at a time.
type coalesced struct {
	Sink
	newest *newest
	rate   int
}

// Show implements Sink.
func (c *coalesced) Show(universe int, levels []byte, _ time.Time) { c.newest.put(universe, levels) }

// Run implements Sink.
func (c *coalesced) Run(ctx context.Context) error {
	return throughout(ctx, c.Sink.Run, func(ctx context.Context) error {
		return c.newest.run(ctx, c.rate, func(universe int, levels []byte) error {
			c.Sink.Show(universe, levels, time.Now())
			return nil
		})
	})
}

// throughout runs a driver until what is given to it ends, which is when ctx or the driver ends:
// the last levels are taken before the driver goes.
func throughout(ctx context.Context, driver, give func(context.Context) error) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	giving, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- driver(sending)
		cancel()
	}()
	err := give(giving)
	stop()
	return errors.Join(err, <-ended)
}

// Channels are the DMX channels of a gateway, as universes: 1-512 are the first.
type Channels struct {
	Sink
	levels [][]byte
}

// NewChannels makes the channels of a gateway go to a Sink with so many universes.
func NewChannels(to Sink, universes, rate int) *Channels {
	c := &Channels{Sink: &coalesced{to, newNewest(universes), rate}}
	for range universes {
		c.levels = append(c.levels, make([]byte, Slots))
	}
	return c
}

// UniversesOf is how many universes the DMX channels of a gateway fill.
func UniversesOf(channels []gateway.Channel) (n int) {
	for _, c := range channels {
		if c.HardwareType == dmxType && c.Number > 0 {
			n = max(n, int(c.Number-1)/Slots+1)
		}
	}
	return n
}

// dmxType is the type of the channels of a gateway that are DMX.
const dmxType = "DMX"

// Set shows a value; see gateway.Sink. Other channels than those of DMX go nowhere.
func (c *Channels) Set(ch gateway.Channel, v byte) {
	if ch.HardwareType != dmxType || ch.Number < 1 {
		return
	}
	u, slot := int(ch.Number-1)/Slots, int(ch.Number-1)%Slots
	c.levels[u][slot] = v
	c.Show(u, c.levels[u], time.Time{})
}

// Endpoints are those of a Sig-Net Node, as universes.
type Endpoints struct{ To Sink }

// Output implements node.Sink. An output that stops is dark.
func (e Endpoints) Output(endpoint int, levels []byte) {
	if levels == nil {
		levels = make([]byte, Slots)
	}
	e.To.Show(endpoint-1, levels, time.Now())
}

// MaxUniverses is how many universes a bridge takes.
const MaxUniverses = 512

// ParseUniverses reads numbers of universes, such as 1-4 or 1,3,7-9.
func ParseUniverses(text string) (list []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRun := strings.Cut(part, "-")
		if !isRun {
			to = from
		}
		first, bad1 := strconv.Atoi(from)
		last, bad2 := strconv.Atoi(to)
		switch {
		case bad1 != nil || bad2 != nil || wire.CheckUniverse(first) != nil || wire.CheckUniverse(last) != nil || last < first:
			return nil, fmt.Errorf("--universe must be universes 1-%d, such as 1-4 or 1,7, got %q", wire.LastUniverse, text)
		case len(list)+last-first >= MaxUniverses:
			return nil, fmt.Errorf("--universe takes at most %d universes", MaxUniverses)
		}
		for n := first; n <= last; n++ {
			list = append(list, n)
		}
	}
	return list, nil
}
