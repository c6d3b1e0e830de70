// Command showrun runs show scripts.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"showrun/cmd/showrun/terminal"
)

func main() {
	tune(os.LookupEnv)
	os.Exit(int(execute(os.Args[1:], os.Stdout, os.Stderr, make(chan os.Signal, 2))))
}

// tune sets the Go runtime up for keeping time, unless the usual environment
// variables do.
//
// A collection stops every thread for a moment, the engine's too. The live heap
// of a show is some ten megabytes, so letting it grow to nine times that is cheap;
// the limit keeps a large one from doing so.
//
// A thread that comes back from a system call, as that of the engine does from its sleep
// and those that wait for an emergency stop do, has to have a processor of the Go runtime,
// whatever its priority. If all are in use it waits for an ordinary thread, which may not
// have run for a second. So there are more of them than busy goroutines: floods keep one
// for each socket busy.
func tune(getenv func(string) (string, bool)) {
	if _, set := getenv("GOGC"); !set {
		debug.SetGCPercent(800)
	}
	allowMemory(512<<20, getenv)
	if _, set := getenv("GOMAXPROCS"); !set {
		runtime.GOMAXPROCS(runtime.NumCPU() + spareProcessors)
	}
}

// spareProcessors are for threads that do not wait for others.
const spareProcessors = 14

// allowMemory lets the heap be half as large again as what a show may hold, garbage included.
func allowMemory(held uint64, getenv func(string) (string, bool)) {
	if _, set := getenv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(int64(held + held/2))
	}
}

// usualMemory is how many MiB a show may hold on this machine: an eighth of what it has,
// as far as that is known, but not less than 128 and not more than 256: to
// find out what grows takes the longer the more is held, and beats wait meanwhile.
func usualMemory(readFile func(string) ([]byte, error)) uint {
	const least, most = 128, 256
	b, err := readFile("/proc/meminfo")
	var total uint // KiB
	if _, wrong := fmt.Sscanf(string(b), "MemTotal: %d kB", &total); err != nil || wrong != nil {
		return most
	}
	return min(max(total>>13, least), most)
}

// execute runs a command line and returns the exit code.
func execute(args []string, stdout, stderr io.Writer, signals chan os.Signal) (code exitCode) {
	screen := terminal.New(stderr)
	defer screen.Flush()
	defer func() {
		if bug := recover(); bug != nil {
			fmt.Fprintf(screen, "showrun: internal error: %v\n%s", bug, debug.Stack())
			code = exitInternal
		}
	}()
	app := &app{stdout: stdout, stderr: stderr, screen: screen, signals: signals}
	root := app.root()
	root.SetArgs(negativesLast(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	app.command = cmd.CommandPath()
	return app.codeOf(err)
}
