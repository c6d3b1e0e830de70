package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
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

// TestDamageIsSaid to whoever does not set the file aside.
func TestDamageIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(fileIn(dir), bytes.Repeat([]byte("no state "), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("opened: %v", err)
		}
	}
}

// contents is what is kept in bucket "b" under keys that begin so.
func contents(t *testing.T, s *Store, prefix string) string {
	t.Helper()
	var list []string
	if err := s.Each("b", prefix, func(key string, value []byte) { list = append(list, key+"="+string(value)) }); err != nil {
		t.Error(err)
	}
	return strings.Join(list, " ")
}

func TestKeysAndValues(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, known, err := s.Get("b", "x"); known || err != nil {
		t.Errorf("in a bucket that is not there: %v, %v", known, err)
	}
	if err := s.Delete("b", "x"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"xb", "y", "xa", "w"} {
		if err := s.Put("b", key, []byte(key+key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Put("b", "y", []byte("new")), s.Put("b", "empty", nil), s.Delete("b", "w")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	if got := contents(t, s, ""); got != "empty= xa=xaxa xb=xbxb y=new" {
		t.Errorf("kept %q", got)
	}
	if got := contents(t, s, "x"); got != "xa=xaxa xb=xbxb" {
		t.Errorf("with a prefix %q", got)
	}
	if v, known, err := s.Get("b", "empty"); len(v) != 0 || !known || err != nil {
		t.Errorf("an empty value: %q, %v, %v", v, known, err)
	}
}

// state makes a state file of some version in which machines are engaged.
func state(t *testing.T, v uint32, machines ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	s.db.NoSync = true
	for i := range 100 {
		if err := s.Put("b", fmt.Sprint(i), make([]byte, 2000)); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range machines {
		if err := s.Engage(m, []byte("how")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Put(metaBucket, "version", binary.BigEndian.AppendUint32(nil, v)), s.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAnotherVersion: what an earlier one kept is set aside and said, unless machines are
// to be made safe; what a later one kept is left alone.
func TestAnotherVersion(t *testing.T) {
	for _, tt := range []struct {
		dir    string
		strict error // of Open
		want   string
	}{
		{state(t, version-1), ErrOld, ""},
		{state(t, version-1, "valve 2", "valve 1"), ErrUnsafe, "see to the machines and move the file away: valve 1, valve 2"},
		{state(t, version+1), nil, "use the showrun that wrote it"},
	} {
		if _, err := Open(tt.dir); err == nil || tt.strict != nil && !errors.Is(err, tt.strict) {
			t.Errorf("opened: %v", err)
		}
		var log bytes.Buffer
		s, err := OpenNew(tt.dir, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			if tt.want == "" || !strings.Contains(err.Error(), tt.want) || log.Len() > 0 {
				t.Errorf("%v, want %s; logged %s", err, tt.want, &log)
			}
			continue
		}
		defer s.Close()
		if got := contents(t, s, ""); tt.want != "" || got != "" || s.Forgot() || !strings.Contains(log.String(), "an earlier version") {
			t.Errorf("kept %.50q, logged %s", got, &log)
		}
	}
}

// TestDamagedFile is set aside, however it is damaged, and the next one too.
func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"text":     func(b []byte) []byte { return bytes.Repeat([]byte("no state "), len(b)/9) },
		"cut off":  func(b []byte) []byte { return b[:len(b)/3] },
		"one page": func(b []byte) []byte { return b[:4096] },
		"a stub":   func(b []byte) []byte { return b[:100] },
		"overwritten": func(b []byte) []byte {
			for i := 4 * 4096; i < len(b); i++ {
				b[i] = byte(i * 7)
			}
			return b
		},
	} {
		dir := state(t, version, "valve")
		for n := 1; n <= 2; n++ {
			b, err := os.ReadFile(fileIn(dir))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(fileIn(dir), damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s, err := OpenNew(dir, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if aside := filepath.Base(fmt.Sprintf("%s.aside-%d", fileIn(dir), n)); !s.Forgot() || !strings.Contains(log.String(), aside) {
				t.Errorf("%s: forgot %v, logged %s", name, s.Forgot(), &log)
			}
			s.Close()
		}
	}
}
