package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// full makes a state folder in which much is kept, and a machine is engaged.
func full(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 400 {
		s.put("b", fmt.Sprintf("gateway %03d", i), bytes.Repeat([]byte{byte(i)}, i))
	}
	if err := s.Engage("valve", []byte("how")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// digest is all that a store holds.
func digest(s *Store) string {
	all := s.values.all()
	var list []string
	for at, value := range all {
		list = append(list, fmt.Sprintf("%q=%x", at, value))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func fresh(dir string) (*Store, *bytes.Buffer, error) {
	var log bytes.Buffer
	s, err := OpenNew(dir, slog.New(slog.NewTextHandler(&log, nil)))
	return s, &log, err
}

// variants are ways to damage a file, the same in every run.
func variants(good []byte, n int) (list [][]byte) {
	const page = 4096
	rng := rand.New(rand.NewPCG(12, 12))
	for len(list) < n {
		b := bytes.Clone(good)
		at := rng.IntN(len(b)/page) * page
		switch kind := len(list) % 10; kind {
		case 0: // cut off anywhere
			b = b[:rng.IntN(len(b))]
		case 1: // at a page
			b = b[:at]
		case 2: // a bit
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		case 3: // in a header of a page
			b[at+rng.IntN(16)] ^= 1 << rng.IntN(8)
		case 4: // a page of zeros
			clear(b[at : at+page])
		case 5: // two pages in each other's place
			other := rng.IntN(len(b)/page) * page
			copy(b[at:], good[other:other+page])
			copy(b[other:], good[at:at+page])
		case 6: // noise
			for i := at; i < at+page; i++ {
				b[i] = byte(rng.Uint32())
			}
		case 7: // in both headers of the file
			b[rng.IntN(80)] ^= 0xff
			b[page+rng.IntN(80)] ^= 0xff
		case 8: // more at its end
			b = append(b, good[:1+rng.IntN(page)]...)
		case 9: // the last line
			b[len(b)-1-rng.IntN(sumLength)] ^= 1 << rng.IntN(8)
		}
		if !bytes.Equal(b, good) {
			list = append(list, b)
		}
	}
	return append(list, nil, make([]byte, len(good)), make([]byte, 32768), []byte("x"))
}

// TestDamagedVariants opens state files that are damaged in hundreds of ways, in this very
// process, of which it would be the end if one faulted: whatever is opened has all that was kept,
// from the good copy, and says so. Where that is damaged as well nothing is known, and that
// is said. Nothing is opened by whoever does not set files aside.
func TestDamagedVariants(t *testing.T) {
	dir := full(t)
	good, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, dir)
	want := digest(s)
	s.Close()
	if !strings.Contains(want, "valve") {
		t.Fatalf("kept %.100s", want)
	}
	for i, b := range variants(good, 300) {
		dir := t.TempDir()
		write := func(name string, b []byte) {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(fileName, b)
		both := i%7 == 6
		if write(goodName, good); both {
			write(goodName, b)
		}
		if s, err := Open(dir); err == nil {
			s.Close()
			t.Fatalf("variant %d is opened as if nothing was wrong", i)
		}
		s, log, err := fresh(dir)
		if err != nil {
			t.Fatalf("variant %d: %v", i, err)
		}
		got := digest(s)
		s.Close()
		if said := lost; both {
			if got != "" || !s.Forgot() || !strings.Contains(log.String(), said) {
				t.Fatalf("variant %d, both: forgot %v, holds %.50q, logged %s", i, s.Forgot(), got, log)
			}
		} else if got != want || !s.Forgot() || !strings.Contains(log.String(), restored) || !strings.Contains(log.String(), " ago") {
			t.Fatalf("variant %d: forgot %v, all is there %v, logged %s", i, s.Forgot(), got == want, log)
		}
		if i%20 != 0 {
			continue
		}
		if again, log, err := fresh(dir); err != nil || again.Forgot() || digest(again) != got || log.Len() > 0 {
			t.Fatalf("variant %d, the next time: %v, %s", i, err, log)
		} else {
			again.Close()
		}
	}
}

// TestDamagedCopy is written anew from the file, which is whole.
func TestDamagedCopy(t *testing.T) {
	dir := full(t)
	copied := filepath.Join(dir, goodName)
	if err := os.WriteFile(copied, []byte("no state"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, log, err := fresh(dir)
	if err != nil || s.Forgot() || log.Len() > 0 {
		t.Errorf("%v, %s", err, log)
	}
	want := digest(s)
	s.Close()
	os.Remove(filepath.Join(dir, fileName))
	if s, log, err = fresh(dir); err != nil || digest(s) != want || !strings.Contains(log.String(), restored) {
		t.Errorf("%v, %s", err, log)
	}
	s.Close()
}

// TestAnotherLayout is left alone, and said.
func TestAnotherLayout(t *testing.T) {
	dir := full(t)
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	db := b[:len(b)-sumLength]
	later := bytes.Replace(seal(db), fmt.Appendf(nil, "state %03d", layout), fmt.Appendf(nil, "state %03d", layout+1), 1)
	if err := os.WriteFile(filepath.Join(dir, fileName), later, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := fresh(dir); err == nil || !strings.Contains(err.Error(), "use the showrun that wrote it") {
		t.Error(err)
	}
	if s, err := Open(dir); err == nil {
		s.Close()
		t.Error("it is opened")
	}
}

// TestForPeople: tools of bbolt read the file, though there is a line behind its end.
func TestForPeople(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(full(t), fileName), 0o400, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		if got := tx.Bucket([]byte(machineryBucket)).Get([]byte("valve")); string(got) != "how" {
			t.Errorf("the valve is %q", got)
		}
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestKilledWhileItWrites: a process that ends in the middle of a write, time and again,
// loses nothing of which Put has told that it is kept.
func TestKilledWhileItWrites(t *testing.T) {
	if dir := os.Getenv("STORE_TO_WRITE"); dir != "" {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			if err := s.Put("b", "n", fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			fmt.Println("kept", i)
		}
	}
	for round := range 5 {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileItWrites$")
		child.Env = append(os.Environ(), "STORE_TO_WRITE="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		kept := -1
		for kept < 10+7*round {
			if _, err := fmt.Fscanf(out, "kept %d\n", &kept); err != nil {
				t.Fatal(err)
			}
		}
		child.Process.Kill()
		for {
			if _, err := fmt.Fscanf(out, "kept %d\n", &kept); err != nil {
				break
			}
		}
		child.Wait()
		s, log, err := fresh(dir)
		if err != nil {
			t.Fatal(err)
		}
		v, _, _ := s.Get("b", "n")
		s.Close()
		if n := 0; log.Len() > 0 {
			t.Errorf("logged %s", log)
		} else if _, err := fmt.Sscan(string(v), &n); err != nil || n < kept {
			t.Errorf("kept %q, want %d or more", v, kept)
		}
	}
}
