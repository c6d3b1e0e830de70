package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device/osc"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// hand is something that comes to a rehearsed show from outside.
type hand struct {
	at   time.Duration
	from string // file:line, or the flag
	do   func(r *rehearse.Run) error
}

// hands reads what the flags have come, in the order of its instants.
func (f *rehearseFlags) hands() (list []hand, err error) {
	for word := range strings.SplitSeq(f.goes, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		at, err := instant(word)
		if err != nil {
			return nil, fmt.Errorf("--go: %w", err)
		}
		list = append(list, hand{at, "--go", func(r *rehearse.Run) error { return r.Show().Operate(show.Go{}) }})
	}
	if f.osc != "" {
		text, err := os.ReadFile(f.osc)
		if err != nil {
			return nil, fmt.Errorf("--osc: %w", err)
		}
		messages, err := readMessages(f.osc, string(text))
		if err != nil {
			return nil, err
		}
		list = append(list, messages...)
	}
	slices.SortStableFunc(list, func(a, b hand) int { return cmp.Compare(a.at, b.at) })
	return list, nil
}

// instant reads a show time: 12s, 1m30s, or seconds alone.
func instant(word string) (time.Duration, error) {
	at, err := time.ParseDuration(word)
	if seconds, bare := strconv.ParseFloat(word, 64); err != nil && bare == nil && seconds < 1e9 {
		at, err = time.Duration(seconds*float64(time.Second)), nil
	}
	const longest = 1000 * time.Hour
	if err != nil || at < 0 || at > longest {
		return 0, fmt.Errorf("a time is such as 12s or 1m30s, got %q", word)
	}
	return at, nil
}

// readMessages reads OSC messages, a line each; errors name file and line.
func readMessages(name, text string) (list []hand, err error) {
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) { // some editors begin a file with it
		n++
		from := fmt.Sprintf("%s:%d", name, n)
		words, err := splitWords(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		if len(words) == 0 {
			continue
		}
		at, err := instant(words[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		if len(words) < 2 {
			words = append(words, "")
		}
		port, address, err := osc.ParseTarget(words[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		if !strings.HasPrefix(address, "/") {
			return nil, fmt.Errorf("%s: after the time comes an address such as /door, or :8000/door for one port", from)
		}
		m := wire.Message{Address: address}
		for _, w := range words[2:] {
			arg, err := argument(w)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", from, err)
			}
			m.Args = append(m.Args, arg)
		}
		list = append(list, hand{at, from, func(r *rehearse.Run) error { return hear(r, port, m) }})
	}
	return list, nil
}

// splitWords splits a line at spaces, but for those within quotes, up to a #.
func splitWords(line string) (words []string, err error) {
	for rest := strings.TrimSpace(line); rest != "" && rest[0] != '#'; rest = strings.TrimSpace(rest) {
		word, err := strconv.QuotedPrefix(rest)
		if rest[0] == '"' && err != nil {
			return nil, fmt.Errorf("a text in quotes does not end, or has a bad escape: %s", rest)
		}
		if rest[0] != '"' {
			word, _, _ = strings.Cut(rest, " ")
			word, _, _ = strings.Cut(word, "\t")
		}
		words = append(words, word)
		rest = rest[len(word):]
	}
	return words, nil
}

// argument reads what goes with an address.
func argument(word string) (any, error) {
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "nil":
		return nil, nil
	}
	if word[0] == '"' {
		return strconv.Unquote(word)
	}
	if n, err := strconv.ParseInt(word, 10, 32); err == nil {
		return int32(n), nil
	}
	if v, err := strconv.ParseFloat(word, 32); err == nil {
		return float32(v), nil
	}
	return nil, fmt.Errorf("a value is a number, a text in quotes, true, false or nil, got %s", word)
}

// operates is how the addresses begin that operate a show.
const operates = "/showrun/"

// hear has a message come to a port of the show, or to all that it has if that is 0.
func hear(r *rehearse.Run, port int, m wire.Message) error {
	if rest, ok := strings.CutPrefix(m.Address, operates); ok && port == 0 {
		words := strings.SplitN(rest, "/", 2)
		for _, a := range m.Args {
			words = append(words, fmt.Sprint(a))
		}
		op, err := r.Show().Board().Read(words[0], words[1:])
		if err != nil {
			return err
		}
		return r.Show().Operate(op)
	}
	receivers := osc.Receivers(r.Opened(), port)
	switch {
	case len(receivers) == 0 && port != 0:
		return fmt.Errorf("the show has no osc.receiver on port %d that could hear %s", port, m.Address)
	case len(receivers) == 0:
		return errors.New("the show has no osc.receiver that could hear " + m.Address)
	}
	for _, d := range receivers {
		d.OnMessage(wire.Message{Address: m.Address, Args: slices.Clone(m.Args)}, wire.Immediately, netip.AddrPort{}, r.Time(r.Now()))
	}
	return nil
}
