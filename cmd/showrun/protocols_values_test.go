package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/theater"
	"showrun/runtime/beat"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// TestWhatDevicesTellIsRecorded: of every protocol each type of value comes back from a
// recording as it was, whatever is in it, as an event and as an answer.
func TestWhatDevicesTellIsRecorded(t *testing.T) {
	all := protocols()
	record.Register(all)
	for _, p := range all {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, v := range append([]any{true, 1, 1.5, "text"}, p.Values...) {
			for i := range 10 {
				x := reflect.New(reflect.TypeOf(v)).Elem()
				if i > 0 { // else as empty as it can be
					fill(t, x, rng)
				}
				was := show.ScriptTurn{
					Number: 1, Now: time.Second, Plan: 3,
					Events: []script.Event{{Topic: "a topic", Key: "a key", From: "a device", At: 7, Brief: true, Value: x.Interface()}},
					Heard:  []script.Heard{{HandOver: 2, Answers: []any{x.Interface(), script.None{}}, At: 9}},
				}
				if is := rewritten(t, was); !reflect.DeepEqual(is, was) {
					t.Errorf("%s: %T\nwas %+v\nis  %+v", p.Name, v, was, is)
					break
				}
			}
		}
	}
	was := show.EngineTurn{Number: 1, Now: time.Second, Inputs: []any{
		show.Observed{Source: "deck 1", Observation: beat.Observation{Arrival: 1, Clock: 2, Beat: 3.5, BPM: 128, Loop: [2]float64{4, 8}, Pulses: true, Halt: true, Empty: true}},
		show.Aliased{Source: "a", Target: "b", At: 5}, show.Handed{Number: 6}, show.Arrived{Device: "dj"}, show.Barred{}, show.Held{On: true}, show.Held{},
	}}
	if is := rewritten(t, was); !reflect.DeepEqual(is, was) {
		t.Errorf("was %+v\nis  %+v", was, is)
	}
}

// TestInstantsOfDevicesAreCalledAt: what repeats a recording at other times finds them so. Every
// other duration is a length.
func TestInstantsOfDevicesAreCalledAt(t *testing.T) {
	lengths := []string{"stagelinq.Deck.Length", "midi.ShowControl.Time"}
	var look func(name string, of reflect.Type)
	look = func(name string, of reflect.Type) {
		switch of.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			look(name+"[]", of.Elem())
		case reflect.Struct:
			for i := range of.NumField() {
				look(name+"."+of.Field(i).Name, of.Field(i).Type)
			}
		default:
			found := strings.HasSuffix(name, ".At") && !strings.Contains(name, "[]")
			if of == reflect.TypeFor[time.Duration]() && !found && !slices.Contains(lengths, name) {
				t.Errorf("%s is an instant that is not moved, or a length that is missing here", name)
			}
		}
	}
	for _, p := range protocols() {
		for _, v := range p.Values {
			look(reflect.TypeOf(v).String(), reflect.TypeOf(v))
		}
	}
}

// rewritten is an input as it comes out of a recording.
func rewritten(t *testing.T, in any) any {
	t.Helper()
	var b bytes.Buffer
	w, err := journal.Create(&b, journal.Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Input(1, in, nil); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	r, err := journal.Open(&b)
	if err != nil {
		t.Fatal(err)
	}
	is, err := r.Next()
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return is
}

// fill draws a value.
func fill(t *testing.T, v reflect.Value, rng *rand.Rand) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rng.Int64() >> (64 - v.Type().Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rng.Uint64() >> (64 - v.Type().Bits()))
	case reflect.Float32:
		v.SetFloat(float64(rng.Float32()))
	case reflect.Float64:
		v.SetFloat(rng.NormFloat64())
	case reflect.String:
		v.SetString(fmt.Sprint("a text\x00ä", rng.IntN(1000)))
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), rng)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(3), 3))
		for i := range v.Len() {
			fill(t, v.Index(i), rng)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, rng)
		fill(t, value, rng)
		v.SetMapIndex(key, value)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf([]any{true, 1.5, "text", int32(7), int64(8), float32(0.5), []byte{1, 2}}[rng.IntN(7)]))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[theater.ID]() {
			v.Set(reflect.ValueOf([]theater.ID{theater.Number(rng.IntN(9)), theater.Name("x")}[rng.IntN(2)]))
			return
		}
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(rng.Int64N(1e9), rng.Int64N(1e9)).UTC()))
			return
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				t.Fatalf("%v has a field that is not written, %s", v.Type(), v.Type().Field(i).Name)
			}
			fill(t, v.Field(i), rng)
		}
	default:
		t.Fatalf("%v is no plain value", v.Type())
	}
}
