package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/drivers/osc"
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/control"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

var registered = sync.OnceFunc(func() { record.Register(hearing(nil)) })

// trace notes all that leaves a machine, with outputs by their keys.
type trace struct {
	registry func() *level.Registry
	mu       sync.Mutex
	lines    []string
}

var outputNumber = regexp.MustCompile(`Output:(\d+)`)

func (t *trace) note(format string, args ...any) {
	line := outputNumber.ReplaceAllStringFunc(fmt.Sprintf(format, args...), func(s string) string {
		n, _ := strconv.Atoi(s[len("Output:"):])
		return "Output:" + t.registry().Key(level.Output(n))
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
}

func (t *trace) Frame(f *level.Frame) {
	t.note("frame %d at %d woken %t: %016x", f.Seq, f.At, f.Woken, f.Hash(t.registry()))
}
func (t *trace) Order(o engine.DueOrder) { t.note("order at %d: %s %+v", o.At, o.Device, o.Message) }
func (t *trace) Batch(b engine.Batch)    { t.note("batch %+v", b) }

func (t *trace) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lines
}

// recorded reads what a run has recorded.
func recorded(t *testing.T, path string) (h journal.Header, entries []journal.Entry) {
	t.Helper()
	registered()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := journal.Open(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := r.Next()
		if err == io.EOF {
			return r.Header, entries
		}
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
}

// hostile is a show that does all that is hard to repeat: it asks clocks, the
// environment, levels and devices, follows a deck, moves the tempo, fails, loops until
// it is stopped by its budget, by a guard, and for good.
const hostile = `local clock, stage, show = require "clock", require "stage", require "show"
local signet, stagelinq, osc, theater = require "signet", require "stagelinq", require "osc", require "theater"
local dj, net = stagelinq.sink{}, signet.sender{}
local out, rx = osc.sender{ port = %d }, osc.receiver{ port = %d }
local wash = stage.fixture{ name = "wash", kind = "rgb", at = net:universe(1):slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = net:universe(2):slot(1) }
local motion = theater.motion{ port = 21000 }
local valve = theater.valve{ port = 23000 }
local deck = dj:deck(1)
show.state.loads = (show.state.loads or 0) + 1
show.state.deep = show.state.deep or { n = 0 }
local deep = show.state.deep
clock.follow(dj:master())
clock.on_beat(1, function(b)
  deep.n = deep.n + 1
  wash:set{ red = math.random(0, 255), green = b.number %% 256, blue = wash:get("red") / 2 }
  wash:fade({ red = 0 }, "1/2b")
  out:send("/beat", b.number, deck.beat, deck.title, deep.n, os.time(), os.getenv("HOME"))
end)
clock.on_beat("1/3b", function() spot:fade(math.random(0, 255), 0.05) end)
deck:on_beat(2, function(b) out:send("/deck", b.count) motion:spline("x", { 1, 2, 3 }) end)
deck:on("jump", function(d) out:send("/jump", d.beat) end)
clock.every(0.1, function() valve:move(1, math.random(-100, 100)) out:send("/pending", motion:pending("x")) end)
clock.every(0.35, function() error("once more") end)
clock.after(0.2, function() out:send("/near", select(2, pcall(require, "nearr")), select(2, pcall(function() return near.x end))) end)
clock.after(0.4, function() while true do end end)
clock.after(0.7, function() return ("x"):rep(40000):gsub(".", "%%0%%0") end)
rx:on("/hit", function(_, n) spot:set(n) out:send("/hit", n, os.clock() >= 0) end)
show.param{ "speed", default = 0.5, min = 0, max = 1 }:on(function(v) spot:fade(v * 255, 0.3) end)
local main = require "cue".list{}
for i = 1, 9 do main:cue{ i, look = { [wash] = { red = i * 20 } }, fade = 0.1 } end
clock.on("tempo", function(bpm) out:send("/tempo", bpm) end)
show.on("emergency", function(on) out:send("/emergency", on) end)
show.on("reload", function() clock.follow("internal") clock.set_tempo(90 + show.generation)
  clock.after(0.2, function() clock.nudge(0.3) clock.nudge(2.5) clock.follow(dj:master()) end) end)
show.on("stop", function() wash:set(0) out:send("/bye", show.state.loads) spot:fade(9, 0.1) clock.sleep(0.2) spot:fade(99, 0.1) out:send("/gone", os.clock() >= 0) end)
if show.generation == 2 then clock.after(0.25, function() load("return a" .. ("+a"):rep(3000)) end) end
`

// exact is a show whose light is made of all by which Lua could tell two runs apart: clocks,
// memory, the names of objects, the order of tables, chance, and errors.
const exact = `local clock, stage = require "clock", require "stage"
local one = require "signet".sender{}:universe(1)
local function print_of(value)
  local n = 7
  for byte in tostring(value):gmatch "." do n = (n * 31 + byte:byte()) % 251 end
  return n
end
local bag, weak = {}, setmetatable({}, { __mode = "k" })
for i = 1, 40 do bag["k" .. i], bag[{}], bag[function() end] = i, i, i end
local tells = {
  function() return {} end, function() return function() end end, function() return coroutine.create(print) end,
  function() return print end, function() return one end, function() return string.format("%s", {}) end,
  function() return os.clock() end, function() return os.time() end, function() return os.date() end,
  function() return os.getenv "HOME" end, function() return collectgarbage("count") end, function() return clock.time() end,
  function() return math.random() end, function() return select(2, pcall(error, {})) end, function() return string.format("%p", {}) end,
  function() local order = "" for _, v in pairs(bag) do order = order .. v .. " " end return order end,
  function() local order = "" for k in pairs(_G) do order = order .. tostring(k) end return order end,
  function() weak[{}] = true local n = 0 for _ in pairs(weak) do n = n + 1 end return n end,
  function() return require "near" end,
}
local lamps = {}
for i in ipairs(tells) do lamps[i] = stage.fixture{ name = "lamp " .. i, kind = "dimmer", at = one:slot(i) } end
clock.every("50ms", function()
  for i, tell in ipairs(tells) do
    local _, value = pcall(tell)
    lamps[i]:set(print_of(value))
  end
end)
`

// TestRecordingIsWhole: what entered a live show, written down and read again, makes
// a second machine submit the same batches, and send the same orders and frames, bit for
// bit. The show is loaded again, broken, operated, stopped, sought and flooded meanwhile.
func TestRecordingIsWhole(t *testing.T) {
	seeds, length := 1, time.Second
	if *measureFor > 0 {
		seeds, length = 20, 2500*time.Millisecond
	}
	shows := map[string]func(t *testing.T, dir string) (file, text string){
		"hostile": func(t *testing.T, dir string) (string, string) {
			save(t, filepath.Join(dir, "near.lua"), "return {}") // that errors know of
			return filepath.Join(dir, "show.lua"), fmt.Sprintf(hostile, freeUDP(t), freeUDP(t))
		},
		"exact": func(t *testing.T, dir string) (string, string) {
			save(t, filepath.Join(dir, "near.lua"), "return tostring(os.clock())")
			return filepath.Join(dir, "show.lua"), exact
		},
	}
	for _, name := range []string{"first-light", "two-worlds"} {
		shows[name] = func(t *testing.T, dir string) (string, string) {
			text, err := os.ReadFile(filepath.Join("../../examples", name, "show.lua"))
			if err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "show.lua"), string(text)
		}
	}
	for name, make := range shows {
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
				t.Parallel()
				file, text := make(t, t.TempDir())
				repeat(t, file, text, uint64(seed+1), length)
			})
		}
	}
}

