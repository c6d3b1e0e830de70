package script

import (
	"errors"
	"fmt"
	"strings"

	"showrun/runtime/patch"
	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// Failure is an error raised by script code, ready to be shown to the person who
// wrote it.
type Failure struct {
	Task    string // name of the task or handler; "" at the top level of a show
	Message string // begins with file:line (or file:line:column) where that is known
	Trace   string // one line per call, innermost first; "" when there is none
	Cause   string // topic of the event whose handler it was, or has begun it; "" for none

	// Disabled says which handler will not be called again, why, and what to do; ""
	// when it will be.
	Disabled string
}

// Error returns the message with the name of the task in front.
func (f *Failure) Error() string {
	if f.Task == "" {
		return f.Message
	}
	return fmt.Sprintf("%s: %s", f.Task, f.Message)
}

// ErrStuck is returned by Step and Deliver when a call inside the script did not
// come back within the grace period. The generation is revoked: its goroutine is
// abandoned and the show has to be loaded afresh.
var ErrStuck = errors.New("the script does not come back from a call; it has been abandoned")

// errorValue is the Lua value an error carries.
func errorValue(err error) lua.LValue {
	var api *lua.ApiError
	if errors.As(err, &api) {
		if message, _ := overflow(api); message != "" {
			return lua.LString(message)
		}
		if api.Object != nil {
			return api.Object
		}
	}
	return lua.LString(err.Error())
}

// overflow describes the error of a stack that has no room left, which is a panic
// in the interpreter; "" for others.
func overflow(api *lua.ApiError) (message, calls string) {
	if api == nil || api.Type != lua.ApiErrorPanic || !strings.Contains(api.Error(), "callstack overflow") {
		return "", ""
	}
	_, stack, _ := strings.Cut(api.StackTrace, "stack traceback:")
	calls = trace(stack)
	where, _, _ := strings.Cut(calls, " in ")
	return where + " stack overflow: functions call one another too deeply", calls
}

// failure describes an error returned by a protected call.
func failure(task string, err error) *Failure {
	f := &Failure{Task: task}
	var api *lua.ApiError
	if !errors.As(err, &api) {
		f.Message = strings.TrimSpace(err.Error())
		return f
	}
	switch v := errorValue(err).(type) {
	case lua.LString:
		f.Message = strings.TrimSpace(string(v))
	case *lua.LTable:
		f.Message = "error value is a table"
		if s, ok := v.RawGetString("message").(lua.LString); ok {
			f.Message = string(s)
		}
	case lua.LNumber, lua.LBool:
		f.Message = "error value is " + v.String()
	default:
		f.Message = "error value is " + v.Type().String()
	}
	f.Trace = trace(api.StackTrace)
	if task != "" { // the bottom of a task is no main chunk
		f.Trace = strings.ReplaceAll(f.Trace, "in main chunk", "in "+task)
	}
	if message, calls := overflow(api); message != "" {
		f.Message, f.Trace = message, calls
		return f
	}
	if api.Type == lua.ApiErrorPanic {
		// A bug of ours: the Go stack says where.
		f.Message = "internal error: " + f.Message
		f.Trace = api.StackTrace
	}
	return f
}

// trace keeps the lines of a traceback that name script code. What the bottom of
// a protected call calls is a main chunk.
func trace(s string) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		l = strings.TrimSpace(l)
		if l == "[G]: in main chunk" && len(lines) > 0 {
			where, _, _ := strings.Cut(lines[len(lines)-1], " in ")
			lines[len(lines)-1] = where + " in main chunk"
		}
		if l == "" || strings.HasPrefix(l, "stack traceback") || strings.HasPrefix(l, "[G]") {
			continue
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

// hints are what errors of the virtual machine guess with.
func (g *Generation) hints() chunk.Hints {
	return chunk.Hints{Closest: patch.Closest, Module: g.available, Instead: Instead}
}

// Instead is what shows have in place of something that they have not by its name, as in
// "io.open"; "" for most names.
func Instead(name string) string { return instead[name] }

// instead is what shows have in place of what they have not.
var instead = map[string]string{
	"wait":          waiting,
	"sleep":         waiting,
	"delay":         waiting,
	"pause":         waiting,
	"after":         later,
	"setTimeout":    later,
	"setInterval":   "`clock.every(seconds, fn)` calls again and again",
	"io":            noFiles,
	"io.open":       noFiles,
	"dofile":        "`require \"name\"` runs name.lua",
	"loadfile":      "`require \"name\"` runs name.lua",
	"module":        "a module returns a table, which `require` gives to others",
	"package":       "`require` looks beside the show, and nowhere else",
	"getfenv":       noEnvironment,
	"setfenv":       noEnvironment,
	"os.execute":    "a show starts no other programs",
	"os.exit":       "a show runs until it is ended from outside",
	"os.remove":     noFiles,
	"os.rename":     noFiles,
	"os.tmpname":    noFiles,
	"debug.getinfo": "of debug there is `debug.traceback` only",
	"debug.sethook": "of debug there is `debug.traceback` only",
	"math.round":    "`math.floor(x + 0.5)` rounds",
	"self":          "is the function written with a colon, as in `function t:name()`?",
	"null":          nothing,
	"NULL":          nothing,
	"None":          nothing,
	"undefined":     nothing,
	"console":       "`print(…)` writes to the log",
	"len":           "`#x` is the length of a list or a text",
}

const (
	waiting       = "`clock.sleep(seconds)` waits"
	later         = "`clock.after(seconds, fn)` calls later"
	noFiles       = "a show has no files; `show.state` keeps values for it"
	noEnvironment = "functions have no environments of their own here"
	nothing       = "nothing is written `nil`"
)

// raise raises a message at the line of the script that called, if it was one.
func raise(L *lua.LState, message string) {
	const host = "[G]:"
	where := host
	for level := 1; where == host; level++ {
		where = L.Where(level)
	}
	L.Error(lua.LString(strings.TrimPrefix(where+" "+message, " ")), 0)
}

// argError raises what is wrong with an argument of a function of the library.
func argError(L *lua.LState, n int, name, message string) {
	raise(L, fmt.Sprintf("bad argument #%d to '%s' (%s)", n, name, message))
}

func typeName(L *lua.LState, n int) string {
	if n > L.GetTop() {
		return "no value"
	}
	return L.Get(n).Type().String()
}

func coroutineArgument(L *lua.LState, name string) *lua.LState {
	th, ok := L.Get(1).(*lua.LState)
	if !ok {
		argError(L, 1, name, "coroutine expected")
	}
	return th
}
