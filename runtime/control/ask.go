package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrGone tells that nobody listens on a socket any more.
var ErrGone = errors.New("the show is gone")

// patience is how long a show may take to answer.
const patience = 3 * time.Second

// pause is the time between two tries with a show that many programs call at once.
const pause = time.Millisecond

// harmlessTries is how often a show that hangs up is asked what is as good twice as once.
const harmlessTries = 3

// fresh is how long a socket that does not answer may be that of a show that starts: it
// has its name a moment before somebody listens.
const fresh = 10 * time.Second

// errHungUp tells that a show has closed the connection instead of replying.
var errHungUp = errors.New("no reply: the show has ended, or speaks to too many programs already")

// Ask sends a request to the show at a socket and returns its reply. A socket that
// a dead process has left is taken away.
func Ask(path string, r Request) (Reply, error) { return AskWithin(path, r, patience) }

// AskWithin asks as Ask does, and waits no longer than that for the reply.
func AskWithin(path string, r Request, patience time.Duration) (Reply, error) {
	late := time.Now().Add(patience)
	tries := 1
	if r.Command == Stop || r.Command == Release {
		tries = harmlessTries
	}
	for {
		reply, err := askOnce(path, r, patience, late)
		if errors.Is(err, errHungUp) {
			tries--
		}
		again := errors.Is(err, syscall.EAGAIN) || errors.Is(err, errHungUp) && tries > 0
		if !again || !time.Now().Before(late) {
			return reply, err
		}
		<-time.After(pause)
	}
}

// askOnce gives up at late, which is the end of patience.
func askOnce(path string, r Request, patience time.Duration, late time.Time) (Reply, error) {
	c, err := net.DialTimeout("unix", path, time.Until(late))
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
	c.SetDeadline(late)
	b, err := json.Marshal(r)
	if err == nil && len(b) >= maxLine {
		err = fmt.Errorf("the request has %d bytes, more than %d", len(b), maxLine)
	}
	if err != nil {
		return Reply{}, err
	}
	_, err = c.Write(append(b, '\n'))
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return Reply{}, errHungUp
	}
	if err != nil {
		return Reply{}, err
	}
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, maxLine)
	if !lines.Scan() {
		switch err := lines.Err(); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return Reply{}, fmt.Errorf("no reply for %v: the show is there and does not answer", patience)
		case err != nil && !errors.Is(err, syscall.ECONNRESET):
			return Reply{}, fmt.Errorf("no reply: %w", err)
		}
		return Reply{}, errHungUp
	}
	var reply Reply
	return reply, json.Unmarshal(lines.Bytes(), &reply)
}

// Others names the shows of other processes of this user that answer, in the order of their
// names. It asks all at the same time.
func Others(folder string) []string {
	paths, err := Shows(folder)
	if err != nil {
		return nil
	}
	names := make([]string, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		if mine, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), suffix), "-"); mine == strconv.Itoa(os.Getpid()) {
			continue
		}
		asking.Go(func() {
			reply, _ := Ask(path, Request{Command: Status})
			names[i] = reply.Show
		})
	}
	asking.Wait()
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
