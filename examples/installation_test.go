package examples

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
)

// heartbeats counts the messages of a show to a port.
type heartbeats struct {
	port string
	n    int
}

// Frame implements show.FrameSink.
func (*heartbeats) Frame(*level.Frame) {}

// Order implements show.OrderSink.
func (h *heartbeats) Order(o engine.DueOrder) {
	if strings.Contains(o.Device, h.port) {
		h.n++
	}
}

// TestUnattended: from midnight on the installation goes by the sun of Berlin in
// winter, misses its silent sensors once, and its heart beats twice a minute.
func TestUnattended(t *testing.T) {
	hours := raced.Of(8, 1)
	var log bytes.Buffer
	beats := &heartbeats{port: ":9002"}
	play(t, rehearse.Options{
		Name: "installation unattended", File: "show.lua", Dir: "installation", Bind: bindings.New, Rate: 1, Frames: beats,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, os.DirFS("installation"), time.Duration(hours)*time.Hour)
	var got []string
	for _, m := range regexp.MustCompile(`msg="(.*?)"`).FindAllStringSubmatch(log.String(), -1) {
		if m[1] != "slow script" { // which is no matter of virtual time
			got = append(got, m[1])
		}
	}
	want := []string{"start 1, 0 visitors so far", "night; 0 visitors today"}
	for _, bench := range []string{"under the lime", "by the pond", "at the gate", "on the hill"} {
		want = append(want, fmt.Sprintf("the sensor of the bench %s is silent", bench))
	}
	if hours == 8 {
		want = append(want, "day; 0 visitors today")
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if beats.n != 2*60*hours {
		t.Errorf("%d heartbeats in %d hours", beats.n, hours)
	}
}
