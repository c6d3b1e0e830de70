package luals

import (
	"fmt"
	"regexp"
	"strings"
)

// parser reads the types of LuaLS, from the left.
type parser struct {
	r    *reading
	rest string
}

func (p *parser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) match(re *regexp.Regexp) string {
	found := re.FindString(p.rest)
	p.rest = p.rest[len(found):]
	return found
}

// types reads types apart by commas.
func (p *parser) types() error {
	for {
		if err := p.union(); err != nil {
			return err
		}
		if !p.take(", ") {
			return nil
		}
	}
}

// union reads types apart by lines, each perhaps with [] and ? behind it.
func (p *parser) union() error {
	for {
		if err := p.one(); err != nil {
			return err
		}
		for p.take("[]") || p.take("?") || p.take(" ...") || p.take("...") {
		}
		if !p.take("|") {
			return nil
		}
	}
}

var (
	text     = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"`)
	whole    = regexp.MustCompile(`^\d+`)
	word0    = regexp.MustCompile(`^` + typeName)
	argument = regexp.MustCompile(`^(?:\w+\??|\.\.\.)`)
)

func (p *parser) one() error {
	switch {
	case p.match(text) != "" || p.match(whole) != "" || p.take("..."):
		return nil
	case p.take("("):
		if err := p.union(); err != nil {
			return err
		}
		return p.closed(")")
	case p.take("{ "):
		return p.fields(" }")
	case p.take("fun("):
		if err := p.fields(")"); err != nil {
			return err
		}
		if p.take(": ") {
			return p.types()
		}
		return nil
	}
	name := p.match(word0)
	if name == "" {
		return fmt.Errorf("no type at %q", p.rest)
	}
	p.r.named[name] = p.rest
	if p.take("<") {
		if err := p.types(); err != nil {
			return err
		}
		return p.closed(">")
	}
	return nil
}

// fields reads names with types up to an end.
func (p *parser) fields(end string) error {
	for !p.take(end) {
		if p.match(argument) == "" {
			return fmt.Errorf("no name at %q", p.rest)
		}
		if p.take(": ") {
			if err := p.union(); err != nil {
				return err
			}
		}
		p.take(", ")
	}
	return nil
}

func (p *parser) closed(with string) error {
	if !p.take(with) {
		return fmt.Errorf("no %s at %q", with, p.rest)
	}
	return nil
}
