package console

import "time"

// A View is what the console sees of a show. Its methods are safe from any goroutine, wait
// for nobody and cost no frame.
type View interface {
	// Scene is what only a load or a device that arrives changes. It is the same pointer
	// until then, and nobody changes what it points to.
	Scene() *Scene
	// Board is what people can operate and how it stands; the same pointer until
	// something of it changes.
	Board() *Board
	// Now is how the show stands at this moment.
	Now() Moment
	// Looks appends how each fixture of the scene looks, in its order.
	Looks(scene *Scene, to []Look) []Look
	// Levels appends the levels of an output as they go out, from slot 1, and of which an
	// operator holds any; nothing for an output that there is not.
	Levels(scene *Scene, output int, to []byte) []byte
	// Movers is how machinery stands, in the order of the scene.
	Movers(scene *Scene) []Mover
	// House is the network and the machine: what there is, what is missing, what was dropped.
	// It is asked once a second.
	House() *House
	// Log returns the lines after the line of number n, at most the last that are kept, and
	// Wait a channel that is closed when there is another.
	Log(after uint64) (lines []Line, wait <-chan struct{})
	// Alarm is the last error of a load or a handler, nil if nothing has failed since the
	// last good load.
	Alarm() *Alarm
	// Why tells what makes the level of a fixture's channel or attribute, or of all of them
	// if channel is "". The error is for people.
	Why(fixture, channel string) ([]Cause, error)
	// Copy is the present look of fixtures, or of what is held if none is named, as Lua
	// for a cue's look. The error is for people.
	Copy(fixtures []string) (string, error)
}

// Do has the show do something. It is safe from any goroutine.
type Do interface {
	// Do does what a command of showrun ctl does, and says what, for people. by is who
	// asks, for the log.
	Do(by, command string, words []string) (done string, err error)
	// Stop is the emergency stop; it waits for nobody.
	Stop(by string)
}

// A Scene is what a load has patched and declared.
type Scene struct {
	Generation int       `json:"generation"`
	Show       string    `json:"show"`
	File       string    `json:"file"`
	Fixtures   []Fixture `json:"fixtures"` // whole ones and parts; the number of one is its index
	Groups     []Group   `json:"groups"`
	Outputs    []Output  `json:"outputs"`
	Movers     []Machine `json:"movers"`
	Lists      []Cues    `json:"lists"` // in the order of the board
}

// A Fixture is one of the patch. A place is where it lies in a picture of 0-1 by 0-1, X to
// the right and Y down; every fixture has one, by the script or made.
type Fixture struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind,omitempty"`
	Of       int       `json:"of"` // the fixture it is a part of; -1 for a whole one
	X        float64   `json:"x"`
	Y        float64   `json:"y"`
	Placed   bool      `json:"placed"` // by the script
	Dims     bool      `json:"dims"`   // has an intensity
	Colors   bool      `json:"colors"` // has a colour
	Pan      *Range    `json:"pan,omitempty"`
	Tilt     *Range    `json:"tilt,omitempty"`
	Channels []Channel `json:"channels"`
}

// A Range is from one end to the other of a channel or an axis, in its unit.
type Range struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Unit string  `json:"unit,omitempty"`
}

// A Channel of a fixture, by the number of its output in the scene and its slots.
type Channel struct {
	Name   string `json:"name"`
	Output int    `json:"output"`
	Slot   int    `json:"slot"`
	Fine   int    `json:"fine,omitempty"` // 0 for 8 bits
	Class  string `json:"class"`          // intensity, color, position or beam
}

// A Group is fixtures by number.
type Group struct {
	Name     string `json:"name"`
	Fixtures []int  `json:"fixtures"`
}

// An Output is a universe, or whatever else has slots.
type Output struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Slots    int    `json:"slots"`
}

// A Machine is one that moves: a motion server with axes, or a valve.
type Machine struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // motion or valve
	Protocol string `json:"protocol"`
	Axes     []Axis `json:"axes,omitempty"`
}

// An Axis of a motion server with its limits.
type Axis struct {
	Name string `json:"name"`
	Range
}

// Cues are those of a list.
type Cues struct {
	List string `json:"list"`
	Cues []Cue  `json:"cues"`
}

// A Cue as people number it.
type Cue struct {
	Number string `json:"number"`
	Label  string `json:"label,omitempty"`
}

// A Board is what people can operate.
type Board struct {
	Params   []Param  `json:"params"`
	Triggers []string `json:"triggers"`
	Lists    []List   `json:"lists"`  // the first is the main list
	Master   float64  `json:"master"` // 0-255
	Blackout bool     `json:"blackout"`
	Holds    []Hold   `json:"holds"` // of the operator layer
}

// A Param is a value that people set: a number, a boolean or a text.
type Param struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // number, boolean or text
	Value   any      `json:"value"`
	Default any      `json:"default"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Step    float64  `json:"step,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	Choices []string `json:"choices,omitempty"`
}

// A List is how a cue list stands. Times are show times in seconds.
type List struct {
	Name    string  `json:"name"`
	Current string  `json:"current"` // number of the cue that was fired last; "" if none was
	Next    string  `json:"next"`    // of the cue that GO fires; "" at the end
	Pending string  `json:"pending"` // wait, follow or hang; "" if nothing fires by itself
	Cue     string  `json:"cue"`     // number of the cue that does
	Due     float64 `json:"due"`     // when
	From    float64 `json:"from"`    // the fades of the current cue
	To      float64 `json:"to"`
}

