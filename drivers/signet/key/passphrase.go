package key

import (
	"fmt"
	"io"
	"strings"
)

// Length limits of a passphrase in bytes of its UTF-8 form.
const (
	minPassphrase = 10
	maxPassphrase = 64
)

// A PassphraseRule is a rule that a passphrase can break, in the order in
// which they are reported.
type PassphraseRule uint8

// The rules.
const (
	RuleNUL PassphraseRule = iota + 1
	RuleIdentical
	RuleSequential
	RuleClasses
	RuleTooShort
	RuleTooLong
)

// String is the short name of the rule.
func (r PassphraseRule) String() string {
	switch r {
	case RuleNUL:
		return "nul"
	case RuleIdentical:
		return "identical_run"
	case RuleSequential:
		return "sequential_run"
	case RuleClasses:
		return "classes"
	case RuleTooShort:
		return "too_short"
	}
	return "too_long"
}

// A PassphraseError names the first rule that a passphrase breaks. It never
// holds the passphrase.
type PassphraseError struct {
	Rule PassphraseRule
}

// Error says what the rule wants.
func (e *PassphraseError) Error() string {
	switch e.Rule {
	case RuleNUL:
		return "passphrase holds a NUL byte"
	case RuleIdentical:
		return "passphrase has three equal characters in a row"
	case RuleSequential:
		return "passphrase has four characters in a row that count up or down, such as 1234 or dcba"
	case RuleClasses:
		return "passphrase needs three of: capital letters, small letters, digits, symbols"
	case RuleTooShort:
		return fmt.Sprintf("passphrase is too short: want at least %d characters", minPassphrase)
	}
	return fmt.Sprintf("passphrase is too long: want at most %d bytes", maxPassphrase)
}

// symbols is the whole symbol class; other characters belong to no class.
const symbols = "!@#$%^&*()-_=+[]{}|;:',.<>?/"

// PassphraseFaults lists every rule that a passphrase breaks, in reporting
// order. It works on bytes, as section 4.2 demands.
func PassphraseFaults(s string) []PassphraseRule {
	if s == "" {
		return []PassphraseRule{RuleTooShort}
	}
	var faults []PassphraseRule
	add := func(broken bool, r PassphraseRule) {
		if broken {
			faults = append(faults, r)
		}
	}
	add(strings.IndexByte(s, 0) >= 0, RuleNUL)
	add(longestRun(s, 0) >= 3, RuleIdentical)
	add(longestRun(s, 1) >= 4 || longestRun(s, -1) >= 4, RuleSequential)
	add(classCount(s) < 3, RuleClasses)
	add(len(s) < minPassphrase, RuleTooShort)
	add(len(s) > maxPassphrase, RuleTooLong)
	return faults
}

// CheckPassphrase gives the first broken rule as a *PassphraseError, or nil.
func CheckPassphrase(s string) error {
	if faults := PassphraseFaults(s); len(faults) > 0 {
		return &PassphraseError{faults[0]}
	}
	return nil
}

// PassphraseIsASCII is false for passphrases that devices from V1.10 on may
// not take; they are still accepted here.
func PassphraseIsASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// longestRun is the length of the longest row of bytes that differ by step.
func longestRun(s string, step int) int {
	longest, run := 1, 1
	for i := 1; i < len(s); i++ {
		if int(s[i])-int(s[i-1]) == step {
			run++
		} else {
			run = 1
		}
		longest = max(longest, run)
	}
	return longest
}

func classCount(s string) int {
	var upper, lower, digit, symbol int
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			upper = 1
		case c >= 'a' && c <= 'z':
			lower = 1
		case c >= '0' && c <= '9':
			digit = 1
		case c != 0 && strings.IndexByte(symbols, c) >= 0:
			symbol = 1
		}
	}
	return upper + lower + digit + symbol
}

// Characters that are easy to tell apart when read aloud.
var generatorClasses = [...]string{
	"ABCDEFGHJKLMNPQRSTUVWXYZ",
	"abcdefghjkmnpqrstuvwxyz",
	"23456789",
	"!@#$%^&*-_=+",
}

// GeneratePassphrase draws ten characters, class and character independently
// and without bias, until they satisfy every rule. rand must be a
// cryptographic generator.
func GeneratePassphrase(rand io.Reader) (string, error) {
	for {
		var b [minPassphrase]byte
		for i := range b {
			class, err := draw(rand, len(generatorClasses))
			if err != nil {
				return "", err
			}
			n, err := draw(rand, len(generatorClasses[class]))
			if err != nil {
				return "", err
			}
			b[i] = generatorClasses[class][n]
		}
		if s := string(b[:]); CheckPassphrase(s) == nil {
			return s, nil
		}
	}
}

// draw gives a number below n (at most 256) without modulo bias.
func draw(rand io.Reader, n int) (int, error) {
	limit := 256 - 256%n
	for {
		var b [1]byte
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return 0, fmt.Errorf("draw a passphrase: %w", err)
		}
		if int(b[0]) < limit {
			return int(b[0]) % n, nil
		}
	}
}
