package replay_test

import (
	"bytes"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
	"showrun/runtime/engine"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/show"
	"showrun/scripts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// protocols are those of the shows that are recorded here.
func protocols() []device.Protocol {
	return []device.Protocol{stagelinq.Protocol(), signet.Protocol(signet.RigConfig{}), osc.Protocol(), theater.Protocol(), stagenet.Protocol()}
}

// tape is a show in virtual time that is recorded.
type tape struct {
	*rehearse.Run
	t       *testing.T
	opts    rehearse.Options
	entries []journal.Entry
	batches []taken
	frame   *journal.Frame
}

// taken is a batch, when the engine took it.
type taken struct {
	engine.Batch
	at time.Duration
}

func (r *tape) Frame(f *level.Frame) {
	r.frame = &journal.Frame{At: f.At, Hash: f.Hash(r.Show().Registry())}
}

func (r *tape) Batch(b engine.Batch) { r.batches = append(r.batches, taken{b, r.Now()}) }

func (r *tape) record(input any) {
	r.entries = append(r.entries, input)
	if r.frame != nil {
		r.entries = append(r.entries, *r.frame)
		r.frame = nil
	}
}

// newTape begins to record a show.
func newTape(t *testing.T, seed uint64, folder fs.FS) *tape {
	t.Helper()
	r := blank(t, seed)
	r.load(folder)
	return r
}

// blank is a tape before the first load.
func blank(t *testing.T, seed uint64) *tape {
	t.Helper()
	r := &tape{t: t}
	r.opts = rehearse.Options{
		Name: "show", File: "show.lua", Dir: "show", Bind: bindings.New, Shipped: scripts.Files(), Protocols: protocols(),
		Rate: 44, Lookahead: 50 * time.Millisecond, Seed: seed, Frames: r, Record: r.record,
	}
	var err error
	if r.Run, err = rehearse.New(r.opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// lua is a folder with a show of one file.
func lua(text string) fs.FS { return fstest.MapFS{"show.lua": {Data: []byte(text)}} }

func (r *tape) load(folder fs.FS) {
	r.t.Helper()
	if err := r.Load(r.t.Context(), folder); err != nil {
		r.t.Fatal(err)
	}
}

// play plays for so long.
func (r *tape) play(d time.Duration) {
	r.t.Helper()
	if err := r.Until(r.t.Context(), r.Now()+d); err != nil {
		r.t.Fatal(err)
	}
}

// operate does what somebody asks.
func (r *tape) operate(op show.Operation) {
	r.t.Helper()
	if err := r.Show().Operate(op); err != nil {
		r.t.Fatal(err)
	}
}

// header is of the machine that it is recorded on.
func (r *tape) header() journal.Header {
	o := r.opts
	return record.Header(show.Config{Name: o.Name, File: o.File, Dir: o.Dir, Rate: o.Rate, Lookahead: o.Lookahead, Seed: o.Seed})
}

// config is of the machine that repeats it.
func (r *tape) config() show.Config {
	cfg := record.Config(r.header())
	cfg.Bind, cfg.Shipped = r.opts.Bind, r.opts.Shipped
	return cfg
}

// file is the recording as it comes out of a file.
func (r *tape) file() []byte { return r.part(r.header(), r.entries) }

// part is a recording of some entries as it comes out of a file.
func (r *tape) part(h journal.Header, entries []journal.Entry) []byte {
	r.t.Helper()
	record.Register(protocols())
	var b bytes.Buffer
	w, err := journal.Create(&b, h)
	if err != nil {
		r.t.Fatal(err)
	}
	for i, e := range entries {
		if _, ok := e.(journal.Frame); ok {
			continue
		}
		var frame *journal.Frame
		if i+1 < len(entries) {
			if f, ok := entries[i+1].(journal.Frame); ok {
				frame = &f
			}
		}
		if err := w.Input(show.NumberOf(e), e, frame); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

// player plays it, as it comes out of a file.
func (r *tape) player() *replay.Player {
	r.t.Helper()
	return r.playerOf(r.file())
}

func (r *tape) playerOf(file []byte) *replay.Player {
	r.t.Helper()
	rec, err := journal.Open(bytes.NewReader(file))
	if err != nil {
		r.t.Fatal(err)
	}
	p := replay.New(r.config(), rec, nil)
	r.t.Cleanup(p.Close)
	return p
}

// list is a recording in memory.
type list struct{ entries []journal.Entry }

func (l *list) Next() (journal.Entry, error) {
	if len(l.entries) == 0 {
		return nil, io.EOF
	}
	e := l.entries[0]
	l.entries = l.entries[1:]
	return e, nil
}
