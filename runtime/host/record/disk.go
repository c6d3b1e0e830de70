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
	backlog   = 32 << 20    // bytes that may wait for the disk
	tryAgain  = time.Second // what could not be written
	syncEvery = 10 * time.Second
	lastWords = 3 * time.Second // that the disk has for the rest in the end
)

// disk writes chunks to a file, on a goroutine of its own. One that cannot be written is
// tried again in its place, so that the file has no gap.
type disk struct {
	to    File
	turn  func() error // makes it go on in an empty file
	limit int64        // bytes of the file and of that before it; 0 = any
	room  int          // bytes that may wait
	log   *slog.Logger

	mu     sync.Mutex
	queue  []piece
	queued int   // bytes in it
	before int64 // bytes that were put into the file before
	given  int64 // and into this one
	ending bool

	more chan struct{} // there is something to do
	done chan error    // what run ended with
}

// piece is a chunk, or somebody who waits for those before it, or that it goes on in another
// file.
type piece struct {
	chunk []byte
	mark  func(size int64)
	turn  bool
}

func newDisk(to File, turn func() error, limit int64, log *slog.Logger) *disk {
	return &disk{to: to, turn: turn, limit: limit, room: backlog, log: log, more: make(chan struct{}, 1), done: make(chan error, 1)}
}

// size is how many bytes were put into the present file.
func (d *disk) size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.given
}

// turnOver has what comes go to another file, before which no more than the present one is
// kept.
func (d *disk) turnOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before, d.given = d.given, 0
	d.put(piece{turn: true})
}

// Write implements io.Writer for chunks: it takes one, at once.
func (d *disk) Write(chunk []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.limit > 0 && d.before+d.given+int64(len(chunk)) > d.limit:
		return 0, fmt.Errorf("it has the %d MiB that it may have (--black-box)", d.limit>>20)
	case d.queued+len(chunk) > d.room && d.queued > 0:
		return 0, fmt.Errorf("the disk has not taken the last %d kB", d.queued>>10)
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
	size, failing, synced := int64(0), false, time.Now()
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
		err := d.do(p, &size)
		if err == nil && time.Since(synced) >= syncEvery {
			_ = d.to.Sync() // what is not on the disk by the end is told then
			synced = time.Now()
		}
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
		d.drop()
	}
}

// do writes a chunk where the file ends, or begins the next file.
func (d *disk) do(p piece, size *int64) error {
	if !p.turn {
		_, err := d.to.WriteAt(p.chunk, *size)
		if err == nil {
			*size += int64(len(p.chunk))
		}
		return err
	}
	err := d.turn()
	if err == nil {
		*size = 0
	}
	return err
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
