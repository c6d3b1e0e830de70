// Command showrun runs show scripts.
package main

import (
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	tuneMemory(os.LookupEnv)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(int(execute(os.Args[1:], os.Stdout, os.Stderr, signals)))
}

// tuneMemory lets garbage wait: a collection stops every thread for a moment, the
// engine's too. The live heap of a show is some ten megabytes, so growing to nine
// times of it is cheap; the limit keeps a large one from doing so. The usual
// environment variables take precedence.
func tuneMemory(getenv func(string) (string, bool)) {
	if _, set := getenv("GOGC"); !set {
		debug.SetGCPercent(800)
	}
	if _, set := getenv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(1 << 30)
	}
}

// execute runs a command line and returns the exit code.
func execute(args []string, stdout, stderr io.Writer, signals <-chan os.Signal) exitCode {
	app := &app{stdout: stdout, stderr: stderr, signals: signals}
	root := app.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return app.codeOf(root.Execute())
}