// repeat runs a show while it is troubled, and feeds what was recorded to a second
// machine.
func repeat(t *testing.T, file, text string, seed uint64, length time.Duration) {
	save(t, file, text)
	var h *Host
	tape := filepath.Join(t.TempDir(), "night.recording")
	live := &trace{registry: func() *level.Registry { return h.show.Registry() }}
	log := newLines()
	opts := Options{
		Show: file, Rig: true, Seed: seed, Frames: live, Record: tape, Log: log.logger(), Reload: ReloadManual,
		Budget: 2e6, Guard: 150 * time.Millisecond, Grace: 20 * time.Millisecond, For: length, ExitTime: time.Second, Exit: ExitBlackout,
		Bind: bindings.New, Protocols: hearing(nil), Ports: freePorts(t), StateDir: t.TempDir(),
	}
	h, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	troubled, calm := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); trouble(troubled, h, file, text, seed) }()
	err = h.Run(context.Background())
	calm()
	<-done
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if n, why := h.recording.lost(); n > 0 || why != "" {
		t.Fatalf("%d inputs are not recorded: %s", n, why)
	}
	replay(t, tape, live, log)
	tails(t, tape)
}

// tails begins at checkpoints of a recording, and compares what comes of that.
func tails(t *testing.T, tape string) {
	t.Helper()
	header, entries := recorded(t, tape)
	tried, equal := 0, 0
	for i, e := range entries {
		begin, ok := e.(show.Checkpoint)
		if !ok || tried == 4 {
			continue
		}
		tried++
		var again *show.Replay
		is := &hashes{trace: &trace{registry: func() *level.Registry { return again.Registry() }}}
		cfg := record.Config(header)
		cfg.Bind, cfg.Frames = bindings.New, is
		again = show.NewReplay(cfg)
		last := uint64(0)
		for _, e := range entries[i:] {
			switch e := e.(type) {
			case journal.Line:
			case journal.Frame:
				if last > begin.Turn && e != is.frame {
					t.Fatalf("from checkpoint %d on, after input %d: recorded %v, replayed %v", begin.Number, last, e, is.frame)
				}
				equal++
			default:
				last = show.NumberOf(e)
				if err := again.Feed(e); err != nil {
					t.Fatalf("from checkpoint %d on, input %d, %T: %v", begin.Number, last, e, err)
				}
			}
		}
		again.Close()
	}
	t.Logf("from %d checkpoints on, %d frames equal", tried, equal)
}

