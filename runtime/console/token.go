package console

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A Role is what somebody may do.
type Role string

// The roles. Who may drive may watch as well.
const (
	Nobody Role = ""
	Watch  Role = "watch"
	Drive  Role = "drive"
)

// Tokens are what somebody shows to have a role. The zero Tokens let nobody in.
type Tokens struct{ Drive, Watch string }

// tokenFile is the name of the file in the state folder.
const tokenFile = "console.tokens"

// KeepTokens reads the tokens of a state folder, or makes them if there are none. The
// file is for its owner only; who takes it away has new ones made at the next start.
func KeepTokens(dir string) (Tokens, error) {
	path := filepath.Join(dir, tokenFile)
	made := Tokens{Drive: rand.Text(), Watch: rand.Text()}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Tokens{}, fmt.Errorf("tokens of the console: %w", err)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := made.write(dir, path); err != nil {
			return Tokens{}, fmt.Errorf("tokens of the console: %w", err)
		}
	}
	t, err := readTokens(path)
	if err != nil {
		return Tokens{}, fmt.Errorf("tokens of the console: %w", err)
	}
	return t, nil
}

// write puts the file in its place as a whole; another show may do so at the same time,
// and the first one's stay.
func (t Tokens) write(dir, path string) error {
	f, err := os.CreateTemp(dir, tokenFile+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "drive %s\nwatch %s\n", t.Drive, t.Watch)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// maxTokens is how long the file of the tokens is at most, in bytes.
const maxTokens = 64 << 10

// leastToken is how many characters a token has at least, should people write their own.
const leastToken = 16

func readTokens(path string) (t Tokens, err error) {
	st, err := os.Lstat(path)
	switch {
	case err != nil:
		return t, err
	case !st.Mode().IsRegular():
		return t, fmt.Errorf("%s is no file", path)
	case runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0:
		return t, fmt.Errorf("%s can be read by others: chmod 600 it, or remove it to have new ones made", path)
	}
	if st.Size() > maxTokens {
		return t, fmt.Errorf("%s has %d bytes, more than two tokens: remove it to have new ones made", path, st.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	for line := range strings.Lines(string(text)) {
		switch name, token, _ := strings.Cut(strings.TrimSpace(line), " "); name {
		case "drive":
			t.Drive = strings.TrimSpace(token)
		case "watch":
			t.Watch = strings.TrimSpace(token)
		}
	}
	if len(t.Drive) < leastToken || len(t.Watch) < leastToken || t.Drive == t.Watch {
		return t, fmt.Errorf("%s must have a line \"drive TOKEN\" and a line \"watch TOKEN\", two different ones of %d characters at least: remove it to have new ones made", path, leastToken)
	}
	return t, nil
}

// role is that of who shows a token. It takes as long for any token of the same length.
func (t Tokens) role(shown string) Role {
	drive, watch := same(shown, t.Drive), same(shown, t.Watch)
	switch {
	case drive:
		return Drive
	case watch:
		return Watch
	}
	return Nobody
}

func same(shown, token string) bool {
	return token != "" && subtle.ConstantTimeCompare([]byte(shown), []byte(token)) == 1
}
