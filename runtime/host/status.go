package host

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"showrun/runtime/console"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// Status is how a running show stands.
type Status struct {
	Show       string
	Time       time.Duration // since the start
	Generation int

	BPM        float64
	Beat       float64
	Stopped    bool
	Confidence float64 // of the beat, 0-1

	Frames       uint64
	LateP99      time.Duration // lateness of the last 256 frames
	LateWorst    time.Duration // since the start
	Universes    int
	Missing      []string // devices that are not there, and why
	Machines     int      // devices that move things
	Held         bool     // they are, by an emergency stop
	Stuck        string   // a device that does not come back from a call; "" = none
	StuckTimes   uint64   // that one did not
	NoScript     bool     // it was stuck, and no other has taken its place
	Deaf         bool     // OSC commands are not heard, the port is another program's
	Wakes        uint64   // of the script loop
	Repeated     uint64   // emergency stops right after another one
	Strangers    uint64   // OSC datagrams at the port of commands without one
	Broken       uint64   // and those with one that cannot be read
	Crowded      uint64   // OSC messages that operate the show, for which there was no room
	Unlogged     uint64   // log lines for which nobody made room
	Refused      uint64   // what the console did not do that somebody asked
	Unrecorded   uint64   // inputs and log lines that are not in the recording
	NotRecorded  string   // why nothing is recorded any more; "" while it is, or never was to be
	Dropped      uint64   // events and observations for which there was no room
	Counts       show.Counts
	NewVersion   bool     // waits until somebody asks for it
	ReloadErrors uint64   // since the last good load
	Waiting      []string // others on the network that its devices wait for
	Source       string   // what the tempo comes from; "" = the show itself
	Meter        []byte   // levels, from slot 1: what the rig's first universe shows, or else the first output of the show

	Board *show.Board // what people can operate, and how it stands

	Devices  []drop   // what devices had no room or no use for, by name
	Disabled []string // handlers that are not called any more, by name and line
}

// Status returns how the show stands; any goroutine.
func (h *Host) Status() Status {
	now := h.clock.Now()
	plan := h.show.Plan()
	turn := plan.Course.Turn(now)
	s := Status{
		Show: h.folder.Name, Time: now, Generation: int(h.generation.Load()),
		BPM: turn.Tempo, Beat: turn.Line.At(now).Float(), Stopped: turn.Line.Stopped, Confidence: plan.Confidence(now),
		ReloadErrors: h.reloadErrors.Load(), NewVersion: h.newer.Load(), Wakes: h.wakes.Load(),
		Missing: *h.missing.Load(), Machines: len(*h.machines.Load()), Held: h.held.Load(), NoScript: h.noScript.Load(), Deaf: h.deaf.Load(),
	}
	s.Repeated = h.repeated.Load()
	s.Stuck, s.StuckTimes = *h.stuck.Load(), h.stuckTimes.Load()
	if c := h.ear.Load(); c != nil {
		st := c.Stats()
		crowded := min(h.crowd.left.Load(), st.Unwanted) // nor are those wanted
		s.Strangers, s.Broken = st.Unwanted-crowded, st.Refused()
	}
	s.Crowded = h.crowd.left.Load() + h.panel.dropped.Load()
	s.Board = h.show.Board()
	s.Unlogged, s.Refused = h.opts.Unlogged(), h.opts.Refused()
	s.Unrecorded, s.NotRecorded = h.recording.lost()
	s.Counts = h.show.Counts()
	s.Dropped = s.Counts.Events + s.Counts.Observations
	s.Frames, s.LateP99, s.LateWorst = h.frames.read()
	for _, o := range *h.publishers.Load() {
		s.Universes += o.Universes()
	}
	s.Waiting, s.Source = h.waiting(), h.source(turn.Source)
	s.Meter = h.meter()
	s.Disabled = h.show.Disabled()
	s.Devices = tally(*h.counted.Load())
	return s
}

// tally words the counters of devices that are not zero.
func tally(devices map[string]device.Counted) (list []drop) {
	for _, name := range slices.Sorted(maps.Keys(devices)) {
		for _, c := range devices[name].Counts() {
			if c.N > 0 {
				list = append(list, drop{n: c.N, what: c.What, of: name})
			}
		}
	}
	return list
}

// meterSlots is how many levels are shown.
const meterSlots = 20

// meter is what the rig shows first or, without one, what goes to the first output of the
// show.
func (h *Host) meter() []byte {
	if h.rig != nil {
		return h.rig.Levels(meterSlots)
	}
	first := h.metered.Load()
	if first == nil {
		return nil
	}
	levels := make([]byte, min(meterSlots, h.show.Registry().Slots(*first)))
	for i := range levels {
		levels[i] = byte(math.Round(h.show.Levels().Shown(level.Address{Output: *first, Slot: int32(i + 1)})))
	}
	return levels
}

// firstOutput is that of the first fixture, or of the first device with outputs; nil if
// there is neither.
func firstOutput(l *show.Load) *level.Output {
	if all := l.Patch().Fixtures(); len(all) > 0 {
		return new(all[0].At.Output.Real())
	}
	for _, d := range l.Declarations() {
		if o, ok := d.(device.Outputs); ok && len(o.Outputs()) > 0 {
			return new(o.Outputs()[0])
		}
	}
	return nil
}