// hashes notes the frames of a machine.
type hashes struct {
	*trace
	frame journal.Frame
}

func (h *hashes) Frame(f *level.Frame) {
	h.trace.Frame(f)
	h.frame = journal.Frame{At: f.At, Hash: f.Hash(h.registry())}
}

// replay feeds what a host has recorded to a second machine and compares what leaves it with
// what the recording says of frames, and with what left the first.
func replay(t *testing.T, tape string, live *trace, log *lines) (inputs []any) {
	t.Helper()
	header, entries := recorded(t, tape)
	var again *show.Replay
	replayed := &hashes{trace: &trace{registry: func() *level.Registry { return again.Registry() }}}
	cfg := record.Config(header)
	cfg.Bind, cfg.Frames = bindings.New, replayed
	again = show.NewReplay(cfg)
	frames := 0
	for i, in := range entries {
		switch e := in.(type) {
		case journal.Line:
			continue
		case journal.Frame:
			frames++
			if e != replayed.frame {
				t.Fatalf("entry %d: recorded %v, replayed %v", i, e, replayed.frame)
			}
			replayed.frame = journal.Frame{}
			continue
		}
		if replayed.frame != (journal.Frame{}) {
			t.Fatalf("before entry %d: a frame that was not recorded, %v", i, replayed.frame)
		}
		inputs = append(inputs, in)
		if err := again.Feed(in); err != nil {
			want, got := live.all(), replayed.all()
			differ(t, want, got)
			t.Fatalf("input %d, %T: %v\nnext live: %s\nlog\n%s", i, in, err, strings.Join(want[len(got):min(len(want), len(got)+2)], "\n"), log)
		}
	}
	want, got := live.all(), replayed.all()
	differ(t, want, got)
	if len(want) != len(got) {
		t.Fatalf("%d lines live, %d replayed", len(want), len(got))
	}
	if frames == 0 {
		t.Error("no frame is recorded")
	}
	t.Logf("%d inputs, %d frames, %d lines of output equal", len(inputs), frames, len(want))
	return inputs
}

