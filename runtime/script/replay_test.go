package script

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
	"showrun/runtime/script/plain"
)

// restless asks for everything that is outside and gets stopped in many places.
const restless = `
local t = require "t"
print("loaded", os.time() > 0, os.getenv("HOME"), os.getenv("NONE"), t.level(1))
local function note(...) print(os.clock(), math.random(1000), ...) end
t.every("0.25", function() note("tick", os.date("%H:%M:%S %Z"), t.level(2)) t.emit(math.random()) end)
t.every("0.4", function() note(os.time(), os.time{ year = 2026, month = 7, day = math.random(28) }) t.sleep("0.1") t.emit(t.level(3)) end)
t.after("0.5", function()
	local n = 0
	while true do
		local ok, err = pcall(function() while true do n = n + 1 t.emit(n) if n % 1000 == 0 then note(n) end end end)
		note("never", ok, err)
	end
end)
t.after("0.75", function()
	local n = 0
	while true do
		local s = ("word "):rep(2000)
		s = s:gsub("%w+", function(w) n = n + 1 return w:upper() end)
		if n % 50000 == 0 then note(n, #s) end
	end
end)
t.after("1", function() while true do note((t.level(4))) end end)
t.every("0.3", function() local s = "" while true do s = s .. math.random(10) end end)
t.after("1.5", function() note(t.module("slow")) end)
t.after("2", function() t.level(5) t.hang() end)
t.every("0.1", function() note("ahead of it", tostring(collectgarbage("count") > 0)) end)
`

// performance is what a generation did.
type performance struct {
	prints, failures []string
	batches          []engine.Batch
}

// perform runs the restless show for three seconds of show time. Guards decide when
// guard says so, which makes them as arbitrary as real ones are.
func perform(t *testing.T, seed uint64, o *Oracle, hang func()) (p performance, err error) {
	t.Helper()
	now := time.Duration(0)
	start := time.Now()
	s := &stand{t: t}
	cfg := Config{
		Show: fstest.MapFS{"show.lua": {Data: []byte(restless)}}, Main: "show.lua",
		Number: 1, Seed: seed, Lookahead: lookahead, Plan: straight(beat.Timeline{Epoch: 1, BPM: 120}),
		Budget: 200_000_000, Guard: time.Duration(20+seed) * time.Millisecond, Grace: 2 * time.Second, Oracle: o,
		Now: func() time.Duration { return now }, Stopwatch: func() time.Duration { return time.Since(start) },
		Submit: func(b engine.Batch) uint64 { p.batches = append(p.batches, b); return 0 },
		Failed: func(f *Failure) { p.failures = append(p.failures, fmt.Sprintf("%+v", *f)) },
		Log:    slog.New(prints{&p.prints}),
	}
	cfg.Modules = []Module{{Name: "t", Open: func(g *Generation, L *lua.LState) *lua.LTable {
		m := s.module(g, L)
		m.RawSetString("level", L.NewFunction(func(L *lua.LState) int {
			L.Push(plain.Import(L, g.Ask(L.CheckInt(1))))
			return 1
		}))
		m.RawSetString("module", L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LString(fmt.Sprint(g.Ask("module"))))
			return 1
		}))
		m.RawSetString("hang", L.NewFunction(func(*lua.LState) int { hang(); return 0 }))
		return m
	}}}
	gen, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer gen.End()
	gen.Start(0)
	for more := false; now < 3*time.Second; {
		if !more {
			now = max(now, gen.Next())
		}
		if more, err = gen.Step(now); err != nil {
			break
		}
	}
	return p, err
}

// prints is a log that keeps the texts and where they come from, but nothing that
// was measured.
type prints struct{ list *[]string }

func (p prints) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelInfo {
		r.Attrs(func(a slog.Attr) bool { *p.list = append(*p.list, a.Value.String()+": "+r.Message); return true })
	}
	return nil
}
func (prints) Enabled(context.Context, slog.Level) bool { return true }
func (p prints) WithAttrs([]slog.Attr) slog.Handler     { return p }
func (p prints) WithGroup(string) slog.Handler          { return p }

