package signet

import (
	"maps"
	"slices"

	"showrun/runtime/device"
)

// dropped counts packets by why they were dropped.
func dropped(reasons map[string]uint64) (list []device.Count) {
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		list = append(list, device.Count{What: "packets dropped: " + why, N: reasons[why]})
	}
	return list
}

// Counts implements device.Counted.
func (s *Sender) Counts() []device.Count {
	st := s.sender().Stats()
	return append(dropped(st.Received.Dropped()),
		device.Count{What: "packets not sent", N: st.Errors},
		device.Count{What: "packets of another device with the same TUID", N: st.Duplicates})
}

// Counts implements device.Counted.
func (r *Receiver) Counts() []device.Count {
	st := r.driver.Load().Stats()
	return append(dropped(st.Drops),
		device.Count{What: "packets of sources without room", N: st.Refused},
		device.Count{What: "priorities above the highest", N: st.Clamped})
}

// Counts implements device.Counted.
func (m *Manager) Counts() []device.Count { return dropped(m.driver.Load().Stats().Drops) }
