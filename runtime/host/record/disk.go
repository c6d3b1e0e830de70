package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// File is what a recording is written to.
type File interface {
	io.WriterAt
	Sync() error
}

const (
	backlog   = 32 << 20        // bytes that may wait for the disk
	tryAgain  = time.Second     // what could not be written
	lastWords = 3 * time.Second // that the disk has for the rest in the end
)

// disk writes chunks to a file, on a goroutine of its own. One that cannot be written is
// tried again in its place, so that the file has no gap.
type disk struct {
	to    File
	limit int64 // bytes of the file; 0 = any
	log   *slog.Logger

	mu     sync.Mutex
	queue  []piece
	queued int   // bytes in it
	given  int64 // bytes that were ever put in
	ending bool

	more chan struct{} // there is something to do
	done chan error    // what run ended with
}

// piece is a chunk, or somebody who waits for those before it.
type piece struct {
	chunk []byte
	mark  func(size int64)
}

func newDisk(to File, limit int64, log *slog.Logger) *disk {
	return &disk{to: to, limit: limit, log: log, more: make(chan struct{}, 1), done: make(chan error, 1)}
}

// Write implements io.Writer for chunks: it takes one, at once.
func (d *disk) Write(chunk []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.limit > 0 && d.given+int64(len(chunk)) > d.limit:
		return 0, fmt.Errorf("it has the %d MiB that it may have (--black-box)", d.limit>>20)
	case d.queued+len(chunk) > backlog && d.queued > 0:
		return 0, fmt.Errorf("the disk has not taken the last %d MiB", d.queued>>20)
	}
	d.given += int64(len(chunk))
	d.queued += len(chunk)
	d.put(piece{chunk: bytes.Clone(chunk)})
	return len(chunk), nil
}

// mark has somebody be told how long the file is when all before is in it.
func (d *disk) mark(told func(size int64)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(piece{mark: told})
}

func (d *disk) put(p piece) {
	d.queue = append(d.queue, p)
	d.wake()
}

func (d *disk) wake() {
	select {
	case d.more <- struct{}{}:
	default:
	}
}

// next is the first piece, which stays; false if there is none.
func (d *disk) next() (p piece, ok, ending bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) > 0 {
		p, ok = d.queue[0], true
	}
	return p, ok, d.ending
}

// drop removes the first piece.
func (d *disk) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queued -= len(d.queue[0].chunk)
	d.queue = d.queue[1:]
}

// run writes until end is called and all is written, or cannot be.
func (d *disk) run() { d.done <- d.write() }

func (d *disk) write() error {
	size, failing := int64(0), false
	for {
		p, ok, ending := d.next()
		switch {
		case !ok && ending:
			return d.to.Sync()
		case !ok:
			<-d.more
			continue
		case p.mark != nil:
			p.mark(size)
			d.drop()
			continue
		}
		_, err := d.to.WriteAt(p.chunk, size)
		switch {
		case err != nil && ending:
			return err
		case err != nil:
			if !failing {
				d.log.Error("the recording cannot be written, which is tried again: the show goes on", "error", err)
			}
			failing = true
			d.rest()
			continue
		case failing:
			failing = false
			d.log.Warn("the recording can be written again, and nothing of it is missing")
		}
		size += int64(len(p.chunk))
		d.drop()
	}
}

// rest waits until it is time to try again, or the end.
func (d *disk) rest() {
	again := time.NewTimer(tryAgain)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			return
		case <-d.more:
		}
		if _, _, ending := d.next(); ending {
			return
		}
	}
}

// end waits until all is written, but not for ever: what hangs in a disk stays there.
func (d *disk) end() error {
	d.mu.Lock()
	d.ending = true
	d.wake()
	d.mu.Unlock()
	late := time.NewTimer(lastWords)
	defer late.Stop()
	select {
	case err := <-d.done:
		return err
	case <-late.C:
		return errors.New("the disk does not take the end of it")
	}
}
