package theater

// Safe is what a machine is told when the show stops, fails or has crashed, and on
// an emergency stop (PROTOCOL.md ruling 6). The zero value is the default of the device.
type Safe int

// The safe actions.
const (
	// SafeDefault is SafeStop for motion and SafeEmpty for valves.
	SafeDefault Safe = iota
	// SafeStop: a motion device finishes what it has and is sent no more, a valve
	// device gets /move j 0 on both joints.
	SafeStop
	// SafeEmpty is for valves alone: SafeStop, then /empty.
	SafeEmpty
	// SafeHold sends nothing: valves stay as they are, under pressure or not. A
	// motion device does what it does on SafeStop, its motors hold by themselves.
	SafeHold
)

// ParseSafe reads stop, empty or hold; "" is the default of the device.
func ParseSafe(s string) (Safe, error) {
	for i, name := range [...]string{"", "stop", "empty", "hold"} {
		if s == name {
			return Safe(i), nil
		}
	}
	return 0, wrong("safe action %q: expected stop, empty or hold", s)
}

// check tells whether the action is one of those.
func (s Safe) check(possible ...Safe) error {
	for _, p := range possible {
		if s == p {
			return nil
		}
	}
	return wrong("safe action %d: this device has no such", int(s))
}
