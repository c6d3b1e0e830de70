package control

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// askEnv names the socket that a child of TestNoDescriptors asks.
const askEnv = "SHOWRUN_TEST_ASK"

// TestNoDescriptors: a stop comes in, also twice, though the show can open nothing more.
func TestNoDescriptors(t *testing.T) {
	if path := os.Getenv(askEnv); path != "" {
		os.Stdin.Read(make([]byte, 1))
		for range 2 {
			reply, err := Ask(path, Request{Command: Stop})
			fmt.Println(reply.Text, err)
		}
		os.Exit(0)
	}
	folder := t.TempDir()
	os.Chmod(folder, 0o700)
	serve(t, folder, func(Request) Reply { return Reply{OK: true, Text: "stopped"} })
	shows, err := Shows(folder)
	if err != nil {
		t.Fatal(err)
	}
	Ask(shows[0], Request{Command: Status}) // it serves, then
	child := exec.Command(os.Args[0], "-test.run=^TestNoDescriptors$")
	child.Env = append(os.Environ(), askEnv+"="+shows[0])
	child.Stderr = os.Stderr
	start, _ := child.StdinPipe()
	said, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var limit, low syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	low = syscall.Rlimit{Cur: 100, Max: limit.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	var all []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			if !errors.Is(err, syscall.EMFILE) {
				t.Error(err)
			}
			break
		}
		all = append(all, f)
	}
	start.Write([]byte("\n"))
	got, err := io.ReadAll(said)
	for _, f := range all {
		f.Close()
	}
	if want := "stopped <nil>\nstopped <nil>\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}
