package script

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestTheLibraryBlamesItsCaller raises errors deep inside a module that comes with the
// runtime: the line of the show that called is told, whatever was called on the way.
func TestTheLibraryBlamesItsCaller(t *testing.T) {
	shipped := fstest.MapFS{
		"lib.lua": &fstest.MapFile{Data: []byte(`local inner = require "parts.inner"
local lib = {}
function lib.f(v) inner.check(v) end
function lib.tail(v) return inner.check(v) end
function lib.each(fn) fn() end
return lib`)},
		"fn.lua": &fstest.MapFile{Data: []byte(`local inner = require "parts.inner" return function(v) return inner.check(v) end`)},
		"parts/inner.lua": &fstest.MapFile{Data: []byte(`local name, blame = ... local inner = {}
function inner.check(v) if v ~= 1 then blame("wrong: " .. tostring(v)) end return "fine" end
return inner`)},
	}
	s, err := newStand(t, map[string]string{"show.lua": `local t, lib, fn = require "t", require "lib", require "fn"
local function f(call)
  t.log(pcall(function()
    return call()
  end))
end
f(function() lib.f(2) end)
f(function()
  return lib.tail(3)
end)
f(function() return fn(4) end)
f(function() lib.each(function() lib.f(5) end) end)
f(function() return fn(1) end)
t.log(pcall(lib.f, 6))
t.run("x", function() return lib.f(7) end)`}, func(c *Config) { c.Shipped = shipped })
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(0)
	s.wantLog("0.000 false show.lua:7: wrong: 2", "0.000 false show.lua:9: wrong: 3", "0.000 false show.lua:11: wrong: 4",
		"0.000 false show.lua:12: wrong: 5", "0.000 true fine", "0.000 false wrong: 6")
	if len(s.failures) != 1 || !strings.HasPrefix(s.failures[0], "x: show.lua:15: wrong: 7") {
		t.Errorf("failures: %q", s.failures)
	}
}

// TestWhatTheLibraryRunsIsNamedAfterTheShow names handlers and tasks whose functions are the
// library's by the line of the show that they run for.
func TestWhatTheLibraryRunsIsNamedAfterTheShow(t *testing.T) {
	shipped := fstest.MapFS{"lib.lua": &fstest.MapFile{Data: []byte(`local t = require "t"
return { later = function(fn)
  t.after("0.1", function()
    t.run("inner", function() t.sleep("0.1") fn() end)
    error("oh")
  end)
end }`)}}
	s, err := newStand(t, map[string]string{"show.lua": `local t, lib = require "t", require "lib"

lib.later(function() t.after("0.1", function() error("no") end) end)`}, func(c *Config) { c.Shipped = shipped })
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(time.Second)
	if len(s.failures) != 2 || !strings.HasPrefix(s.failures[0], "after show.lua:3: lib.lua:5: oh") || !strings.HasPrefix(s.failures[1], "after show.lua:3: show.lua:3: no") {
		t.Errorf("failures: %q", s.failures)
	}
	for _, b := range s.batches {
		if b.Origin != "show.lua:3" {
			t.Errorf("a batch of %s", b.Origin)
		}
	}
}
