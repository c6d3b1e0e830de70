package control

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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

// TestNoDescriptorIsLeft once a server has ended, though somebody was connected.
func TestNoDescriptorIsLeft(t *testing.T) {
	spares := func() (n int) {
		links, _ := filepath.Glob("/proc/self/fd/*")
		for _, link := range links {
			if to, _ := os.Readlink(link); to == os.DevNull {
				n++
			}
		}
		return n
	}
	before := spares()
	folder := filepath.Join(t.TempDir(), "run")
	var c net.Conn
	t.Run("serve", func(t *testing.T) {
		serve(t, folder, func(Request) Reply { return Reply{} })
		shows, err := Shows(folder)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = net.Dial("unix", shows[0]); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(c, "{}")
		c.Read(make([]byte, 1)) // it serves, then
	})
	defer c.Close()
	if after := spares(); after != before {
		t.Errorf("%d descriptors are kept, %d were before", after, before)
	}
}
