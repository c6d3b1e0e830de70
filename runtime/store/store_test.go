package store

import (
	"errors"
	"testing"
)

func TestSessionsSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	tuid := [6]byte{0x7f, 0xf0, 0x80, 1, 2, 3}
	for want := uint32(1); want <= 3; want++ {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		last, known, err := s.Session(tuid)
		if err != nil || last != want-1 || known != (want > 1) {
			t.Fatalf("session = %d, %v, %v; want %d", last, known, err, want-1)
		}
		if err := s.SaveSession(tuid, want); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIdentityIsMadeOnce(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	made := 0
	create := func() ([]byte, error) { made++; return []byte{1, 2, 3}, nil }
	for range 2 {
		id, err := s.Identity("tuid", create)
		if err != nil || string(id) != "\x01\x02\x03" {
			t.Fatalf("identity = %v, %v", id, err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := Open(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open: %v", err)
	}
}
