package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(t *testing.T, dir string) *Store {
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
	if err := os.WriteFile(filepath.Join(dir, fileName), bytes.Repeat([]byte("no state "), 10_000), 0o600); err != nil {
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
	s := opened(t, dir)
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
	s = opened(t, dir)
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

// TestAClosedStoreWritesNothing: the folder may be another's by then.
func TestAClosedStoreWritesNothing(t *testing.T) {
	for _, open := range []func(dir string) (*Store, error){
		Open, func(dir string) (*Store, error) { s, _, err := fresh(dir); return s, err },
	} {
		s, err := open(full(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(s.file())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Engage("late", []byte("how")); !errors.Is(err, errClosed) {
			t.Error(err)
		}
		if err := s.Put("b", "late", nil); !errors.Is(err, errClosed) {
			t.Error(err)
		}
		if after, err := os.ReadFile(s.file()); err != nil || !bytes.Equal(after, before) {
			t.Errorf("it was written, %v", err)
		}
	}
}
