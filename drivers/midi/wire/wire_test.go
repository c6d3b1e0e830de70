package wire

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMessages(t *testing.T) {
	for text, m := range map[string]Message{
		"80 3c 40":       {Kind: NoteOff, Channel: 1, Number: 60, Value: 64},
		"9f 3c 01":       {Kind: NoteOn, Channel: 16, Number: 60, Value: 1},
		"a1 3c 05":       {Kind: KeyPressure, Channel: 2, Number: 60, Value: 5},
		"b0 07 7f":       {Kind: ControlChange, Channel: 1, Number: 7, Value: 127},
		"c2 05":          {Kind: ProgramChange, Channel: 3, Number: 5},
		"d0 09":          {Kind: ChannelPressure, Channel: 1, Value: 9},
		"e0 00 40":       {Kind: PitchBend, Channel: 1},
		"e0 7f 7f":       {Kind: PitchBend, Channel: 1, Number: 8191},
		"f0 7e 7f 06 f7": {Kind: Sysex, Data: "\x7e\x7f\x06"},
		"f1 34":          {Kind: QuarterFrame, Number: 0x34},
		"f2 10 01":       {Kind: SongPosition, Number: 144},
		"f3 02":          {Kind: SongSelect, Number: 2},
		"f6":             {Kind: TuneRequest}, "f8": {Kind: Clock}, "fa": {Kind: Start}, "fb": {Kind: Continue}, "fc": {Kind: Stop},
		"fe": {Kind: ActiveSensing}, "ff": {Kind: Reset},
	} {
		b := unhex(t, text)
		if err := m.Check(); err != nil {
			t.Error(text, err)
		}
		if got := AppendMessage(nil, m); !bytes.Equal(got, b) {
			t.Errorf("%s: appended % x", text, got)
		}
		if got, err := ParseMessage(b); err != nil || got != m {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		for n := range b {
			if got, err := ParseMessage(b[:n]); err == nil {
				t.Errorf("% x is %+v", b[:n], got)
			}
		}
	}
}

// TestStream reads running status, messages amid others, what is cut off and what is none.
func TestStream(t *testing.T) {
	for in, want := range map[string]string{
		"90 3c 40 3c 00":          "90 3c 40|90 3c 00",
		"90 3c f8 40":             "f8|90 3c 40",
		"f0 01 f8 02 f7":          "f8|f0 01 02 f7",
		"f0 01 02 90 3c 40":       "90 3c 40", // the first was cut off
		"3c 40 90 3c 40":          "90 3c 40",
		"90 3c 40 f2 01 02 3c 40": "90 3c 40|f2 01 02", // which ends running status
		"90 3c 40 fd f9 3c 00":    "90 3c 40|90 3c 00", // which are none
		"f4 01 f5 02 c0 01 02":    "c0 01|c0 02",
		"f7 f0 f7":                "f0 f7",
		"90 3c 40 f0 01 f7 3c 40": "90 3c 40|f0 01 f7",
		"f0 " + strings.Repeat("01 ", MaxSysex) + "f7 c0 01": "c0 01",
	} {
		var s Stream
		var got []string
		for _, b := range unhex(t, in) {
			s.Feed([]byte{b}, func(m Message) { got = append(got, hex.EncodeToString(AppendMessage(nil, m))) })
		}
		if text := strings.Join(got, "|"); text != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%.60s: %s, want %s", in, text, want)
		}
	}
}

// TestQuarterFrames is the example of the standard: 01:37:52:16 at 30 frames a second
// (MIDI time code 1.0, "Quarter Frame Messages").
func TestQuarterFrames(t *testing.T) {
	l := Label{Rate30, 1, 37, 52, 16}
	want := [8]byte{0x00, 0x11, 0x24, 0x33, 0x45, 0x52, 0x61, 0x76}
	if got := QuarterFrames(l); got != want {
		t.Errorf("% x, want % x", got, want)
	}
	if got := LabelOfQuarters(want); got != l {
		t.Errorf("%v", got)
	}
	if got := AppendFullFrame(nil, l); !bytes.Equal(got, unhex(t, "7f 7f 01 01 61 25 34 10")) {
		t.Errorf("% x", got)
	}
}

