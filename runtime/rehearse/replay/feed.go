package replay

import (
	"fmt"
	"reflect"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// feed is what enters a show from outside, at the show times at which it was taken in a
// recording, and what devices say then.
type feed struct {
	rehearse.Feed
	answers map[string][]answer // of devices, by question, the newest last
	now     func() time.Duration
	unknown int // questions that nobody asked in the recording
}

type answer struct {
	at    time.Duration
	exact string // name of the question
	value any
}

// take takes what a recorded turn has had from outside. The replay is fed with it after that.
func (f *feed) take(input any, tonight *show.Replay) {
	switch in := input.(type) {
	case show.ScriptTurn:
		for _, ev := range tonight.Outside(in) {
			f.Add(in.Now, ev)
		}
	case show.EngineTurn:
		for _, x := range in.Inputs {
			f.Add(in.Now, x)
		}
	}
}

// answered keeps an answer of the recording, which has got to a show time.
func (f *feed) answered(at time.Duration, q show.AskDevice, value any) {
	key, exact := question(q.Key, q.Question)
	list := f.answers[key]
	for len(list) > 1 && list[1].at <= f.now() { // nobody asks for the first any more
		list = list[1:]
	}
	f.answers[key] = append(list, answer{at, exact, value})
}

// question names a question: by what it asks, whatever instant it asks of, and exactly.
func question(device string, q any) (name, exact string) {
	exact = fmt.Sprintf("%s %T%+v", device, q, q)
	v := reflect.ValueOf(q)
	if v.Kind() != reflect.Struct {
		return exact, exact
	}
	timeless := reflect.New(v.Type()).Elem()
	timeless.Set(v)
	for i := range timeless.NumField() {
		if timeless.Field(i).Type() == reflect.TypeFor[time.Duration]() {
			timeless.Field(i).SetZero()
		}
	}
	return fmt.Sprintf("%s %T%+v", device, q, timeless.Interface()), exact
}

// open makes what stands for a device.
func (f *feed) open(d device.Declaration) device.Device { return &fed{feed: f, key: d.Key()} }

// fed is a device that says what it said in the recording.
type fed struct {
	device.Silent
	feed *feed
	key  string
}

// Answer implements device.Answerer.
func (d *fed) Answer(q any) (value any) {
	name, exact := question(d.key, q)
	list := d.feed.answers[name]
	if len(list) == 0 {
		d.feed.unknown++
		return nil
	}
	found := false
	for _, a := range list {
		if same := a.exact == exact; a.at <= d.feed.now() && (same || !found) {
			value, found = a.value, same
		}
	}
	return value
}
