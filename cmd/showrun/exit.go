package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"showrun/cmd/showrun/terminal"
	"showrun/cmd/showrun/topic"
	"showrun/runtime/control"
	"showrun/runtime/host"
	"showrun/runtime/script"
)

// exitCode is what the process tells its parent.
type exitCode int

// The exit codes.
const (
	exitOK       exitCode = 0
	exitFailed   exitCode = 1 // the show failed
	exitUsage    exitCode = 2
	exitScript   exitCode = 3 // the script does not load
	exitBroken   exitCode = 4 // a soak found something promised that does not hold, or the doctor or check something amiss, or a test fails
	exitDevice   exitCode = 5 // a device could not be opened
	exitInternal exitCode = 6
	exitHUP      exitCode = 129
	exitINT      exitCode = 130
	exitTERM     exitCode = 143
)

// brokenError is of a trial that found something wrong.
type brokenError struct{ error }

// errNotReady ends a command that has printed what is wrong.
var errNotReady = errors.New("not ready")

// signalled ends a show that was asked to end.
type signalled struct{ os.Signal }

func (s signalled) Error() string { return s.String() }

func (s signalled) code() exitCode {
	switch s.Signal {
	case syscall.SIGHUP:
		return exitHUP
	case syscall.SIGTERM:
		return exitTERM
	}
	return exitINT
}

// codeOf reports an error to the person at the terminal and picks the exit code.
func (a *app) codeOf(err error) exitCode {
	var (
		sig    signalled
		usage  usageError
		load   *host.LoadError
		device *host.DeviceError
		bug    *host.InternalError
		broken brokenError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &sig):
		return sig.code()
	case errors.Is(err, errNotReady):
		return exitBroken
	case errors.Is(err, errNotLoaded):
		return exitScript
	}
	a.tell(a.tellOrigins(err))
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &load):
		return exitScript
	case errors.As(err, &broken):
		return exitBroken
	case errors.As(err, &device):
		a.tellWhoRuns(err)
		return exitDevice
	case errors.As(err, &bug):
		return exitInternal
	}
	return exitFailed
}

// tellWhoRuns names the shows that run here, one of which may have the port that is
// taken.
func (a *app) tellWhoRuns(err error) {
	if !errors.Is(err, syscall.EADDRINUSE) || a.jsonLog != nil {
		return
	}
	if names := control.Others(control.Folder(os.LookupEnv)); len(names) > 0 {
		fmt.Fprintf(a.screen, "Shows that run on this machine: %s\n", strings.Join(names, ", "))
	}
}

// tell writes why the command ends: for people, or as a last line of a log that
// programs read.
func (a *app) tell(err error) {
	trace := ""
	var f *script.Failure
	if errors.As(err, &f) {
		trace = f.Trace
	}
	more := topic.Of(err.Error(), err)
	if a.jsonLog != nil {
		args := []any{}
		if trace != "" {
			args = append(args, "traceback", trace)
		}
		if more != "" {
			args = append(args, "help", topic.Hint(more))
		}
		a.jsonLog.Error(err.Error(), args...)
		return
	}
	fmt.Fprintf(a.screen, "showrun: %s\n", terminal.Printable(err.Error(), "\n\t"))
	if trace != "" {
		fmt.Fprintln(a.screen, terminal.Printable(terminal.Indent(trace), "\n\t"))
	}
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(a.screen, "Try: %s --help\n", a.command)
	}
	if more != "" {
		fmt.Fprintf(a.screen, "More: %s\n", topic.Hint(more))
	}
}
