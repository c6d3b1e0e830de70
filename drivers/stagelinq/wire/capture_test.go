package wire

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// flow is one direction of a TCP connection in a capture, or all datagrams
// from one port.
type flow struct {
	src, dst string
}

// segment is the payload of one TCP packet.
type segment struct {
	sequence uint32
	syn      bool
	payload  []byte
}

// readCapture reads a big-endian pcap file of Ethernet frames and returns its UDP
// payloads and its TCP segments by direction.
func readCapture(t *testing.T, path string) (datagrams [][]byte, segments map[flow][]segment) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) < 24 || binary.BigEndian.Uint32(file) != 0xa1b2c3d4 || binary.BigEndian.Uint32(file[20:]) != 1 {
		t.Fatal("not a big-endian pcap of Ethernet frames")
	}
	segments = map[flow][]segment{}
	for rest := file[24:]; len(rest) > 0; {
		size := binary.BigEndian.Uint32(rest[8:])
		frame := rest[16 : 16+size]
		rest = rest[16+size:]
		if len(frame) < 34 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
			continue
		}
		ip := frame[14:]
		header := int(ip[0]&15) * 4
		ip, protocol := ip[:binary.BigEndian.Uint16(ip[2:])], ip[9] // without Ethernet padding
		body := ip[header:]
		at := func(address, port []byte) string {
			return fmt.Sprintf("%d.%d.%d.%d:%d", address[0], address[1], address[2], address[3], binary.BigEndian.Uint16(port))
		}
		switch protocol {
		case 17:
			datagrams = append(datagrams, body[8:])
		case 6:
			f := flow{at(ip[12:], body), at(ip[16:], body[2:])}
			segments[f] = append(segments[f], segment{
				sequence: binary.BigEndian.Uint32(body[4:]),
				syn:      body[13]&2 != 0,
				payload:  body[body[12]>>4*4:],
			})
		}
	}
	return datagrams, segments
}

// reassemble puts the segments of one direction in order.
func reassemble(t *testing.T, segments []segment) []byte {
	t.Helper()
	slices.SortStableFunc(segments, func(a, b segment) int { return int(int32(a.sequence - b.sequence)) })
	var stream []byte
	var next uint32
	started := false
	for _, s := range segments {
		if s.syn {
			next, started = s.sequence+1, true
		}
		if !started {
			next, started = s.sequence, true
		}
		skip := int32(next - s.sequence)
		if s.syn || len(s.payload) == 0 || skip >= int32(len(s.payload)) {
			continue // nothing, or a retransmission
		}
		if skip < 0 {
			t.Fatalf("hole of %d bytes in the capture", -skip)
		}
		stream = append(stream, s.payload[skip:]...)
		next += uint32(len(s.payload)) - uint32(skip)
	}
	return stream
}

const (
	captureFile   = "sc6000_boot_2022-09-03_01.pcap"
	captureMixer  = "169.254.128.36"
	capturePlayer = "169.254.69.199"
)

// TestCaptureStreams feeds the streams of a real session to the parsers in
// random pieces, so that every message is cut everywhere sooner or later.
func TestCaptureStreams(t *testing.T) {
	_, segments := readCapture(t, sharedData(t, captureFile))
	both := func(mixerPort, playerPort int) (toPlayer, toMixer []byte) {
		m, p := fmt.Sprintf("%s:%d", captureMixer, mixerPort), fmt.Sprintf("%s:%d", capturePlayer, playerPort)
		return reassemble(t, segments[flow{m, p}]), reassemble(t, segments[flow{p, m}])
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		toPlayer, toMixer := both(49153, 42923)
		checkMain(t, random, toPlayer, map[uint32]int{IDRequest: 1, IDReference: 11})
		checkMain(t, random, toMixer, map[uint32]int{IDRequest: 1, IDAnnounce: 6, IDReference: 11})

		toPlayer, toMixer = both(49154, 38631)
		checkStates(t, random, toPlayer, true)
		checkStates(t, random, toMixer, false)

		toPlayer, toMixer = both(49155, 42919)
		checkBeats(t, random, toPlayer, true, 0)
		checkBeats(t, random, toMixer, false, 440)
	}
}

