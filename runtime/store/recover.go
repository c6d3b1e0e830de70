package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// What is said of a file that cannot be used.
const (
	restored = "the state file is damaged and set aside, or gone; its good copy has taken its place. " +
		"Machines that this show names are made safe first; see to others that the last run may have moved"
	lost = "the state file is damaged and set aside, and there is no good copy: Sig-Net devices are new ones to others, StageNet gateways get other addresses, " +
		"and machines that the last run left unsafe are not known: those that this show names are made safe first, see to the others"
)

// recover reads what is kept, from the good copy if need be.
func (s *Store) recover(log *slog.Logger) (table, error) {
	all, err := read(s.file())
	gone := errors.Is(err, fs.ErrNotExist)
	if err == nil || !gone && !errors.Is(err, ErrDamaged) {
		return all, err
	}
	info, _ := os.Stat(s.good())
	copied, none := read(s.good())
	if gone && errors.Is(none, fs.ErrNotExist) {
		return nil, nil
	}
	s.forgot = true
	args := []any{"file", s.file(), "error", err}
	for _, bad := range []struct {
		file string
		err  error
	}{{s.file(), err}, {s.good(), none}} {
		if errors.Is(bad.err, ErrDamaged) {
			aside, err := setAside(bad.file)
			if err != nil {
				aside = err.Error() // it is written over
			}
			args = append(args, "set aside", aside)
		}
	}
	if none != nil {
		log.Error(lost, args...)
		return nil, nil
	}
	age := time.Since(info.ModTime()).Round(time.Second)
	log.Error(restored, append(args, "the copy was written", fmt.Sprintf("%v ago", age))...)
	return copied, nil
}

// setAside renames a file and returns its new name, which no other had.
func setAside(file string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.aside-%d", file, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(file, aside)
		} else if err != nil {
			return "", err
		}
	}
}
