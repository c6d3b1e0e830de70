package main

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// wallReadings are the methods and functions that make something of what the wall clock
// says, or a time without a reading of the monotonic one.
var wallReadings = []string{"time.Unix", "time.UnixMilli", "time.UnixMicro", "time.Date", "Unix", "UnixNano", "UnixMilli", "UnixMicro", "Round(0)"}

// wallUses are the files that do so, and why a wall clock that is set meanwhile reaches no
// timing there.
var wallUses = map[string]string{
	"runtime/clock/clock.go":                 "the age of a stamp, which is as old by the wall clock as by any",
	"runtime/script/world.go":                "what os.time and os.date tell a script, an input that is recorded",
	"runtime/script/lualib/os.go":            "os.time and os.date of a script",
	"bindings/at.go":                         "the times of show.at, which follow the wall clock by design",
	"runtime/almanac/sun.go":                 "the day whose sunrise and sunset are asked for",
	"runtime/rehearse/replay/moment.go":      "the day of a time of day within a recording",
	"bindings/osc/osc.go":                    "the time tag of a message, told to a script",
	"drivers/osc/timetag.go":                 "time tags, which are of the wall clock by the protocol and delay nothing here",
	"drivers/lan/multicast/conn.go":          "the age of a packet by the kernel's stamp, believed below one second; and a deadline long past",
	"drivers/lan/multicast/control_linux.go": "that stamp",
	"cmd/showrun/doctor/system.go":           "whether the clock of the machine is plausible, which is told to people",
	"drivers/stagelinq/sink.go":              "a deadline long past",
	"drivers/stagelinq/source/source.go":     "a deadline long past",
	"drivers/signet/output.go":               "a deadline long past",
	"drivers/sacn/output.go":                 "a deadline long past",
	"drivers/signet/node/machine.go":         "a deadline long past",
	"drivers/signet/manager/machine.go":      "a deadline long past",
}

// TestWallClock lists who goes by the wall clock, which may be set while a show runs: all
// other times have a reading of the monotonic clock, which is what Go compares them by.
// Session numbers and leases come from the state, not from a clock.
func TestWallClock(t *testing.T) {
	c := &checker{fset: token.NewFileSet()}

	packages, err := c.read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, p := range packages {
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if ok && slices.Contains(wallReadings, reading(call)) {
					found[c.fset.Position(n.Pos()).Filename] = true
				}
				return true
			})
		}
	}
	for _, file := range slices.Sorted(maps.Keys(found)) {
		if wallUses[file] == "" && !strings.HasPrefix(file, "cmd/showrun/soak/") {
			t.Errorf("%s goes by the wall clock: see that setting it does no harm, and say why", file)
		}
	}
	for file := range wallUses {
		if !found[file] {
			t.Errorf("%s does not go by the wall clock any more", file)
		}
	}
}

// reading names what is called, as wallReadings do.
func reading(call *ast.CallExpr) string {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
		return "time." + s.Sel.Name
	}
	if x, ok := s.X.(*ast.Ident); ok && x.Name == "unix" && len(call.Args) > 0 {
		return "" // of the system
	}
	if s.Sel.Name == "Round" && len(call.Args) == 1 {
		if zero, ok := call.Args[0].(*ast.BasicLit); ok && zero.Value == "0" {
			return "Round(0)"
		}
	}
	return s.Sel.Name
}