// TestLabelsAndFrames goes over a whole day at each rate: labels and numbers are each
// other's, and of drop frames those that are left out are.
func TestLabelsAndFrames(t *testing.T) {
	for r := Rate24; r <= Rate30; r++ {
		for n := int64(0); n < r.framesOfDay(); n += 7 {
			l := LabelOf(r, n)
			if !l.Valid() || l.Number() != n {
				t.Fatalf("frame %d is %v, which is %d", n, l, l.Number())
			}
			if got := r.Frames(r.Time(n) + time.Microsecond); got != n {
				t.Fatalf("%v: %v is frame %d, want %d", r, r.Time(n), got, n)
			}
			if back, ok := ParseFullFrame(string(AppendFullFrame(nil, l))); !ok || back != l {
				t.Fatalf("%v comes back as %v", l, back)
			}
		}
	}
	for text, want := range map[string]int64{"00:00:59;29": 1799, "00:01:00;02": 1800, "00:10:00;00": 17982, "23:59:59;29": 2589407} {
		if l, err := ParseLabel(text, RateDrop); err != nil || l.Number() != want || l.String() != text {
			t.Errorf("%s: %d, %v", text, l.Number(), err)
		}
	}
	for _, text := range []string{"00:01:00;00", "24:00:00:00", "1", "00:00:00:30", "00:00:00:00:00", "-1:00:00:00", ""} {
		if l, err := ParseLabel(text, RateDrop); err == nil {
			t.Errorf("%q is %v", text, l)
		}
	}
}

func TestShowControl(t *testing.T) {
	for text, want := range map[string]ShowControl{
		"7f 03 02 01 01":                         {Device: 3, Format: 1, Command: ShowGo},
		"7f 7f 02 7f 01 31 32 2e 35 00 31 00 37": {Device: 127, Format: 127, Command: ShowGo, Cue: "12.5", List: "1", Path: "7"},
		"7f 00 02 01 04 61 00 02 05 32 31":       {Format: 1, Command: ShowTimedGo, HasTime: true, Time: Label{Rate30, 1, 0, 2, 5}, Hundred: 50, Cue: "1"},
		"7f 01 02 02 02 00 33":                   {Device: 1, Format: 2, Command: ShowStop, List: "3"},
		"7f 01 02 01 07 05":                      {Device: 1, Format: 1, Command: ShowFire, Data: "\x05"},
	} {
		b := unhex(t, text)
		if got, ok := ParseShowControl(string(b)); !ok || got != want {
			t.Errorf("%s: %+v", text, got)
		}
		if got := AppendShowControl(nil, want); !bytes.Equal(got, b) {
			t.Errorf("%s: appended % x", text, got)
		}
	}
	for _, text := range []string{"", "7f 03 02 01", "7e 03 02 01 01", "7f 03 02 01 04 01", "7f 03 02 01 01 41", "7f 03 02 01 01 31 2e", "7f 03 02 01 01 31 00 31 00 31 00 31"} {
		if got, ok := ParseShowControl(string(unhex(t, text))); ok {
			t.Errorf("%s is %+v", text, got)
		}
	}
}

func TestControls(t *testing.T) {
	for text, want := range map[string]Control{
		"ffff 494e 00000002 f7050f3b 5ba9d41e 6162 00":                                    {Command: Invitation, Token: 0xf7050f3b, SSRC: 0x5ba9d41e, Name: "ab"},
		"ffff 4f4b 00000002 f7050f3b 5ba9d41e 78 00":                                      {Command: Accepted, Token: 0xf7050f3b, SSRC: 0x5ba9d41e, Name: "x"},
		"ffff 4e4f 00000002 00000001 00000002":                                            {Command: Rejected, Token: 1, SSRC: 2},
		"ffff 4259 00000002 00000001 00000002":                                            {Command: Ended, Token: 1, SSRC: 2},
		"ffff 5253 00000002 12340000":                                                     {Command: Feedback, SSRC: 2, Sequence: 0x1234},
		"ffff 434b 00000002 01 000000 0000000000000001 0000000000000002 0000000000000000": {Command: ClockSync, SSRC: 2, Count: 1, Times: [3]uint64{1, 2, 0}},
	} {
		b := unhex(t, text)
		if got, err := ParseControl(b); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if got := AppendControl(nil, want); !bytes.Equal(got, b) {
			t.Errorf("%s: appended % x", text, got)
		}
		for n := range len(b) - 3 {
			ParseControl(b[:n])
		}
	}
}

