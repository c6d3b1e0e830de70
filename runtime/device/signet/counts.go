package signet

import (
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
)

// dropped counts packets by why they were dropped, whether any was or not.
func dropped(reasons map[string]uint64) (list []device.Count) {
	for v := range wire.VerdictCount {
		if why := v.String(); v.Dropped() {
			list = append(list, device.Count{Name: "packets_dropped_" + why, What: "packets dropped: " + why, N: reasons[why]})
		}
	}
	return list
}

// Counts implements device.Counted.
func (s *Sender) Counts() []device.Count { return s.tally.Sum(s.counts) }

func (s *Sender) counts() []device.Count {
	st := s.sender().Stats()
	return append(dropped(st.Received.Dropped()),
		device.Count{Name: "packets_not_sent", What: "packets not sent", N: st.Errors},
		device.Count{Name: "packets_duplicate_tuid", What: "packets of another device with the same TUID", N: st.Duplicates})
}

// Counts implements device.Counted.
func (r *Receiver) Counts() []device.Count { return r.tally.Sum(r.counts) }

func (r *Receiver) counts() []device.Count {
	st := r.driver.Load().Stats()
	return append(dropped(st.Drops),
		device.Count{Name: "packets_no_room", What: "packets of sources without room", N: st.Refused},
		device.Count{Name: "priorities_clamped", What: "priorities above the highest", N: st.Clamped})
}

// Counts implements device.Counted.
func (m *Manager) Counts() []device.Count { return m.tally.Sum(m.counts) }

func (m *Manager) counts() []device.Count { return dropped(m.driver.Load().Stats().Drops) }
