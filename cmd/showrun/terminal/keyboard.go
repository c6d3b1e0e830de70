package terminal

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// Keys that have no character of their own.
const (
	KeyUp        = '↑'
	KeyDown      = '↓'
	KeyInterrupt = '\x03' // Ctrl-C, which is no signal while keys come one by one
	KeyEnd       = '\x04'
	escape       = '\x1b'
)

// keyDecoder makes keys of what a terminal sends. The zero keyDecoder is ready.
type keyDecoder struct {
	sequence []byte // begun with escape
}

// decode returns the keys in b, which may begin and end anywhere.
func (d *keyDecoder) decode(b []byte) (keys []rune) {
	for _, c := range b {
		switch {
		case c == ' ': // stops machinery: nothing that came before may swallow it
			d.sequence = d.sequence[:0]
			keys = append(keys, ' ')
		case c == escape:
			d.sequence = append(d.sequence[:0], c)
		case len(d.sequence) == 1 && (c == '[' || c == 'O'):
			d.sequence = append(d.sequence, c)
		case len(d.sequence) > 1 && c > ' ' && c < 0x40 && len(d.sequence) < 16:
			d.sequence = append(d.sequence, c) // parameters
		case len(d.sequence) > 1:
			if plain := len(d.sequence) == 2; plain && c == 'A' {
				keys = append(keys, KeyUp)
			} else if plain && c == 'B' {
				keys = append(keys, KeyDown)
			}
			d.sequence = d.sequence[:0]
		case c < 0x80:
			d.sequence = d.sequence[:0]
			keys = append(keys, rune(c))
		}
	}
	return keys
}

// Keyboard is an input while its keys come one by one, if it is a terminal.
type Keyboard struct {
	in      *os.File
	restore func()
}

// NoKeyboard has no keys.
func NoKeyboard() *Keyboard { return &Keyboard{restore: func() {}} }

// Restore gives the terminal back as it was; more than once is harmless.
func (k *Keyboard) Restore() { k.restore() }

// OpenKeyboard makes keys come one by one. Lines on the screen then need to be told
// to begin on the left.
func OpenKeyboard(in *os.File, screen *Screen) (*Keyboard, error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) || !inForeground(fd) {
		return NoKeyboard(), nil
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("keyboard: %w", err)
	}
	if screen.IsTerminal() {
		screen.returns.Store(true)
	}
	return &Keyboard{in, sync.OnceFunc(func() { _ = term.Restore(fd, before) })}, nil
}

// IsThere tells whether there are keys.
func (k *Keyboard) IsThere() bool { return k.in != nil }

// Read calls press for each key, until the input ends.
func (k *Keyboard) Read(press func(key rune)) {
	var d keyDecoder
	b := make([]byte, 64)
	for {
		n, err := k.in.Read(b)
		for _, key := range d.decode(b[:n]) {
			press(key)
		}
		if err != nil {
			return
		}
	}
}
