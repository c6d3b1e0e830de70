package stagelinq

import (
	"context"
	"time"

	"showrun/runtime/beat"
)

// songWait is how long a new track is waited for to have both a title and an artist:
// some players tell that it is loaded first, and a track may be without.
const songWait = 250 * time.Millisecond

// song is what a deck has told of its track since the last "track" event.
type song struct {
	loaded  bool
	title   bool          // a new one has come ...
	artist  bool          // ... and so has the artist
	pending bool          // an event is to come, at due at the latest
	due     time.Duration // show time
}

// hear takes a changed state of a deck and reports whether "track" is to be told now.
func (g *song) hear(name string, value any, at time.Duration) (now bool) {
	text, _ := value.(string)
	switch name {
	case "Track/SongLoaded":
		g.loaded = value == true
	case "Track/SongName":
		g.title = text != ""
	case "Track/ArtistName":
		g.artist = text != ""
	case "Track/TrackLength": // which may come last
		return g.loaded && !g.pending
	default:
		return false
	}
	switch {
	case !g.loaded:
		g.pending = false
	case g.title && g.artist:
		return true
	case name == "Track/SongLoaded" || text != "":
		if !g.pending {
			g.pending, g.due = true, at+songWait
		}
	}
	return false
}

// Next implements device.Stepper: when a track is told without what has not come.
func (s *Sink) Next() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := beat.Never
	for _, u := range s.units {
		for i := range u.songs {
			if g := &u.songs[i]; g.pending {
				next = min(next, g.due)
			}
		}
	}
	return next
}

// Step implements device.Stepper.
func (s *Sink) Step(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.units {
		for i := range u.songs {
			if g := &u.songs[i]; g.pending && g.due <= now {
				s.track(u, i+1, now)
			}
		}
	}
}

// track tells of the track of a deck.
func (s *Sink) track(u *unit, n int, at time.Duration) {
	u.songs[n-1] = song{loaded: true}
	s.tell(u, n, "track", at)
	s.change(u, n, at)
}

// tracks steps the sink while it is live.
func (s *Sink) tracks(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.heard:
		case <-timer.C:
			s.Step(s.env.Now())
		}
		if next := s.Next(); next != beat.Never {
			timer.Reset(max(next-s.env.Now(), 0))
		}
	}
}
