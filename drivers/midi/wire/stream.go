package wire

// A Stream takes the bytes of a cable apart: running status, real-time messages amid
// others, system exclusive messages that another message cuts off (MIDI 1.0, "Data
// Format"). The zero value is ready. It keeps at most MaxSysex bytes.
type Stream struct {
	Ignored uint64 // bytes that belong to no message

	status byte // that counts for what comes; 0 for none
	data   [2]byte
	have   int8
	sysex  []byte
	within bool // a system exclusive message
	over   bool // it is too long, and dropped
}

// Feed takes bytes and calls f with every message that is whole.
func (s *Stream) Feed(b []byte, f func(Message)) {
	for _, c := range b {
		s.feed(c, f)
	}
}

func (s *Stream) feed(c byte, f func(Message)) {
	switch {
	case realtime(c) && lengths[c] == 0:
		f(Message{Kind: Kind(c)})
	case realtime(c):
		s.Ignored++ // not defined: it changes nothing
	case c == endOfSysex:
		s.end(f)
	case c >= 0x80:
		s.begin(c, f)
	case s.within:
		s.collect(c)
	default:
		s.value(c, f)
	}
}

// begin takes a status byte.
func (s *Stream) begin(c byte, f func(Message)) {
	s.drop()
	s.status, s.have = c, 0
	switch n := lengths[c]; {
	case c == byte(Sysex):
		s.within, s.over = true, false
	case n < 0:
		s.status = 0
		s.Ignored++
	case n == 0:
		s.status = 0
		f(Message{Kind: Kind(c)})
	}
}

// drop forgets what was not finished.
func (s *Stream) drop() {
	s.Ignored += uint64(s.have) + uint64(len(s.sysex))
	s.sysex, s.within, s.have = s.sysex[:0], false, 0
}

func (s *Stream) collect(c byte) {
	if s.over || len(s.sysex) >= MaxSysex-2 {
		s.over = true
		s.Ignored++
		return
	}
	s.sysex = append(s.sysex, c)
}

// end takes the last byte of a system exclusive message.
func (s *Stream) end(f func(Message)) {
	if s.within && !s.over {
		f(Message{Kind: Sysex, Data: string(s.sysex)})
		s.sysex = s.sysex[:0]
	} else {
		s.Ignored++
	}
	s.drop()
	s.status = 0
}

// value takes a data byte.
func (s *Stream) value(c byte, f func(Message)) {
	if s.status == 0 {
		s.Ignored++
		return
	}
	s.data[s.have] = c
	s.have++
	if s.have < lengths[s.status] {
		return
	}
	m := messageOf(s.status, s.data)
	s.have, s.data = 0, [2]byte{}
	if s.status >= 0xf0 {
		s.status = 0 // they end running status
	}
	f(m)
}
