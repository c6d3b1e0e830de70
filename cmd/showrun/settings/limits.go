package settings

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What is known of a flag beside its name, type and use, as annotations of it.
const (
	bounds   = "showrun_bounds"  // lowest, highest and unit; "" = none
	choices  = "showrun_choices" // one of these
	address  = "showrun_address" // HOST:PORT, or one of these
	byHand   = "showrun_by_hand" // is said each time, and no setting
	shared   = "showrun_shared"  // is that of run, where that has one of the name
	filePath = "showrun_file_path"
)

func annotate(p *pflag.FlagSet, name, key string, values ...string) {
	if err := p.SetAnnotation(name, key, append([]string{}, values...)); err != nil {
		panic(err) // there is no such flag
	}
}

// Between has the values of a flag be a number or time from lowest to highest, both of them
// allowed, in a unit for people. Each value of a list must be.
func Between(p *pflag.FlagSet, name string, lowest, highest any, unit string) {
	annotate(p, name, bounds, fmt.Sprint(lowest), fmt.Sprint(highest), unit)
}

// AtLeast has the value of a flag be a number or time of lowest or more.
func AtLeast(p *pflag.FlagSet, name string, lowest any) {
	annotate(p, name, bounds, fmt.Sprint(lowest), "", "")
}

// OneOf has the value of a flag be one of some words, which are completed too.
func OneOf(p *pflag.FlagSet, name string, words ...string) { annotate(p, name, choices, words...) }

// Address has the value of a flag be HOST:PORT, where HOST may be empty, or one of some words.
func Address(p *pflag.FlagSet, name string, words ...string) { annotate(p, name, address, words...) }

// Path says that flags name files or folders. In a settings file these are relative to it.
func Path(p *pflag.FlagSet, names ...string) { all(p, filePath, names) }

// ByHand says that flags are given each time, since they are deeds or what a deed is done to.
func ByHand(p *pflag.FlagSet, names ...string) { all(p, byHand, names) }

// Shared says that flags of a command are set together with those of the same name of run.
func Shared(p *pflag.FlagSet, names ...string) { all(p, shared, names) }

func all(p *pflag.FlagSet, key string, names []string) {
	for _, name := range names {
		annotate(p, name, key)
	}
}

// Choices are the words a flag takes; none if it takes others.
func Choices(f *pflag.Flag) []string {
	return slices.Concat(f.Annotations[choices], f.Annotations[address])
}

// IsPath reports whether a flag names a file or folder.
func IsPath(f *pflag.Flag) bool { return is(f, filePath) }

// is reports whether a flag has an annotation.
func is(f *pflag.Flag, key string) bool { _, ok := f.Annotations[key]; return ok }

// Check refuses a flag whose value is none that it may have. The error begins with "must be".
func Check(f *pflag.Flag) error {
	for _, value := range values(f) {
		usual := value == f.DefValue && (!f.Changed || is(f, address)) // such as -1 for none
		if !usual && !allowed(f, value) {
			return fmt.Errorf("must be %s, got %s", limits(f), told(f, value))
		}
	}
	return nil
}

// CheckFlags refuses flags of a command that were given another value than they may have.
func CheckFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if wrong := Check(f); wrong != nil && err == nil {
			err = fmt.Errorf("--%s %w", f.Name, wrong)
		}
	})
	return err
}

// Mistyped says what a flag takes that was given a text it cannot read.
func Mistyped(f *pflag.Flag, given string) error {
	return fmt.Errorf("must be %s, got %q", expected(f), given)
}

// values are those of a list, or the only one.
func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

func allowed(f *pflag.Flag, value string) bool {
	if is(f, choices) {
		return slices.Contains(f.Annotations[choices], value)
	}
	if words, ok := f.Annotations[address]; ok {
		return slices.Contains(words, value) || isAddress(value)
	}
	b, ok := f.Annotations[bounds]
	if !ok {
		return true
	}
	n := number(f, value, math.NaN())
	return n >= number(f, b[0], math.Inf(-1)) && n <= number(f, b[1], math.Inf(1))
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	n, bad := strconv.ParseUint(port, 10, 16)
	return err == nil && bad == nil && n <= math.MaxUint16
}

// number reads a number, or a time in nanoseconds; otherwise if it is none.
func number(f *pflag.Flag, text string, otherwise float64) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if f.Value.Type() == "duration" {
		var d time.Duration
		d, err = time.ParseDuration(text)
		n = float64(d)
	}
	if err != nil {
		return otherwise
	}
	return n
}

// kind says of what kind the values of a flag are, in words, and where it helps, how they look.
func kind(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int", "uint", "uint64":
		return "a whole number"
	case "float64":
		return "a number"
	case "duration":
		return "a time with its unit, such as 30s or 5m"
	case "intSlice":
		return "whole numbers"
	case "stringSlice":
		return "texts"
	}
	return "a text"
}

// limits says what values of its kind a flag takes.
func limits(f *pflag.Flag) string {
	b := f.Annotations[bounds]
	switch {
	case is(f, choices):
		return alternatives(f.Annotations[choices])
	case is(f, address):
		return alternatives(append([]string{"an address and port, such as 127.0.0.1:7770"}, f.Annotations[address]...))
	case b == nil:
		return ""
	case b[1] == "":
		return "at least " + b[0]
	}
	return strings.TrimSpace(b[0] + "-" + b[1] + " " + b[2])
}

// expected says all of what a flag takes.
func expected(f *pflag.Flag) string {
	limits := limits(f)
	switch {
	case limits == "":
		return kind(f)
	case is(f, bounds):
		return kind(f) + ", " + limits
	}
	return limits
}

// told writes a value that is not allowed as it was written.
func told(f *pflag.Flag, value string) string {
	if kind(f) == "a text" {
		return strconv.Quote(value)
	}
	return value
}

// alternatives writes "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// set gives a flag a value, whatever it had.
func set(f *pflag.Flag, text string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		if err := list.Replace(nil); err != nil {
			return err
		}
	}
	if f.Value.Set(text) != nil {
		return Mistyped(f, text)
	}
	return Check(f)
}

// ErrSecret answers a key, passphrase or token in a settings file.
var ErrSecret = errors.New("a key, passphrase or token has no place in a settings file, which is copied and shown; use showrun keys, a file of its own or an environment variable")

// isSecret tells whether a setting of a name would be one, as people may try.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"passphrase", "password", "secret", "token"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "key"
}
