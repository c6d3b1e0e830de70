package examples

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/level"
	"showrun/runtime/raced"
)

var reloads = flag.Int("reloads", raced.Of(30, 10), "how often shows are saved while they run")

// saved are the shows that are saved while they run.
var saved = []struct {
	name  string
	tells string // how the lines of the log begin that tell what happened once, reload or not
	fine  []int  // slots with the fine half of a channel, which are not compared

	// late is how much later frames may be: what people and timecodes ask for right after a
	// save comes no earlier than what the version before has run ahead to.
	late time.Duration
}{
	{name: "play", tells: "cue", fine: []int{23, 24}, late: 50 * time.Millisecond},
	{name: "club-night", tells: "look", fine: []int{34, 36, 46, 48, 58, 60, 70, 72}},
}

// TestReloadsAreNotSeen saves shows at random while hands play them, and compares every frame
// and all they tell with those of a run that is left alone.
func TestReloadsAreNotSeen(t *testing.T) {
	for _, s := range saved[:raced.Of(2, 1)] {
		t.Run(s.name, func(t *testing.T) {
			want := tape{tells: s.tells}
			want.record(t, s.name, 1000, nil) // a frame a millisecond
			got := tape{tells: s.tells}
			for left, seed := *reloads, uint64(1); left > 0; left, seed = left-perRun, seed+1 {
				got.at, got.levels, got.told = nil, nil, nil
				got.record(t, s.name, 44, instants(t, s.name, seed, min(left, perRun)))
				got.compare(t, &want, s.fine, s.late)
				if !slices.Equal(got.told, want.told) {
					t.Errorf("told %q,\nwant %q", got.told, want.told)
				}
			}
			got.flat(t)
		})
	}
}

// perRun is how often a show is saved in one run.
const perRun = 250

// instants are those of saves, at random but for those of a mix: while the beat goes over from
// one deck to another, a fade on its way to the next colour is timed by either. The second of
// two comes when what the version before the first has run ahead to is over.
func instants(t *testing.T, name string, seed uint64, count int) []time.Duration {
	t.Helper()
	const apart, mix = 60 * time.Millisecond, 150 * time.Millisecond
	rng := rand.New(rand.NewPCG(seed, 2))
	list := make([]time.Duration, count)
	for i := range list {
		list[i] = time.Duration(rng.Int64N(int64(lengthOf(t, name))))
	}
	slices.Sort(list)
	for i := range list {
		if i > 0 {
			list[i] = max(list[i], list[i-1]+apart)
		}
		for _, h := range hands(t, name) {
			if h.words[0] == "lead" && list[i] >= h.at && list[i] < h.at+mix {
				list[i] = h.at + mix
			}
		}
	}
	return list
}

// tape keeps the frames of a run, what it tells, and what it needs.
type tape struct {
	tells  string
	at     []time.Duration
	levels [][]byte
	told   []string
	needs  []need
}

type need struct {
	heap       uint64
	goroutines int
}

// Frame implements show.FrameSink.
func (p *tape) Frame(f *level.Frame) {
	p.at = append(p.at, f.At)
	p.levels = append(p.levels, slices.Clone(f.Levels[0][:100]))
}

// record plays a show with its hands, and saves it at the instants given.
func (p *tape) record(t *testing.T, name string, rate int, saves []time.Duration) {
	t.Helper()
	o := options(t, name, p)
	o.Rate = rate
	o.Log = slog.New(telling{o.Log.Handler(), p})
	r := newGig(t, o)
	defer r.Close()
	save := func() {
		if err := r.Load(context.Background(), os.DirFS(name)); err != nil {
			t.Fatal(err)
		}
	}
	until := func(at time.Duration) {
		if err := r.Until(context.Background(), at); err != nil {
			t.Fatal(err)
		}
	}
	save()
	for _, h := range hands(t, name) {
		for ; len(saves) > 0 && saves[0] <= h.at; saves = saves[1:] {
			until(saves[0])
			save()
			if len(saves)%10 == 0 {
				p.measure()
			}
		}
		until(h.at)
		if err := h.lay(r); err != nil {
			t.Fatalf("%v %v: %v", h.at, h.words, err)
		}
	}
}

func (p *tape) measure() {
	runtime.GC()
	runtime.GC() // what had a finalizer goes now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.needs = append(p.needs, need{m.HeapAlloc, runtime.NumGoroutine()})
}

// compare has every frame lie between those that the other tape has within two milliseconds,
// give or take 1, and none come late.
func (p *tape) compare(t *testing.T, with *tape, fine []int, late time.Duration) {
	t.Helper()
	const near = 2 * time.Millisecond
	first, wrong := 0, 0
	for i, at := range p.at {
		if i > 0 && at-p.at[i-1] > 2*time.Second/44 {
			t.Errorf("a frame at %v, %v after the one before", at, at-p.at[i-1])
		}
		for with.at[first] < at-late-near {
			first++
		}
		least, most := slices.Clone(with.levels[first]), slices.Clone(with.levels[first])
		for n := first; n < len(with.at) && with.at[n] <= at+near; n++ {
			for s, l := range with.levels[n] {
				least[s], most[s] = min(least[s], l), max(most[s], l)
			}
		}
		for s, l := range p.levels[i] {
			if int(l) < int(least[s])-1 || int(l) > int(most[s])+1 {
				if !slices.Contains(fine, s+1) {
					t.Errorf("at %v slot %d is %d, want %d-%d", at, s+1, l, least[s], most[s])
					wrong++
				}
			}
		}
		if wrong > 10 {
			t.Fatal("and so on")
		}
	}
}

// flat has what the runs need stay as it is: what is alive comes and goes by a third with what
// the collector has not found yet, and each version that stays would add a tenth.
func (p *tape) flat(t *testing.T) {
	t.Helper()
	first, last := p.needs[0], p.needs[len(p.needs)-1]
	if last.goroutines > first.goroutines || last.heap > 2*first.heap {
		t.Errorf("after %d reloads %+v, at first %+v", *reloads, last, first)
	}
	t.Logf("%d reloads: %+v at first, %+v in the end", *reloads, first, last)
}

// telling is a log that keeps the lines that tell what happened.
type telling struct {
	slog.Handler
	tape *tape
}

func (l telling) Enabled(context.Context, slog.Level) bool { return true }

func (l telling) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, l.tape.tells) {
		l.tape.told = append(l.tape.told, r.Message)
	}
	if r.Level < slog.LevelError {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}