// TestARecordRepeatsAnArrival: a device that comes while the show runs is in its record.
func TestARecordRepeatsAnArrival(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`local u = require "signet".sender{}:universe(1)
local rx = require "osc".receiver{ port = %d }
require "clock".every(0.05, function() u:set(1, math.random(255)) end)`, taken.LocalAddr().(*net.UDPAddr).Port))
	tape, log := filepath.Join(t.TempDir(), "night.recording"), newLines()
	var h *Host
	live := &trace{registry: func() *level.Registry { return h.show.Registry() }}
	h, stop := runLive(t, Options{Show: file, Rig: true, Seed: 1, Log: log.logger(), Frames: live, Record: tape})
	log.await(t, "a device is not there", 1)
	taken.Close()
	log.await(t, "a device that was not there is", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	arrived := 0
	for _, in := range replay(t, tape, live, log) {
		turn, _ := in.(show.EngineTurn)
		for _, x := range turn.Inputs {
			if _, ok := x.(show.Arrived); ok {
				arrived++
			}
		}
	}
	if arrived != 1 {
		t.Errorf("%d arrivals in the record", arrived)
	}
}

// differ fails at the first line that is another one.
func differ(t *testing.T, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("of %d and %d lines, line %d differs: live\n%s\nreplayed\n%s", len(want), len(got), i, want[i], got[i])
		}
	}
}

// trouble does to a show what happens on a bad night.
func trouble(ctx context.Context, h *Host, file, text string, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	player := h.rig.Parts()["stagelinq"].(*stagelinq.Rig).Player()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if h.generation.Load() == 0 {
			continue // a first load that is broken is no show
		}
		if rng.IntN(6) == 0 {
			h.show.Checkpoint()
		}
		switch rng.IntN(14) {
		case 0:
			os.WriteFile(file, []byte(text+fmt.Sprintf("\n-- %d\n", n)), 0o600)
			h.askReload("test")
		case 1:
			os.WriteFile(file, []byte("local broken = "), 0o600)
			h.askReload("test")
		case 2:
			h.EmergencyStop("test")
		case 3, 4:
			h.Release("test")
		case 5:
			player.Do(func(p *source.Player, now time.Time) { p.SeekBeat(1, float64(rng.IntN(100)), now) })
		case 6:
			player.Do(func(p *source.Player, now time.Time) { p.SetPitch(1, float64(rng.IntN(20)), now) })
		case 7, 8:
			words := [][]string{{"master", "50", "1"}, {"blackout", "on"}, {"blackout", "off"}, {"param", "speed", "0.3"}, {"go"}, {"hold", "wash", "red"}, {"unhold", "wash"}}
			w := words[rng.IntN(len(words))]
			h.command(control.Request{Command: w[0], Words: w[1:]}) // what there is not is refused
		default:
			if port, ok := hitPort(text); ok {
				if out, err := osc.Dial(fmt.Sprintf("127.0.0.1:%d", port), ""); err == nil {
					for range 5 {
						out.Send(osc.Message{Address: "/hit", Args: []any{int32(rng.IntN(256))}})
					}
					out.Close()
				}
			}
		}
	}
}

var receiverPort = regexp.MustCompile(`osc\.receiver\{ port = (\d+) \}`)

func hitPort(text string) (int, bool) {
	m := receiverPort.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	port, err := strconv.Atoi(m[1])
	return port, err == nil
}

// freeUDP finds a port of loopback.
func freeUDP(t *testing.T) int {
	t.Helper()
	for _, port := range freePorts(t) {
		return port
	}
	return 0
}

// TestTraceNamesOutputs: the comparison above does not go by numbers of this process.
func TestTraceNamesOutputs(t *testing.T) {
	var r level.Registry
	r.Output("a universe", 512)
	tr := &trace{registry: func() *level.Registry { return &r }}
	tr.note("%+v", level.Address{Output: 0, Slot: 3})
	if !strings.Contains(tr.lines[0], "a universe") {
		t.Error(tr.lines[0])
	}
}
