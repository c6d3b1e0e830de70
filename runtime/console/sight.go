package console

import (
	"fmt"
	"strconv"
	"strings"
)

// A sight is what a page sees besides what all see.
type sight struct {
	stage, network, log bool
	outputs             map[int]struct{} // never changed once somebody else has it
}

// maxOutputs is how many outputs a page sees the levels of.
const maxOutputs = 64

// parseSight reads the names of what a page wants to see.
func parseSight(names []string) (s sight, err error) {
	for _, name := range names {
		number, isOutput := strings.CutPrefix(name, "output:")
		switch {
		case name == "stage":
			s.stage = true
		case name == "network":
			s.network = true
		case name == "log":
			s.log = true
		case name == "now":
		case isOutput:
			n, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return sight{}, fmt.Errorf("an output is seen by its number in the scene, got %q", clip(name))
			}
			if s.outputs == nil {
				s.outputs = map[int]struct{}{}
			}
			s.outputs[int(n)] = struct{}{}
		default:
			return sight{}, fmt.Errorf("there are now, stage, network, log and output:N to see, not %q", clip(name))
		}
	}
	if len(s.outputs) > maxOutputs {
		return sight{}, fmt.Errorf("at most %d outputs can be seen at a time", maxOutputs)
	}
	return s, nil
}

// add adds what somebody else sees.
func (s *sight) add(o sight) {
	s.stage, s.network, s.log = s.stage || o.stage, s.network || o.network, s.log || o.log
	for n := range o.outputs {
		if s.outputs == nil {
			s.outputs = map[int]struct{}{}
		}
		s.outputs[n] = struct{}{}
	}
}
