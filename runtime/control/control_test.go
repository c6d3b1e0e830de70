package control

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestLongReply is cut to what whoever asks reads, which begins with the name of the show:
// one that is to be stopped is found by it.
func TestLongReply(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	serve(t, folder, func(Request) Reply { return Reply{OK: true, Text: strings.Repeat("ö\x1b", 100_000)} })
	shows, err := Shows(folder)
	if err != nil || len(shows) != 1 {
		t.Fatal(shows, err)
	}
	reply, err := Ask(shows[0], Request{Command: Status})
	if err != nil || !reply.OK || reply.Show != "gala" || !strings.HasPrefix(reply.Text, "ö\x1bö") || !strings.HasSuffix(reply.Text, cutShort) {
		t.Errorf("%v %s %d bytes: %v", reply.OK, reply.Show, len(reply.Text), err)
	}
	_, err = Ask(shows[0], Request{Command: "param", Words: []string{"title", strings.Repeat("x", maxLine)}})
	if err == nil || !strings.Contains(err.Error(), "more than 65536") {
		t.Error(err)
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

// TestSocketsOfTheDead are taken away.
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
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("it may be one that starts: %v", err)
	}
	old := time.Now().Add(-2 * fresh)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(path, Request{}); !errors.Is(err, ErrGone) {
		t.Errorf("a dead one: %v", err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := Ask(path, Request{}); !errors.Is(err, ErrGone) {
		t.Errorf("one that was taken away meanwhile: %v", err)
	}
}

// TestNoReply: a show that is there but does not answer is not one that is gone.
func TestNoReply(t *testing.T) {
	request := `{"command":"reload"}` + "\n"
	for name, c := range map[string]struct {
		patience time.Duration
		meet     func(*testing.T, net.Conn)
		want     string
	}{
		"hangs": {300 * time.Millisecond, func(t *testing.T, c net.Conn) {
			t.Cleanup(func() { c.Close() })
		}, "no reply for 300ms: the show is there and does not answer"},
		"hangs up": {patience, func(_ *testing.T, c net.Conn) {
			io.ReadFull(c, make([]byte, len(request)))
			c.Close()
		}, "no reply: the show has ended, or speaks to too many programs already"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "1"+suffix)
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			met := make(chan bool)
			go func() {
				defer close(met)
				if conn, err := l.Accept(); err == nil {
					c.meet(t, conn)
				}
			}()
			if _, err := AskWithin(path, Request{Command: Reload}, c.patience); errors.Is(err, ErrGone) || err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			l.(*net.UnixListener).SetDeadline(time.Now()) // nobody may have come, on a busy machine
			<-met
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("the socket: %v", err)
			}
		})
	}
}

// TestFolderOfOthers: nothing listens, and nobody is asked, where others may put a
// socket.
func TestFolderOfOthers(t *testing.T) {
	if os.Getuid() < 0 {
		t.Skip("folders have no modes here")
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := prepare(open); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(open, "1"+suffix), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	refused := func(folder string) {
		t.Helper()
		const want = " must be a folder that only you can enter: chmod 700 it, or set XDG_RUNTIME_DIR to one of your own"
		if _, err := Listen(folder, "gala", nil); err == nil || err.Error() != "control socket: "+folder+want {
			t.Errorf("listening: %v", err)
		}
		if shows, err := Shows(folder); err == nil || err.Error() != folder+want || shows != nil {
			t.Errorf("shows %q, %v", shows, err)
		}
	}
	refused(link)
	for _, mode := range []os.FileMode{0o777, 0o770, 0o710, 0o701, 0o755} {
		if err := os.Chmod(open, mode); err != nil {
			t.Fatal(err)
		}
		refused(open)
	}
	if err := os.Chmod(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if shows, err := Shows(open); err != nil || len(shows) != 1 {
		t.Errorf("a folder of our own: %q, %v", shows, err)
	}
}