// TestCommandLists reads delta times, running status and parts of system exclusive messages
// (RFC 6295 3).
func TestCommandLists(t *testing.T) {
	var l List
	var got []string
	read := func(delta bool, text string) bool {
		return l.Read(Packet{Delta: delta, Commands: unhex(t, text)}, func(ticks uint32, m Message) {
			got = append(got, hex.EncodeToString(append([]byte{byte(ticks)}, AppendMessage(nil, m)...)))
		})
	}
	for _, c := range []struct {
		delta bool
		text  string
		want  string
		good  bool
	}{
		{false, "90 3c 40", "00903c40", true},
		{true, "05 90 3c 40 03 3c 00", "05903c40|08903c00", true},
		{false, "90 3c 40 81 00 f8 00 3d 40", "00903c40|80f8|80903d40", true},
		{false, "90 3c 40 05", "00903c40", true}, // the last may be empty
		{false, "f0 01 02 f0", "", true},
		{false, "f8", "00f8", true},
		{false, "f7 03 f0", "", true},
		{false, "f7 04 f7", "00f001020304f7", true},
		{false, "f0 01 f0", "", true},
		{false, "f7 02 f4", "", true}, // taken back
		{false, "f7 03 f7", "", true},
		{false, "3c 40", "", false},
		{false, "90 3c", "", false},
		{false, "90 3c 90", "", false},
		{false, "f0 01 02", "", false},
		{true, "80 80 80 80 01", "", false},
		{false, "90 3c 40 ff", "00903c40", false},
	} {
		got = nil
		good := read(c.delta, c.text)
		if text := strings.Join(got, "|"); text != c.want || good != c.good {
			t.Errorf("%s: %s %v, want %s %v", c.text, text, good, c.want, c.good)
		}
	}
}

func TestPackets(t *testing.T) {
	long := slices.Repeat([]byte{0xf8, 0}, 40)
	for _, p := range []Packet{
		{Sequence: 1, Time: 2, SSRC: 3, Commands: []byte{0x90, 60, 1}},
		{Sequence: 65535, Time: 1 << 31, SSRC: 3, Commands: long, Journal: []byte{0, 0, 1}},
		{SSRC: 1, Delta: true, Commands: []byte{}, Journal: []byte{0, 0, 1}},
	} {
		b := AppendPacket(nil, p)
		if got, err := ParsePacket(b); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v comes back as %+v, %v", p, got, err)
		}
		for n := range b {
			ParsePacket(b[:n])
		}
	}
}

// TestJournal reads all chapters, and what AppendJournal makes.
func TestJournal(t *testing.T) {
	b := unhex(t, "60 1234 0004 0102"+ // with a system journal
		"001e ff"+ // channel 1, all chapters
		"050000"+ // program 5
		"01 077f 0b80"+ // controller 7; 11 is counted
		"0003 00"+ // parameters
		"0040"+ // bend 0
		"0113 3c e4 80 00 01"+ // note 60 with velocity 100; notes 8 and 31 are off
		"00 3c01"+"09"+"00 3c01")
	j, err := ParseJournal(b)
	program, bend, pressure := 5, 0, 9
	want := Journal{Checkpoint: 0x1234, Channels: []ChannelJournal{{
		Channel: 1, Program: &program, Controls: []Value{{7, 127}}, Bend: &bend, On: []Value{{60, 100}}, Off: []int{8, 31}, Pressure: &pressure,
	}}}
	if err != nil || !reflect.DeepEqual(j, want) {
		t.Errorf("%+v %v, want %+v", j, err, want)
	}
	for n := range b {
		if _, err := ParseJournal(b[:n]); err == nil && n > 0 {
			t.Errorf("%d bytes are a journal", n)
		}
	}
	notes := Journal{Checkpoint: 7, Channels: []ChannelJournal{{Channel: 2, On: []Value{{1, 2}, {3, 4}}, Off: []int{0, 64, 127}}, {Channel: 16, On: []Value{{5, 6}}}}}
	if back, err := ParseJournal(AppendJournal(nil, notes)); err != nil || !reflect.DeepEqual(back, notes) {
		t.Errorf("%+v %v", back, err)
	}
}

