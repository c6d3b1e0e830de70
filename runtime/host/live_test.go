package host

import (
	"context"
	"flag"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/drivers/signet/node"
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
)

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(runtime.NumCPU() + 14) // as the command does
	_ = flag.Set("test.parallel", "8")        // what runs side by side waits, most of the time
	goleak.VerifyTestMain(m)
}

var measureFor = flag.Duration("measure", 0, "run the measuring tests for this long, such as 60s")

// measuring skips a test that takes as long as it is told to.
func measuring(t *testing.T) time.Duration {
	t.Helper()
	if *measureFor == 0 {
		t.Skip("measures on the real clock; give it time with -measure 60s")
	}
	return *measureFor
}

// given are the ports that tests have, which run side by side.
var given sync.Map

// freePorts finds UDP ports for a rig of its own.
func freePorts(t *testing.T) map[string]int {
	t.Helper()
	return map[string]int{"stagelinq": freePort(t), "signet": freePort(t)}
}

func freePort(t *testing.T) int {
	t.Helper()
	for {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // so that the next one is another
		port := c.LocalAddr().(*net.UDPAddr).Port
		if _, taken := given.LoadOrStore(port, true); !taken {
			return port
		}
	}
}

// packet is a level packet as the rig's node got it.
type packet struct {
	at       time.Time
	sequence uint32
	levels   [20]byte
}

// tape records what the rig's node gets.
type tape struct {
	mu      sync.Mutex
	packets []packet
	arrived chan struct{}
}

func newTape() *tape { return &tape{arrived: make(chan struct{}, 1)} }

func (t *tape) record(_ int, levels []byte, p node.Packet) {
	x := packet{at: p.At, sequence: p.Sequence}
	copy(x.levels[:], levels)
	t.mu.Lock()
	t.packets = append(t.packets, x)
	t.mu.Unlock()
	select {
	case t.arrived <- struct{}{}:
	default:
	}
}

func (t *tape) all() []packet {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.packets)
}

// hearing are all protocols, with a node in the rig that reports what it hears.
func hearing(levels func(universe int, levels []byte, p node.Packet)) []device.Protocol {
	return []device.Protocol{
		stagelinq.Protocol(), signet.Protocol(signet.RigConfig{OnLevels: levels}), stagenet.Protocol(), theater.Protocol(), osc.Protocol(),
	}
}

// newHost makes a host for show scripts that speak every protocol.
func newHost(opts Options) (*Host, error) {
	if opts.Bind == nil {
		opts.Bind = bindings.New
	}
	if opts.Protocols == nil {
		opts.Protocols = hearing(nil)
	}
	return New(opts)
}

// runLive runs a show with a rig in the background; stop ends it and returns its
// error.
func runLive(t *testing.T, opts Options) (h *Host, stop func() error) {
	t.Helper()
	opts.Ports = freePorts(t)
	if opts.StateDir == "" {
		opts.StateDir = t.TempDir()
	}
	h, err := newHost(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return h, stop
}

// TestScriptLoopSleeps checks that the script loop wakes for something only: for
// states and beats of the deck, not for itself.
func TestScriptLoopSleeps(t *testing.T) {
	rec := newTape()
	h, stop := runLive(t, Options{Show: "../../examples/first-light", Seed: 1, Rig: true, Protocols: hearing(rec.record)})
	<-rec.arrived
	for h.Status().Beat < 4 {
		<-rec.arrived
	}
	s := h.Status()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if perSecond := float64(s.Wakes) / s.Time.Seconds(); perSecond > 500 {
		t.Errorf("%.0f wake-ups a second", perSecond)
	}
}

// TestOnTheBeat measures, with -measure 60s, how far the first packet with the new
// look of a beat is from the deck's true beat.
func TestOnTheBeat(t *testing.T) {
	length := measuring(t)
	rec := newTape()
	h, stop := runLive(t, Options{Show: "../../examples/first-light", Seed: 1, Rig: true, Protocols: hearing(rec.record)})
	<-time.After(length)
	var truth []time.Time
	h.rig.Parts()["stagelinq"].(*stagelinq.Rig).Player().Do(func(p *source.Player, now time.Time) {
		for b := 1.0; b < p.Beat(1, now); b++ {
			if at, ok := p.BeatTime(1, b, now); ok {
				truth = append(truth, at)
			}
		}
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	packets := rec.all()
	var errs []time.Duration
	missing := 0
	for _, beat := range truth {
		if beat.Sub(packets[0].at) < 2*time.Second {
			continue // the clock is still finding the deck
		}
		if at, ok := firstFlash(packets, beat); ok {
			errs = append(errs, at.Sub(beat).Abs())
		} else {
			missing++
		}
	}
	slices.Sort(errs)
	p := func(q int) time.Duration { return errs[min(len(errs)*q/100, len(errs)-1)].Round(time.Microsecond) }
	t.Logf("%d beats, %d without a packet within 100 ms: first changed packet off the true beat by p50 %v, p90 %v, p99 %v, max %v", len(errs), missing, p(50), p(90), p(99), p(100))
	t.Logf("%s", intervals(packets))
	t.Logf("frames late p99 %v, worst %v", h.Status().LateP99, h.Status().LateWorst)
}

// firstFlash is when slot 1 first rose within 100 ms of a beat.
func firstFlash(packets []packet, beat time.Time) (time.Time, bool) {
	for i := 1; i < len(packets); i++ {
		d := packets[i].at.Sub(beat)
		if d > 100*time.Millisecond {
			break
		}
		if d > -100*time.Millisecond && packets[i].levels[0] > packets[i-1].levels[0] {
			return packets[i].at, true
		}
	}
	return time.Time{}, false
}

// intervals describes the time between packets. The Sender announces its universes
// every five seconds, with a number of the same row.
func intervals(packets []packet) string {
	var gaps []time.Duration
	for i := 1; i < len(packets); i++ {
		gaps = append(gaps, packets[i].at.Sub(packets[i-1].at))
	}
	slices.Sort(gaps)
	return fmt.Sprintf("%d packets, %d lost, interval p50 %v, p99 %v, max %v", len(packets), lost(packets),
		gaps[len(gaps)/2], gaps[len(gaps)*99/100], gaps[len(gaps)-1])
}

// lost counts the numbers missing from the sequence, less those that announcements
// may have taken.
func lost(packets []packet) int {
	missing := 0
	var announced time.Time
	for i := 1; i < len(packets); i++ {
		n := int(packets[i].sequence - packets[i-1].sequence - 1)
		if n > 0 && packets[i].at.Sub(announced) > 4900*time.Millisecond {
			n, announced = n-1, packets[i].at
		}
		missing += n
	}
	return missing
}