func TestAReplayDoesTheSame(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var record []Heard
			questions := 0
			world := World{
				Wall:   func() time.Time { return time.Now().In(time.FixedZone("NFT", 11*3600)) },
				Clock:  func() time.Duration { questions++; return time.Duration(questions) * time.Millisecond },
				Getenv: func(name string) (string, bool) { return "/home", name == "HOME" },
				Other: func(question any) any {
					if n, ok := question.(int); ok && n == 3 {
						return float64(time.Now().UnixNano())
					}
					return plain.Table{{Key: "asked", Value: fmt.Sprint(question)}, {Key: 1.0, Value: true}}
				},
			}
			unhang := make(chan struct{})
			live, err := perform(t, seed, Live(world, func(h Heard) { record = append(record, h) }), func() { <-unhang })
			close(unhang)
			if !errors.Is(err, ErrStuck) {
				t.Fatalf("live: %v, %q", err, live.failures)
			}
			oracle := Replay(nil)
			oracle.Feed(carry(t, record)...)
			again, err := perform(t, seed, oracle, func() { t.Error("the revoked hand-over was run") })
			if !errors.Is(err, ErrStuck) || oracle.Err() != nil {
				t.Fatalf("replay: %v, %v", err, oracle.Err())
			}
			if !reflect.DeepEqual(live, again) {
				t.Errorf("the replay differs:\n%s", difference(live, again))
			}
			stops := 0
			for _, h := range record {
				if h.Stopped != "" {
					stops++
				}
			}
			if stops < 5 || len(live.prints) < 50 || !record[len(record)-1].Revoked {
				t.Errorf("%d stops, %d prints, last heard %+v", stops, len(live.prints), record[len(record)-1])
			}
		})
	}
}

// carry takes a record to another machine.
func carry(t *testing.T, record []Heard) (arrived []Heard) {
	t.Helper()
	for _, v := range AnswerTypes() {
		gob.Register(v)
	}
	var wire bytes.Buffer
	if err := gob.NewEncoder(&wire).Encode(record); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&wire).Decode(&arrived); err != nil {
		t.Fatal(err)
	}
	return arrived
}

// difference is where two performances part.
func difference(a, b performance) string {
	first := func(what string, a, b []string) string {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				return fmt.Sprintf("%s %d: %s\n against %s\n", what, i, a[i], b[i])
			}
		}
		return fmt.Sprintf("%d and %d %s\n", len(a), len(b), what)
	}
	texts := func(batches []engine.Batch) (list []string) {
		for _, b := range batches {
			list = append(list, fmt.Sprintf("%+v", b))
		}
		return list
	}
	return first("prints", a.prints, b.prints) + first("failures", a.failures, b.failures) + first("batches", texts(a.batches), texts(b.batches))
}

func TestAReplayTellsWhereItPartsFromItsRecord(t *testing.T) {
	for text, heard := range map[string]Heard{
		`t.run("a", function() os.time() end)`:             {},
		`t.run("a", function() os.time() end) --`:          {HandOver: 2, Answers: []any{1.0, 2.0}},
		`t.run("a", function() local n = 1 n = n + 1 end)`: {HandOver: 2, Stopped: "no reason", At: 99},
	} {
		o := Replay(nil)
		o.Feed(heard)
		s := live(t, text, func(c *Config) { c.Oracle = o })
		s.run(time.Second)
		if err := o.Err(); err == nil || !strings.Contains(err.Error(), "at hand-over 2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestTheAbandonedLearnNothing: a task that has been abandoned does not reach the world any
// more, which may be another's by then.
func TestTheAbandonedLearnNothing(t *testing.T) {
	asked := 0
	o := Live(World{Other: func(any) any { asked++; return 1.0 }}, nil)
	if answer, err := o.ask("before"); answer != 1.0 || err != nil {
		t.Errorf("answer %v, error %v", answer, err)
	}
	o.revoke()
	if _, err := o.ask("after"); err != errGone || asked != 1 {
		t.Errorf("error %v, asked %d times", err, asked)
	}
}