// TestJournalOfAllNotes: a length of 127 says 127 notes or all 128, by the octets behind it
// (RFC 6295 A.6.1).
func TestJournalOfAllNotes(t *testing.T) {
	for n := 125; n <= 128; n++ {
		var on []Value
		for i := range n {
			on = append(on, Value{i, 1 + i%127})
		}
		for _, off := range [][]int{nil, {127}} {
			if n == 128 && off != nil {
				continue
			}
			want := Journal{Channels: []ChannelJournal{{Channel: 1, On: on, Off: off}, {Channel: 2, Off: []int{5}}}}
			if back, err := ParseJournal(AppendJournal(nil, want)); err != nil || !reflect.DeepEqual(back, want) {
				t.Errorf("%d notes that sound, %v that do not: %d channels, %v", n, off, len(back.Channels), err)
			}
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{0x90, 60, 1, 60, 0, 0xf0, 1, 0xf8, 2, 0xf7})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again Stream
		var list, back []Message
		s.Feed(b, func(m Message) { list = append(list, m) })
		var out []byte
		for _, m := range list {
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
			out = AppendMessage(out, m)
		}
		again.Feed(out, func(m Message) { back = append(back, m) })
		if !slices.Equal(list, back) || again.Ignored > 0 {
			t.Fatalf("%v comes back as %v", list, back)
		}
	})
}

func FuzzPacket(f *testing.F) {
	f.Add(AppendPacket(nil, Packet{Commands: []byte{0x90, 60, 1, 3, 61, 1}, Journal: AppendJournal(nil, Journal{Channels: []ChannelJournal{{Channel: 1, Off: []int{1}}}})}))
	f.Add(AppendControl(nil, Control{Command: Invitation, Name: "x"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseControl(b); err == nil {
			if back, err := ParseControl(AppendControl(nil, c)); err != nil || back != c && len(c.Name) <= maxName {
				t.Fatalf("%+v comes back as %+v, %v", c, back, err)
			}
		}
		p, err := ParsePacket(b)
		if err != nil {
			return
		}
		var l List
		l.Read(p, func(_ uint32, m Message) {
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
		})
		if j, err := ParseJournal(p.Journal); err == nil {
			for _, c := range j.Channels {
				if c.Channel < 1 || c.Channel > 16 {
					t.Fatal(c.Channel)
				}
				for _, n := range c.Off {
					if n < 0 || n > 127 {
						t.Fatal(n)
					}
				}
			}
		}
	})
}

func FuzzSysexData(f *testing.F) {
	f.Add(string(AppendShowControl(nil, ShowControl{Format: 1, Command: ShowGo, Cue: "1", List: "2"})))
	f.Add(string(AppendFullFrame(nil, Label{Rate25, 1, 2, 3, 4})))
	f.Fuzz(func(t *testing.T, data string) {
		if l, ok := ParseFullFrame(data); ok && LabelOf(l.Rate, l.Number()) != l {
			t.Fatal(l)
		}
		if s, ok := ParseShowControl(data); ok && s.Command != ShowTimedGo {
			if back, ok := ParseShowControl(string(AppendShowControl(nil, s))); !ok || back != s {
				t.Fatalf("%+v comes back as %+v", s, back)
			}
		}
		if l, err := ParseLabel(data, RateDrop); err == nil && !l.Valid() {
			t.Fatal(l)
		}
	})
}