// pieces calls feed with the stream cut at random places.
func pieces(random *rand.Rand, stream []byte, feed func([]byte)) {
	for len(stream) > 0 {
		n := min(len(stream), 1+random.IntN(200))
		feed(stream[:n])
		stream = stream[n:]
	}
}

func checkMain(t *testing.T, random *rand.Rand, stream []byte, want map[uint32]int) {
	t.Helper()
	got, again := map[uint32]int{}, []byte(nil)
	var buf []byte
	pieces(random, stream, func(piece []byte) {
		buf = append(buf, piece...)
		for {
			m, n, err := ParseMessage(buf)
			if err == ErrShort {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got[m.ID]++
			again = AppendMessage(again, m)
			buf = buf[n:]
		}
	})
	if len(buf) != 0 {
		t.Errorf("%d bytes left over", len(buf))
	}
	if string(again) != string(stream) {
		t.Error("encoded again, the stream is not the same")
	}
	for id, n := range want {
		if got[id] < n {
			t.Errorf("%d messages of id %d, want at least %d", got[id], id, n)
		}
	}
}

// frames calls take for each payload of a stream fed in pieces, and for the
// hello before them.
func frames(t *testing.T, random *rand.Rand, stream []byte, limit int, hello bool, take func([]byte)) (again []byte) {
	t.Helper()
	f := NewFramer(limit)
	pieces(random, stream, func(piece []byte) {
		for len(piece) > 0 {
			n := copy(f.Space(), piece)
			f.Advance(n)
			piece = piece[n:]
			if hello {
				m, ok, err := f.Hello()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					continue
				}
				again = AppendMessage(again, m)
				hello = false
			}
			for {
				payload, ok, err := f.Next()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				take(payload)
			}
		}
	})
	return again
}

func checkStates(t *testing.T, random *rand.Rand, stream []byte, hello bool) {
	t.Helper()
	var again []byte
	var names PathNames
	head := frames(t, random, stream, MaxStateFrame, hello, func(payload []byte) {
		m, err := names.ParseState(payload)
		if err == nil && m.Type != StateSubscribe {
			_, err = m.Value()
		}
		if err != nil {
			t.Fatal(err)
		}
		again = AppendState(again, m)
	})
	if string(append(head, again...)) != string(stream) {
		t.Error("encoded again, the stream is not the same")
	}
}

func checkBeats(t *testing.T, random *rand.Rand, stream []byte, hello bool, want int) {
	t.Helper()
	var again []byte
	var clock uint64
	emits := 0
	decks := make([]DeckBeat, 0, 4)
	head := frames(t, random, stream, MaxBeatFrame, hello, func(payload []byte) {
		kind, info, err := ParseBeatInfo(payload, decks)
		if err != nil {
			t.Fatal(err)
		}
		if kind != BeatEmit {
			again = AppendBeatCommand(again, kind)
			return
		}
		if emits++; info.Clock <= clock {
			t.Errorf("clock %d after %d", info.Clock, clock)
		}
		clock = info.Clock
		again = AppendBeatInfo(again, info)
	})
	if emits != want {
		t.Errorf("%d beat messages, want %d", emits, want)
	}
	if string(append(head, again...)) != string(stream) {
		t.Error("encoded again, the stream is not the same")
	}
}

func TestCaptureDatagrams(t *testing.T) {
	datagrams, _ := readCapture(t, sharedData(t, captureFile))
	names := map[string]int{}
	for _, b := range datagrams {
		a, err := ParseAnnouncement(b)
		if err != nil {
			continue // the capture holds other protocols too
		}
		names[a.Software]++
		if string(AppendAnnouncement(nil, a)) != string(b) {
			t.Errorf("encoded again, a datagram of %s is not the same", a.Software)
		}
	}
	for _, name := range []string{"JM08", "JP13", "OfflineAnalyzer"} {
		if names[name] < 10 {
			t.Errorf("%d datagrams of %s", names[name], name)
		}
	}
}
