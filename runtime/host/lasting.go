package host

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"time"

	"showrun/runtime/show"
)

// lasting is what a show remembers from run to run, however it ends: it is kept in the
// state folder, in a form that people can read but for show.state.
type lasting struct {
	show.Carried
	State []byte `json:",omitempty"` // a gob of it
}

// encodeLasting writes down what lasts.
func encodeLasting(state any, c show.Carried) ([]byte, error) {
	l := lasting{Carried: c.Lasting()}
	if state != nil {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(&state); err != nil {
			return nil, err
		}
		l.State = b.Bytes()
	}
	return json.Marshal(l)
}

// decodeLasting reads it. Numbers, booleans and strings come back as what they were.
func decodeLasting(b []byte) (state any, c show.Carried, err error) {
	var l lasting
	if err = json.Unmarshal(b, &l); err != nil {
		return nil, show.Carried{}, err
	}
	for name, v := range l.Params {
		switch v.(type) {
		case float64, bool, string:
		default:
			delete(l.Params, name)
		}
	}
	if l.State != nil {
		err = gob.NewDecoder(bytes.NewReader(l.State)).Decode(&state)
	}
	return state, l.Lasting(), err
}

// lastingBucket keeps what shows remember, by their names.
const lastingBucket = "shows"

// keepEvery is how often at most what outlives the process is written.
const keepEvery = 250 * time.Millisecond

// keep writes what the show remembers whenever a param has been set or something was due
// by the wall clock, until ctx ends. show.state goes with restore points while the show runs.
func (h *Host) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.carry:
		}
		if c := h.show.Carried(); c != nil {
			h.keepParams(*c)
		}
		select {
		case <-ctx.Done():
		case <-time.After(keepEvery):
		}
	}
}

// kept is what was written last, of who keeps it.
type kept struct {
	state any
	text  string
}

// keepParams writes what lasts but for show.state, which stays as it was written last.
func (h *Host) keepParams(c show.Carried) {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.keepAll(h.kept.state, c)
}

// keepLasting writes all that lasts.
func (h *Host) keepLasting(state any, c show.Carried) {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.keepAll(state, c)
}

func (h *Host) keepAll(state any, c show.Carried) {
	if state == nil && h.kept.text == "" && len(c.Params) == 0 && c.Fired.IsZero() {
		return // there is nothing yet
	}
	b, err := encodeLasting(state, c)
	if err == nil && string(b) != h.kept.text {
		err = h.store.Put(lastingBucket, h.folder.Name, b)
		h.kept = kept{state, string(b)}
	}
	if err != nil {
		h.opts.Log.Error(fmt.Sprintf("what the show is to remember is not kept: %v", err))
	}
}

// recall is what the run before has left for this one in any case.
func (h *Host) recall() (state any, c show.Carried) {
	b, known, err := h.store.Get(lastingBucket, h.folder.Name)
	if err != nil || !known {
		return nil, show.Carried{}
	}
	state, c, err = decodeLasting(b)
	if err != nil {
		h.opts.Log.Warn("what the last run has left cannot be read, and is forgotten", "error", err)
		return nil, show.Carried{}
	}
	h.kept = kept{state, string(b)}
	return state, c
}