// A Hold is a value an operator holds above the script.
type Hold struct {
	Fixture string  `json:"fixture"`
	Channel string  `json:"channel"`         // of the fixture, or intensity or color
	Value   float64 `json:"value"`           // 0-255
	Color   string  `json:"color,omitempty"` // "#rrggbb", for color
	Gone    bool    `json:"gone,omitempty"`  // no fixture of the live load has it
}

// A Moment is how the show stands now.
type Moment struct {
	Time     float64  `json:"time"` // show time in seconds
	Beat     Beat     `json:"beat"`
	Decks    []Deck   `json:"decks"`
	Held     bool     `json:"held"`    // machinery is, by an emergency stop
	Pending  bool     `json:"pending"` // a new version waits for a reload
	NoScript bool     `json:"noScript"`
	Missing  []string `json:"missing"` // what is not there, and why
	Stuck    string   `json:"stuck,omitempty"`
	Disabled []string `json:"disabled"` // handlers that are not called any more
}

// A Beat is the line on which the beat goes: it is at Beat at show time Time and runs at
// Tempo. It changes when the line does.
type Beat struct {
	Time       float64 `json:"time"` // s
	Beat       float64 `json:"beat"`
	Tempo      float64 `json:"tempo"`      // BPM; 0 while it stands
	Nominal    float64 `json:"nominal"`    // BPM, as the source names it: Tempo differs while a correction runs
	Bar        int     `json:"bar"`        // beats
	Source     string  `json:"source"`     // "" = the show itself
	Confidence float64 `json:"confidence"` // 0-1
}

// A Deck of a player.
type Deck struct {
	Name    string  `json:"name"` // player and deck
	Title   string  `json:"title"`
	Artist  string  `json:"artist"`
	Playing bool    `json:"playing"`
	Leads   bool    `json:"leads"`
	OnAir   bool    `json:"onAir"`
	BPM     float64 `json:"bpm"`
	Beat    float64 `json:"beat"`   // at the time of the moment
	Length  float64 `json:"length"` // beats; 0 if it is not known
}

// A Look is how a fixture looks: what goes out, after the master.
type Look struct {
	Intensity uint8   // as light, 0-255
	R, G, B   uint8   // at full intensity
	Pan, Tilt float64 // degrees
	Held      bool    // an operator holds any of it
}

// A Mover is how a machine stands.
type Mover struct {
	Positions []float64 `json:"positions,omitempty"` // of the axes, as last told
	Open      float64   `json:"open,omitempty"`      // of a valve, 0-1
	Says      string    `json:"says,omitempty"`      // how it stands, in words
}

// A House is the network and the machine.
type House struct {
	Interface string    `json:"interface"`
	Devices   []Device  `json:"devices"` // that the show names
	Others    []Other   `json:"others"`  // that are there, and that it does not name
	Drops     []Drop    `json:"drops"`   // every counter of what came too late or not at all, also zeros
	Late      Histogram `json:"late"`    // of frames
	Handlers  []Handler `json:"handlers"`
	Memory    Memory    `json:"memory"`
	Frames    uint64    `json:"frames"`
	Rate      float64   `json:"rate"` // frames a second, over the last second
}

// A Device that the show names.
type Device struct {
	Name     string   `json:"name"`
	Protocol string   `json:"protocol"`
	State    string   `json:"state"` // there, waiting or missing
	Why      string   `json:"why,omitempty"`
	Leases   []string `json:"leases,omitempty"` // in words
}

// Other is something on the network.
type Other struct {
	Protocol string `json:"protocol"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	What     string `json:"what"`
}

// A Drop is a counter. Name is that of the metric, What for people.
type Drop struct {
	Name string `json:"name"`
	What string `json:"what"`
	Of   string `json:"of,omitempty"` // the device; "" = the show
	N    uint64 `json:"n"`
}

// A Histogram counts by upper bounds, in seconds; the last count is of what is above all.
type Histogram struct {
	Bounds []float64 `json:"bounds"`
	Counts []uint64  `json:"counts"`
	Sum    float64   `json:"sum"`
}

// A Handler of the script and the time it took, in seconds.
type Handler struct {
	Name  string  `json:"name"` // as in logs, with its line
	Calls uint64  `json:"calls"`
	Total float64 `json:"total"`
	Worst float64 `json:"worst"`
}

// Memory in bytes.
type Memory struct {
	Live  uint64 `json:"live"`
	Limit uint64 `json:"limit"`
	Tasks int    `json:"tasks"`
}

// A Line of the log.
type Line struct {
	Number uint64    `json:"number"` // from 1
	Time   time.Time `json:"time"`
	Level  string    `json:"level"` // debug, info, warn or error
	Text   string    `json:"text"`
	Trace  string    `json:"trace,omitempty"`
}

// An Alarm is an error that somebody has to see.
type Alarm struct {
	Number uint64    `json:"number"` // rises with each
	Time   time.Time `json:"time"`
	Text   string    `json:"text"` // with file and line
	Trace  string    `json:"trace,omitempty"`
}

// A Cause is one step of what makes a level, the nearest to the output first.
type Cause struct {
	Fixture string  `json:"fixture"`
	Channel string  `json:"channel"`
	Value   float64 `json:"value"`           // 0-255 after this step; of a color its red
	Color   string  `json:"color,omitempty"` // such as #ff0000, after this step, of a color
	Layer   string  `json:"layer"`           // blackout, master, operator, cue, script or default
	What    string  `json:"what"`            // in words
	Line    string  `json:"line,omitempty"`  // file:line
	Task    string  `json:"task,omitempty"`
	Cue     string  `json:"cue,omitempty"` // list and number
	Since   float64 `json:"since"`         // show time in seconds

	Event      string `json:"event,omitempty"` // topic of the event that it goes back to
	Generation int    `json:"generation"`      // of the load; 0 for none
}