// String is a line for people.
func (s Status) String() string {
	from := ""
	if s.Source != "" {
		from = " from " + s.Source
	}
	text := fmt.Sprintf("generation %d, running for %v, %.1f BPM%s, universes: %d, frames %v late (99 of 100), failed reloads: %d, machines: %d",
		s.Generation, s.Time.Round(time.Second), s.BPM, from, s.Universes, s.LateP99.Round(10*time.Microsecond), s.ReloadErrors, s.Machines)
	if wait := slices.Concat(s.Missing, s.Waiting); len(wait) > 0 {
		text += ", WAITING FOR " + strings.Join(wait, ", ")
	}
	if s.NewVersion {
		text += ", A NEW VERSION IS WAITING for showrun ctl reload"
	}
	if s.Held {
		text += ", held by an EMERGENCY STOP"
	}
	text += s.operated()
	if len(s.Disabled) > 0 {
		text += ", NOT CALLED ANY MORE: " + strings.Join(s.Disabled, ", ")
	}
	if s.Stuck != "" {
		text += ", FRAMES STAND: " + s.Stuck + " does not come back from a call"
	}
	if s.NoScript {
		text += ", NO SCRIPT RUNS"
	}
	if s.NotRecorded != "" {
		text += ", NOT RECORDED ANY MORE: " + s.NotRecorded
	}
	for _, d := range s.drops() {
		if d.n > 0 {
			text += ", " + d.String()
		}
	}
	if s.Deaf {
		text += ", NO OSC COMMANDS: the port is taken"
	}
	return text
}

// operated says how what people operate stands.
func (s Status) operated() (text string) {
	if s.Board == nil {
		return ""
	}
	for i := range s.Board.Lists {
		text += ", " + s.Board.Lists[i].Describe(s.Time)
	}
	if params := s.Board.Settings(mostParams); params != "" {
		text += ", " + params
	}
	if s.Board.Master != 255 {
		text += fmt.Sprintf(", master %.0f%%", s.Board.Master/2.55)
	}
	if s.Board.Blackout {
		text += ", BLACKOUT"
	}
	return text
}

// mostParams is how many the status tells of; showrun ctl param tells of all.
const mostParams = 20

// drop is something that came too late or not at all, and how often.
type drop struct {
	n    uint64
	what string
	of   string // the device; "" = the show
	name string // of its metric
}

func (d drop) String() string {
	text := fmt.Sprintf("%d %s", d.n, d.what)
	if d.of != "" {
		text = d.of + ": " + text
	}
	return text
}

// drops are all that are counted.
func (s Status) drops() []drop {
	list := []drop{
		{n: s.Dropped, name: "events_lost", what: "EVENTS LOST: the script was too slow"},
		{n: s.Counts.Frames, name: "frames_left_out", what: "FRAMES LEFT OUT: the machine was too slow"},
		{n: s.Counts.Late, name: "late_batches", what: "looks of scheduled code late"},
		{n: s.Counts.Skipped, name: "skipped_beats", what: "beats or ticks left out: the script was more than a second late"},
		{n: s.Counts.Refused, name: "refused_handlers", what: "handlers not called: too many tasks are unfinished"},
		{n: s.Counts.Merged, name: "merged_events", what: "messages passed over for newer ones: the script was behind"},
		{n: s.Counts.Full, name: "refused_batches", what: "batches refused: too many wait"},
		{n: s.Counts.Unknown, name: "refused_commands", what: "commands refused"},
		{n: s.Counts.Lost, name: "lost_orders", what: "orders lost: their device was gone"},
		{n: s.Counts.Absent, name: "absent_orders", what: "orders not carried out: their device is not there yet"},
		{n: s.StuckTimes, name: "stuck_devices", what: "times a device held up the frames"},
		{n: s.Repeated, name: "repeated_stops", what: "stops came right after another one"},
		{n: s.Strangers, name: "osc_strangers", what: "OSC datagrams without a command"},
		{n: s.Broken, name: "osc_unreadable", what: "OSC datagrams cannot be read"},
		{n: s.Crowded, name: "osc_crowded", what: "OSC messages were too many to operate the show"},
		{n: s.Unlogged, name: "log_lines_dropped", what: "log lines dropped: nobody read them"},
		{n: s.Unrecorded, name: "unrecorded", what: "inputs and log lines are not in the recording"},
		{n: s.Refused, name: console.SumOfRefusals, what: "requests and connections to the console refused"},
	}
	return append(list, s.Devices...)
}

// since is what was dropped since another look, for people; "" if nothing was.
func (s Status) since(before Status) string {
	was := map[drop]uint64{}
	for _, d := range before.drops() {
		was[drop{what: d.what, of: d.of}] = d.n
	}
	var texts []string
	for _, d := range s.drops() {
		n := was[drop{what: d.what, of: d.of}]
		if d.n < n {
			n = 0 // a counter that began anew
		}
		if d.n -= n; d.n > 0 {
			texts = append(texts, d.String())
		}
	}
	return strings.Join(texts, ", ")
}

// dropsEvery is how often it is logged what was dropped, while something is.
const dropsEvery = time.Minute

// tellDrops logs what was dropped until ctx ends.
func (h *Host) tellDrops(ctx context.Context) {
	tick := time.NewTicker(dropsEvery)
	defer tick.Stop()
	for before := h.Status(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := h.Status()
		if text := now.since(before); text != "" {
			h.opts.Log.Warn("in the last minute: " + text)
		}
		before = now
	}
}
