package lualib

import (
	"errors"
	"fmt"
	"strings"

	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// chunkNameLength is how many bytes of its source stand for a chunk without a name.
const chunkNameLength = 60

// baseLoad compiles a string, or what a function returns piece by piece until it returns nothing.
func baseLoad(c call) int {
	reader, ok := c.L.Get(1).(*lua.LFunction)
	if !ok {
		return baseLoadString(c)
	}
	name := c.optText(2, "=(load)")
	var source strings.Builder
	for {
		piece, ok := c.try(reader)
		if !ok {
			return c.push(lua.LNil, piece)
		}
		s, ok := toText(piece)
		if !ok && piece != lua.LNil {
			return c.push(lua.LNil, lua.LString("reader function must return a string"))
		}
		if s == "" {
			return c.compile(source.String(), name)
		}
		c.checkChunk(source.Len() + len(s))
		source.WriteString(s)
	}
}

func (c call) try(reader *lua.LFunction) (result lua.LValue, ok bool) {
	if c.lib.Try == nil {
		return c.apply(reader), true
	}
	return c.lib.Try(c.L, reader)
}

func baseLoadString(c call) int {
	source := c.text(1)
	c.checkChunk(len(source))
	return c.compile(source, c.optText(2, source))
}

func (c call) checkChunk(n int) {
	if n > maxChunk {
		c.raise("%s: chunk too large (%d bytes, at most %d)", c.name, n, maxChunk)
	}
}

// compile returns the function, or nil and "name:line: text".
func (c call) compile(source, name string) int {
	compiled, err := c.lib.Compile(source, chunkName(name))
	if stop := c.lib.Spent(1); stop != nil {
		c.raise("%v", stop)
	}
	if err == nil {
		return c.push(compiled.Function(c.L))
	}
	text := err.Error()
	if e := (*chunk.Error)(nil); errors.As(err, &e) && e.Line > 0 { // programs look for line and text, as Lua gives them
		text = fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
	}
	return c.push(lua.LNil, lua.LString(text))
}

// chunkName is the name of a chunk in messages: what follows "=" or "@", or else the first line of the source.
func chunkName(name string) string {
	if name != "" && (name[0] == '=' || name[0] == '@') {
		return name[1:]
	}
	line, _, more := strings.Cut(name, "\n")
	if len(line) > chunkNameLength {
		line, more = line[:chunkNameLength], true
	}
	if more {
		line += "..."
	}
	return `[string "` + line + `"]`
}
