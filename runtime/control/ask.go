package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// ErrGone tells that nobody listens on a socket any more.
var ErrGone = errors.New("the show is gone")

// patience is how long a show may take to answer.
const patience = 3 * time.Second

// fresh is how long a socket that does not answer may be that of a show that starts: it
// has its name a moment before somebody listens.
const fresh = 10 * time.Second

// Ask sends a request to the show at a socket and returns its reply. A socket that
// a dead process has left is taken away.
func Ask(path string, r Request) (Reply, error) { return ask(path, r, patience) }

func ask(path string, r Request, patience time.Duration) (Reply, error) {
	c, err := net.DialTimeout("unix", path, patience)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		if st, err := os.Lstat(path); err == nil && time.Since(st.ModTime()) > fresh {
			os.Remove(path)
		}
		return Reply{}, ErrGone
	}
	if err != nil {
		return Reply{}, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	b, err := json.Marshal(r)
	if err != nil {
		return Reply{}, err
	}
	if _, err := c.Write(append(b, '\n')); err != nil {
		return Reply{}, err
	}
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, maxLine)
	if !lines.Scan() {
		switch err := lines.Err(); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return Reply{}, fmt.Errorf("no reply for %v: the show is there and does not answer", patience)
		case err != nil:
			return Reply{}, fmt.Errorf("no reply: %w", err)
		}
		return Reply{}, errors.New("no reply: the show has ended, or speaks to too many programs already")
	}
	var reply Reply
	return reply, json.Unmarshal(lines.Bytes(), &reply)
}
