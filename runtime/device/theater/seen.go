package theater

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	driver "showrun/drivers/theater"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// OutputName implements device.Labelled.
func (d *LightingDecl) OutputName(o level.Output) string {
	for _, f := range d.Fixtures {
		if f.Output == o {
			return "fixture " + f.ID.String()
		}
	}
	return ""
}

// Mechanism implements device.Mechanical.
func (d *MotionDecl) Mechanism() device.Mechanism {
	m := device.Mechanism{Kind: "motion"}
	for n, l := range d.Limits {
		a := device.Axis{Name: Axis(n).String(), Min: l.Min, Max: l.Max, Unit: "degrees"}
		if l.Min == 0 && l.Max == 0 {
			a.Min, a.Max = math.Inf(-1), math.Inf(1)
		}
		m.Axes = append(m.Axes, a)
	}
	return m
}

// Posture implements device.Posed.
func (m *Motion) Posture() device.Posture {
	at := now(m.env)
	p := device.Posture{Says: "stands"}
	var moves []string
	for n := range (driver.AxisLimits{}) {
		axis := Axis(n)
		p.Positions = append(p.Positions, m.driver.Position(at, axis))
		if left := m.driver.Pending(at, axis); left.Held+left.Sent > 0 {
			moves = append(moves, axis.String())
		}
	}
	if len(moves) > 0 {
		p.Says = "moves " + strings.Join(moves, ", ")
	}
	if m.held.Load() {
		p.Says = "held"
	}
	return p
}

// Mechanism implements device.Mechanical.
func (d *ValveDecl) Mechanism() device.Mechanism { return device.Mechanism{Kind: "valve"} }

// joints of a valve are 1 and 2.
const joints = 2

// A feeding is what the joints of a valve were told last, -100 to 100; nil as long as it was
// told nothing. It is not changed.
type feeding struct {
	pwm  [joints]float64
	told [joints]bool
	last string // "" while the joints count, else what has become of them
}

// tell notes what the valve was told.
func (v *Valve) tell(message any) {
	next := feeding{}
	switch o := message.(type) {
	case Feed:
		if before := v.feeding.Load(); before != nil {
			next = *before
		}
		if o.Joint >= 1 && o.Joint <= joints {
			next.pwm[o.Joint-1], next.told[o.Joint-1], next.last = o.PWM, true, ""
		}
	case Empty:
		next.last = "empty"
	}
	v.feeding.Store(&next)
}

// tellSafe notes that the safe action was performed.
func (v *Valve) tellSafe() {
	if safe, _ := driver.ParseSafe(*v.safe.Load()); safe != driver.SafeHold {
		v.feeding.Store(&feeding{last: "made safe"})
	}
}

// Posture implements device.Posed.
func (v *Valve) Posture() device.Posture {
	f := v.feeding.Load()
	if f == nil {
		f = &feeding{last: "told nothing yet"}
	}
	p := device.Posture{Says: f.last}
	var says []string
	for n, told := range f.told {
		if told {
			p.Open = max(p.Open, math.Abs(f.pwm[n])/100)
			says = append(says, fmt.Sprintf("joint %d %+.0f %%", n+1, f.pwm[n]))
		}
	}
	p.Says = cmp.Or(p.Says, strings.Join(says, ", "))
	if v.held.Load() {
		p.Says = "held"
	}
	return p
}
