package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func TestFramerGrowsWithWhatArrives(t *testing.T) {
	f := NewFramer(MaxStateFrame)
	frame := binary.BigEndian.AppendUint32(nil, MaxKept)
	f.Advance(copy(f.Space(), frame))
	if len(f.buf) > 8192 {
		t.Errorf("%d bytes held for a frame that has not arrived", len(f.buf))
	}
	payload := bytes.Repeat([]byte{7}, MaxKept)
	for rest := payload; len(rest) > 0; {
		if _, ok, err := f.Next(); ok || err != nil {
			t.Fatalf("complete with %d bytes to come, %v", len(rest), err)
		}
		n := copy(f.Space(), rest)
		f.Advance(n)
		rest = rest[n:]
	}
	got, ok, err := f.Next()
	if !ok || err != nil || !bytes.Equal(got, payload) {
		t.Fatalf("%d bytes, %v, %v", len(got), ok, err)
	}
	if len(f.Space()) == 0 {
		t.Error("no space after a frame was taken")
	}
}

func TestFramerLimit(t *testing.T) {
	f := NewFramer(16)
	f.Advance(copy(f.Space(), []byte{0, 0, 0, 17}))
	if _, ok, err := f.Next(); ok || !errors.Is(err, ErrTooLong) {
		t.Errorf("%v, %v, want ErrTooLong", ok, err)
	}
}

func TestFramerHelloAndFirstFrameInOnePiece(t *testing.T) {
	hello := Message{ID: IDAnnounce, Service: ServiceBeatInfo, Port: 50012}
	f := NewFramer(MaxBeatFrame)
	f.Advance(copy(f.Space(), AppendBeatCommand(AppendMessage(nil, hello), BeatStart)))
	if m, ok, err := f.Hello(); !ok || err != nil || m != hello {
		t.Fatalf("%+v, %v, %v", m, ok, err)
	}
	payload, ok, err := f.Next()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if kind, _, err := ParseBeatInfo(payload, nil); kind != BeatStart || err != nil {
		t.Error(kind, err)
	}
	f = NewFramer(MaxBeatFrame)
	f.Advance(copy(f.Space(), []byte("GET / HTTP/1.1\r\n")))
	if _, ok, err := f.Hello(); ok || !errors.Is(err, ErrType) {
		t.Errorf("stray hello: %v, %v", ok, err)
	}
}

// TestAHelloBeforeTheFirstFrame: it may come from the accepting side, in pieces; after the
// first frame a length of 0 is an empty one.
func TestAHelloBeforeTheFirstFrame(t *testing.T) {
	hello := AppendMessage(nil, Message{ID: IDAnnounce, Token: Token{9}, Service: ServiceStateMap, Port: 7})
	frame := AppendState(nil, StateMessage{Type: StateSubscribe, Path: "/a"})
	stream := append(append(append([]byte{}, hello...), frame...), 0, 0, 0, 0)
	f := NewFramer(MaxStateFrame)
	var got [][]byte
	for _, b := range stream {
		f.Space()[0] = b
		f.Advance(1)
		payload, ok, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			got = append(got, append([]byte{}, payload...))
		}
	}
	if len(got) != 2 || string(got[0]) != string(frame[4:]) || len(got[1]) != 0 {
		t.Errorf("%q", got)
	}
}

// TestLongFramesArePassedOver: they cost no memory, and the next one is read.
func TestLongFramesArePassedOver(t *testing.T) {
	f := NewFramer(MaxStateFrame)
	stream := append([]byte{0, 0x10, 0, 0}, make([]byte, 1<<20)...) // as long as may be
	stream = append(stream, AppendState(nil, StateMessage{Type: StateSubscribe, Path: "/a"})...)
	frames := 0
	for len(stream) > 0 {
		n := copy(f.Space(), stream)
		f.Advance(n)
		stream = stream[n:]
		for {
			payload, ok, err := f.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if m, err := ParseState(payload); err != nil || m.Path != "/a" {
				t.Errorf("%+v, %v", m, err)
			}
			frames++
		}
	}
	if frames != 1 || f.Skipped() != 1 || f.Skipped() != 0 || len(f.buf) > MaxKept+4 {
		t.Errorf("%d frames read, %d bytes kept", frames, len(f.buf))
	}
}
