package doctor

import "context"

// midiPorts looks whether the MIDI ports of this computer could be opened. It opens none: a
// show may use them.
func midiPorts(_ context.Context, m *Machine, _ Options) (list []Finding) {
	if m.System != "linux" {
		return []Finding{ok("ports of this computer are not played on %s; join a session of RTP-MIDI, or offer one", m.System)}
	}
	all, err := m.MIDI()
	if err != nil {
		return []Finding{warn("", "the MIDI ports cannot be listed: %v", err)}
	}
	for _, p := range all {
		if err := m.Access("/" + p.Device); err != nil {
			list = append(list, warn(m.joins(audio), "%s, /%s: %s may not open it: %v", p.Name, p.Device, m.User, err))
			continue
		}
		list = append(list, ok("%s, /%s: may be opened", p.Name, p.Device))
	}
	if len(list) == 0 {
		list = append(list, ok("this computer has no MIDI port"))
	}
	return list
}
