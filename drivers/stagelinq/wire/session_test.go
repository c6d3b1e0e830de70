package wire

import (
	"math/rand/v2"
	"testing"
)

// TestSessionStreams feeds the streams of a session of a mixer with a player to the
// parsers in random pieces, so that every message is cut everywhere sooner or later.
func TestSessionStreams(t *testing.T) {
	streams := map[string][]byte{}
	for name, text := range loadVectors(t).Session.Streams {
		streams[name] = unhex(t, text)
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		checkMain(t, random, streams["main-to-player"], map[uint32]int{IDRequest: 1, IDReference: 12})
		checkMain(t, random, streams["main-to-mixer"], map[uint32]int{IDRequest: 1, IDAnnounce: 6, IDReference: 12})
		checkStates(t, random, streams["states-to-player"], true)
		checkStates(t, random, streams["states-to-mixer"], false)
		checkBeats(t, random, streams["beats-to-player"], true, 0)
		checkBeats(t, random, streams["beats-to-mixer"], false, 120)
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

func TestSessionDatagrams(t *testing.T) {
	names := map[string]int{}
	for _, text := range loadVectors(t).Session.Datagrams {
		b := unhex(t, text)
		a, err := ParseAnnouncement(b)
		if err != nil {
			names["none of ours"]++
			continue
		}
		names[a.Software]++
		if string(AppendAnnouncement(nil, a)) != string(b) {
			t.Errorf("encoded again, a datagram of %s is not the same", a.Software)
		}
	}
	for _, name := range []string{"JM08", "JP13", "OfflineAnalyzer", "none of ours"} {
		if names[name] != 10 {
			t.Errorf("%d datagrams of %s", names[name], name)
		}
	}
}
