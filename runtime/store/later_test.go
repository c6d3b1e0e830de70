package store

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	bolterrors "go.etcd.io/bbolt/errors"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// TestPutLater: the newest value counts, at once for those who read, and after Close on
// disk. What is put or deleted afterwards counts more.
func TestPutLater(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.OnError(func(err error) { t.Error(err) })
	var putting sync.WaitGroup
	for g := range 4 {
		putting.Go(func() {
			for i := range 1000 {
				s.PutLater("b", fmt.Sprint("key ", g), fmt.Append(nil, i))
			}
		})
	}
	putting.Wait()
	if v, known, err := s.Get("b", "key 2"); string(v) != "999" || !known || err != nil {
		t.Errorf("read %q, %v, %v", v, known, err)
	}
	if err := errors.Join(s.Put("b", "key 0", []byte("put")), s.Delete("b", "key 1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := contents(t, s, ""); got != "key 0=put key 2=999 key 3=999" {
		t.Errorf("kept %q", got)
	}
}

// TestPutLaterIsWritten without anybody doing anything more.
func TestPutLaterIsWritten(t *testing.T) {
	s := open(t, t.TempDir())
	s.PutLater("b", "x", []byte("1"))
	for waits := true; waits; runtime.Gosched() {
		_, waits = s.later.get(place{"b", "x"})
	}
	if got := contents(t, s, ""); got != "x=1" {
		t.Errorf("kept %q", got)
	}
}

// TestPutLaterFails: it is told once, and what could not be written waits on.
func TestPutLaterFails(t *testing.T) {
	s := open(t, t.TempDir())
	var told []error
	s.OnError(func(err error) { told = append(told, err) })
	s.db.Close()
	s.PutLater("b", "x", []byte("1"))
	for range 3 {
		s.tell(s.writeLater())
	}
	if len(told) != 1 || !errors.Is(told[0], bolterrors.ErrDatabaseNotOpen) {
		t.Errorf("told %v", told)
	}
	if v, known, _ := s.Get("b", "x"); string(v) != "1" || !known {
		t.Errorf("it is lost: %q", v)
	}
	if err := s.Close(); !errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		t.Errorf("closed with %v", err)
	}
}
