package beat

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// sharedData returns the path of a file of the test data beside the repository.
func sharedData(t *testing.T, elements ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = parent
	}
	return filepath.Join(append([]string{dir, "..", "shared", "data"}, elements...)...)
}

// tcpBytes is a piece of one direction of a TCP connection.
type tcpBytes struct {
	at   time.Duration // since the first packet of the capture
	data []byte
}

// tcpFrom returns what a TCP port sent, in order and without repetitions, from
// a classic pcap file of Ethernet frames in big-endian byte order.
func tcpFrom(t *testing.T, file []byte, port uint16) []tcpBytes {
	t.Helper()
	be := binary.BigEndian
	if len(file) < 24 || be.Uint32(file) != 0xa1b2c3d4 || be.Uint32(file[20:]) != 1 {
		t.Fatal("not a big-endian Ethernet capture")
	}
	var list []tcpBytes
	var first time.Duration
	var next uint32
	begun := false
	for b := file[24:]; len(b) >= 16; {
		at := time.Duration(be.Uint32(b))*time.Second + time.Duration(be.Uint32(b[4:]))*time.Microsecond
		n := int(be.Uint32(b[8:]))
		if n > len(b)-16 {
			t.Fatal("the capture ends within a packet")
		}
		p := b[16 : 16+n]
		b = b[16+n:]
		if first == 0 {
			first = at
		}
		if len(p) < 14+20+20 || be.Uint16(p[12:]) != 0x0800 || p[14+9] != 6 {
			continue
		}
		ip := p[14 : 14+be.Uint16(p[16:])]
		tcp := ip[int(ip[0]&15)*4:]
		if be.Uint16(tcp) != port {
			continue
		}
		seq, data := be.Uint32(tcp[4:]), tcp[int(tcp[12]>>4)*4:]
		if tcp[13]&2 != 0 {
			seq++
		}
		if !begun {
			begun, next = true, seq
		}
		if old := int32(next - seq); old < 0 {
			t.Fatal("the capture lost a packet")
		} else if int(old) < len(data) {
			data = data[old:]
			list = append(list, tcpBytes{at - first, data})
			next += uint32(len(data))
		}
	}
	return list
}

// beatMessages returns the observations of a deck (0-based) in a BeatInfo
// stream: length, type 2, clock, number of decks, 24 bytes for each deck.
func beatMessages(t *testing.T, stream []tcpBytes, deck int) []Observation {
	t.Helper()
	be := binary.BigEndian
	var list []Observation
	var b []byte
	for _, s := range stream {
		b = append(b, s.data...)
		for len(b) >= 4 && len(b) >= 4+int(be.Uint32(b)) {
			m := b[4 : 4+be.Uint32(b)]
			b = b[4+len(m):]
			if len(m) < 16+24*(deck+1) || be.Uint32(m) != 2 {
				t.Fatalf("unexpected message of %d bytes", len(m))
			}
			d := m[16+24*deck:]
			list = append(list, Observation{
				Arrival: s.at,
				Clock:   be.Uint64(m[4:]),
				Beat:    math.Float64frombits(be.Uint64(d)),
				BPM:     math.Float64frombits(be.Uint64(d[16:])),
			})
		}
	}
	return list
}

// capturedStream returns the beat stream of the capture of a real player that
// boots: 440 messages of an idle deck.
func capturedStream(t *testing.T) []Observation {
	t.Helper()
	file, err := os.ReadFile(sharedData(t, "stagelinq", "sc6000_boot_2022-09-03_01.pcap"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: the capture is not beside the repository:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	stream := tcpFrom(t, file, 42919)
	list := beatMessages(t, stream, 0)
	if len(list) != 440 {
		t.Fatalf("%d messages, want 440", len(list))
	}
	return list
}

func TestCapturedIdleDeck(t *testing.T) {
	stream := capturedStream(t)
	f := NewFollower(Config{})
	var kinds []Kind
	for _, o := range stream {
		for _, c := range f.Observe(o) {
			kinds = append(kinds, c.Kind)
		}
		if f.Ignored() != 0 {
			t.Fatal("a real message was ignored")
		}
	}
	line := f.Timeline()
	if !line.Stopped || line.Beat != 0 || math.Abs(f.Tempo()-121.97546) > 1e-4 || !slices.Equal(kinds, []Kind{Tempo}) {
		t.Errorf("an idle deck gives %+v at %v BPM, changes %v", line, f.Tempo(), kinds)
	}
}

// TestCapturedClock prints (with -v) how the clock filter does on a real
// stream, and beside it a deck that would play on that clock.
func TestCapturedClock(t *testing.T) {
	stream := capturedStream(t)
	first := stream[0]
	var filter clockOffset
	var at, offset, late []float64
	blocks := 0.0
	for i, o := range stream {
		c := float64(o.Clock-first.Clock) * 1e-9
		filter.observe(c, (o.Arrival-first.Arrival).Seconds()-c)
		at = append(at, c)
		offset = append(offset, filter.offset*1e3)
		late = append(late, ((o.Arrival-first.Arrival).Seconds()-c-filter.offset)*1e3)
		if i > 0 {
			steps := float64(o.Clock-stream[i-1].Clock) / 4687500
			blocks = math.Max(blocks, math.Abs(steps-math.Round(steps)))
		}
	}
	span := at[len(at)-1]
	t.Logf("440 messages in %.2f s (%.2f Hz), clock steps off multiples of 4.6875 ms by at most %.3f blocks", span, 439/span, blocks)
	t.Logf("filter at the end: offset %.3f ms, skew %.1f ppm, mean lateness %.2f ms", filter.offset*1e3, filter.skew*1e6, filter.late*1e3)
	for from := 0.0; from < span; from += 5 {
		lo, hi := math.Inf(1), math.Inf(-1)
		var early, mean, square, n, drift0, drift1 float64
		for i, c := range at {
			if c < from || c >= from+5 {
				continue
			}
			if n == 0 {
				drift0 = offset[i]
			}
			drift1 = offset[i]
			n++
			mean += late[i]
			square += late[i] * late[i]
			lo, hi = math.Min(lo, late[i]), math.Max(hi, late[i])
			if late[i] < 0 {
				early++
			}
		}
		mean /= n
		t.Logf("%4.0f-%2.0f s: residual mean %5.2f sd %4.2f min %5.2f max %5.2f ms, %2.0f %% early; offset moved %+.2f ms", from, from+5, mean, math.Sqrt(square/n-mean*mean), lo, hi, 100*early/n, drift1-drift0)
		if from >= 5 && (math.Abs(drift1-drift0) > 1 || hi-lo > 10) {
			t.Errorf("the clock filter does not hold still: %v ms", drift1-drift0)
		}
	}

	// The same stamps with a deck playing at 128 BPM on the device clock.
	f := NewFollower(Config{})
	var errs []errorAt
	for i, o := range stream {
		o.Beat, o.BPM = 10+at[i]*128/60, 128
		f.Observe(o)
		if when := f.Timeline().Time(FromFloat(o.Beat + 50e-3*128/60)); when != Never {
			errs = append(errs, errorAt{at[i], (when-first.Arrival).Seconds()*1e3 - at[i]*1e3 - 50})
		}
	}
	_, e := spread(errs, 5, span)
	rms, p99 := quality(e)
	t.Logf("a deck playing on that clock, predicted 50 ms ahead, from 5 s: rms %.3f, p99 %.3f ms about the mean", rms, p99)
	if rms > 0.3 || p99 > 1 {
		t.Errorf("rms %.3f, p99 %.3f ms", rms, p99)
	}
}
