package control

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server in a folder of its own until the test ends.
func serve(t *testing.T, folder string, handle func(Request) Reply) {
	t.Helper()
	s, err := Listen(folder, "gala", handle)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAsk(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	for _, by := range []string{"a", "b"} { // two shows of one process
		serve(t, folder, func(r Request) Reply { return Reply{OK: true, Text: by + " did " + r.Command + " for " + r.By} })
	}
	shows, err := Shows(folder)
	if err != nil || len(shows) != 2 {
		t.Fatalf("shows %q, %v", shows, err)
	}
	texts := ""
	for _, path := range shows {
		reply, err := Ask(path, Request{Command: Stop, By: "me"})
		if err != nil || !reply.OK || reply.Show != "gala" {
			t.Errorf("%+v, %v", reply, err)
		}
		texts += reply.Text + ";"
	}
	if !strings.Contains(texts, "a did stop for me;") || !strings.Contains(texts, "b did stop for me;") {
		t.Errorf("replies %q", texts)
	}
	if st, err := os.Stat(folder); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v", st.Mode(), err)
	}
}

// TestRubbish: what is no request is answered, a line without end closes the
// connection, and the next program is served.
func TestRubbish(t *testing.T) {
	folder := t.TempDir()
	os.Chmod(folder, 0o700)
	serve(t, folder, func(Request) Reply { return Reply{OK: true} })
	shows, _ := Shows(folder)
	c, err := net.Dial("unix", shows[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("nonsense\n{}\n" + strings.Repeat("x", 2*maxLine)))
	got := make([]byte, 0, 1024)
	b := make([]byte, 512)
	for {
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if err != nil {
			break
		}
	}
	want := `{"ok":false,"show":"gala","text":"this is no request"}` + "\n" + `{"ok":true,"show":"gala","text":""}` + "\n"
	if string(got) != want {
		t.Errorf("got %q", got)
	}
	if reply, err := Ask(shows[0], Request{}); err != nil || !reply.OK {
		t.Errorf("afterwards: %+v, %v", reply, err)
	}
}

// TestSocketsOfTheDead are taken away; a folder of others is refused.
func TestSocketsOfTheDead(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	if shows, err := Shows(folder); err != nil || shows != nil {
		t.Errorf("without a folder: %v, %v", shows, err)
	}
	if err := prepare(folder); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "1"+suffix)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := Ask(path, Request{}); !errors.Is(err, ErrGone) {
		t.Errorf("a dead one: %v", err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if os.Getuid() < 0 {
		t.Skip("folders have no modes here")
	}
	os.Chmod(folder, 0o777)
	if _, err := Listen(folder, "gala", nil); err == nil || !strings.Contains(err.Error(), "only you") {
		t.Errorf("a folder of everybody: %v", err)
	}
}
