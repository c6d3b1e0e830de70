package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesBite runs the checker over small modules that break one rule each, and
// over what comes close without breaking it.
func TestRulesBite(t *testing.T) {
	long := func(lines int) string { return "package p\n" + strings.Repeat("// x\n", lines-1) }
	for _, test := range []struct {
		rule string
		path string
		src  string
		want []string // all that is found, each by a part of it
	}{
		{"driver to driver", "drivers/signet/p.go", `package p; import _ "showrun/drivers/stagelinq/wire"`, []string{"drivers/signet may not import showrun/drivers/stagelinq/wire"}},
		{"driver to itself", "drivers/signet/node/p.go", `package p; import _ "showrun/drivers/signet/wire"`, nil},
		{"role to role", "drivers/signet/node/p.go", `package p; import _ "showrun/drivers/signet"`, []string{"role drivers/signet/node may not import role drivers/signet"}},
		{"beside a role", "drivers/signet/device/p.go", `package p; import _ "showrun/drivers/signet"`, nil},
		{"driver to runtime", "drivers/theater/p.go", `package p; import _ "showrun/runtime/beat"`, []string{"drivers/theater may not import showrun/runtime/beat"}},
		{"driver to bindings", "drivers/stagenet/gateway/p.go", `package p; import _ "showrun/bindings"`, []string{"drivers/stagenet may not import showrun/bindings"}},
		{"driver to Lua", "drivers/signet/p.go", `package p; import _ "github.com/yuin/gopher-lua"`, []string{"may not import github.com/yuin/gopher-lua"}},
		{"driver without a row", "drivers/lasernet/p.go", `package p`, []string{"drivers/lasernet: the package has no row"}},
		{"a row is no prefix", "drivers/signet2/p.go", `package p`, []string{"drivers/signet2: the package has no row"}},
		{"engine to Lua", "runtime/engine/p.go", `package p; import _ "github.com/yuin/gopher-lua/parse"`, []string{"may not import github.com/yuin/gopher-lua/parse"}},
		{"script to Lua", "runtime/script/lualib/p.go", `package p; import _ "github.com/yuin/gopher-lua/parse"`, nil},
		{"engine to host", "runtime/engine/p.go", `package p; import _ "showrun/runtime/host"`, []string{"runtime/engine may not import showrun/runtime/host"}},
		{"beat to another library", "runtime/beat/p.go", `package p; import _ "golang.org/x/net/ipv4"`, []string{"runtime/beat may not import golang.org/x/net/ipv4"}},
		{"engine to files", "runtime/engine/p.go", `package p; import _ "os"`, []string{"runtime/engine may not import os"}},
		{"bindings with a lock", "bindings/p.go", `package bindings; import _ "sync"`, []string{"bindings may not import sync"}},
		{"cgo", "runtime/clock/p.go", `package clock; import "C"`, []string{"cgo"}},
		{"dot import", "runtime/beat/p.go", `package beat; import . "time"; var _ = Second`, []string{"hides what comes from where"}},

		{"go in logic", "drivers/signet/sender.go", `package p; func f() { go f() }`, []string{"sender.go:1: a goroutine is started here"}},
		{"go in a connection", "drivers/signet/conn.go", `package p; func f() { go f() }`, nil},
		{"go in a connection of many", "drivers/stagelinq/source/beat_conn.go", `package p; func f() { go f() }`, nil},
		{"go in another's sink", "drivers/signet/sink.go", `package p; func f() { go f() }`, []string{"a goroutine is started here"}},
		{"go in the runner", "runtime/script/runner.go", `package p; func f() { go f() }`, nil},
		{"go beside the runner", "runtime/script/task.go", `package p; func f() { go f() }`, []string{"a goroutine is started here"}},
		{"go in clock", "runtime/clock/p.go", `package p; func f() { go f() }`, []string{"a goroutine is started here"}},
		{"group", "bindings/p.go", `package p; func f(g interface{ Go(func()) }) { g.Go(func() {}) }`, []string{"a goroutine is started here"}},
		{"timer with a function", "runtime/beat/p.go", `package p; import "time"; var _ = time.AfterFunc`, []string{"a goroutine is started here"}},

		{"now", "runtime/beat/p.go", `package p; import "time"; func f() time.Time { return time.Now() }`, []string{"time.Now is asked here"}},
		{"now as a value", "drivers/theater/p.go", `package p; import "time"; var now = time.Now`, []string{"time.Now is asked here"}},
		{"now under another name", "runtime/curve/p.go", `package p; import t "time"; var d = t.Since(t.Time{})`, []string{"time.Since is asked here"}},
		{"now in clock", "runtime/clock/p.go", `package p; import "time"; var _ = time.Until(time.Time{})`, nil},
		{"another's now", "runtime/beat/p.go", `package p; type c struct{}; func (c) Now() int { return 0 }; func f(time c) int { return time.Now() }`, nil},

		{"init", "runtime/beat/p.go", `package p; func init() {}`, []string{"init function"}},
		{"method init", "runtime/beat/p.go", `package p; type T int; func (T) init() {}`, nil},

		{"assignment", "runtime/beat/p.go", `package p; var n int; func f() { n = 1 }`, []string{"package variable n is written"}},
		{"local of that name", "runtime/beat/p.go", `package p; var n int; func f() { n := 0; n++; _ = n }`, nil},
		{"increment", "runtime/beat/p.go", `package p; var n int; func f() { n++ }`, []string{"package variable n is written"}},
		{"address", "runtime/beat/p.go", `package p; var n int; func f() *int { return &n }`, []string{"package variable n is written or its address taken"}},
		{"element", "runtime/beat/p.go", `package p; var m = map[int]int{}; func f() { m[1] = 2; delete(m, 1) }`, []string{"variable m", "variable m"}},
		{"field", "runtime/beat/p.go", `package p; var s struct{ a [2]int }; func f() { s.a[1] += 2 }`, []string{"package variable s is written"}},
		{"range", "runtime/beat/p.go", `package p; var n int; func f() { for n = range 3 { } }`, []string{"package variable n is written"}},
		{"method", "runtime/beat/p.go", `package p; type T int; func (t *T) up() { *t++ }; var n T; func f() { n.up() }`, []string{"package variable n is written"}},
		{"reading method", "runtime/beat/p.go", `package p; type T int; func (t T) get() T { return t }; var n T; func f() { n.get() }`, nil},
		{"function in a value", "runtime/beat/p.go", `package p; var n int; var f = func() { n = 1 }`, []string{"package variable n is written"}},
		{"another package's", "runtime/store/p.go", `package p; import "os"; func f() { os.Args = nil }`, []string{"package variable os.Args is written"}},
		{"limit of Lua", "runtime/script/p.go", `package p; import lua "github.com/yuin/gopher-lua"; func f() { lua.MaxArrayIndex = 1 }`, nil},
		{"limit of Lua elsewhere", "bindings/p.go", `package p; import lua "github.com/yuin/gopher-lua"; func f() { lua.MaxArrayIndex = 1 }`, []string{"lua.MaxArrayIndex"}},
		{"lock", "runtime/store/p.go", `package p; import "sync"; var ( a = 1; mu sync.Mutex )`, []string{"package variable mu is there to be changed: it holds a sync.Mutex"}},
		{"atomic", "runtime/store/p.go", `package p; import "sync/atomic"; var n = new(atomic.Int64)`, []string{"it holds a atomic.Int64"}},

		{"empty name", "drivers/signet/util/p.go", `package util`, []string{"the name says nothing"}},
		{"empty name in other clothes", "drivers/signet/p.go", `package helpers`, []string{"the name says nothing"}},
		{"directly in runtime", "runtime/p.go", `package runtime`, []string{"no Go package sits directly in runtime"}},
		{"folder at the top", "internal/p.go", `package p`, []string{"internal: does not belong", "internal: the package has no row"}},
		{"file at the top", "NOTES.md", ``, []string{"NOTES.md: does not belong"}},
		{"ignored file at the top", "showrun.exe", ``, nil},
		{"long file", "runtime/beat/p.go", long(501), []string{"501 lines, more than 500"}},
		{"file", "runtime/beat/p.go", long(500), nil},
		{"tests", "runtime/beat/p_test.go", `package p; func init() { go init() }`, nil},
	} {
		t.Run(test.rule, func(t *testing.T) {
			module := fstest.MapFS{test.path: {Data: []byte(test.src)}, ".gitignore": {Data: []byte("/showrun.exe\n")}, "go.mod": {}}
			found := violations(t, module)
			ok := len(found) == len(test.want)
			for _, w := range test.want {
				ok = ok && slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, w) })
			}
			if !ok {
				t.Errorf("%s: found %q, want %q", test.path, found, test.want)
			}
		})
	}
}

// TestRulesBiteAcrossFiles is for rules that look at more than one file.
func TestRulesBiteAcrossFiles(t *testing.T) {
	module := fstest.MapFS{}
	module["runtime/beat/unix.go"] = &fstest.MapFile{Data: []byte("//go:build unix\n\npackage beat\n\nvar n int\n\nfunc f() {}\n")}
	module["runtime/beat/other.go"] = &fstest.MapFile{Data: []byte("//go:build !unix\n\npackage beat\n\nvar n int\n\nfunc f() { n++ }\n")}
	got := violations(t, module)
	want := []string{
		"runtime/beat/other.go:7: package variable n is written or its address taken",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
