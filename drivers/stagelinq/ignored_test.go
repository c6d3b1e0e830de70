package stagelinq

import (
	"fmt"
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// TestIgnored: units that are there and not accepted are known, until they are not heard any
// more, and only so many.
func TestIgnored(t *testing.T) {
	p := newPlay(t, func(c *Config) { c.Accept = func(d Device) bool { return d.Software == "JP13" } })
	names := func() (list []string) {
		for _, d := range p.sink.Ignored(p.now) {
			list = append(list, fmt.Sprintf("%s at %v", d.Name, d.Address))
		}
		return list
	}
	unit := func(n byte, name, software string) wire.Announcement {
		return wire.Announcement{Token: Token{n}, Name: name, Software: software, Version: "1", Port: 1000}
	}
	p.hear(unit(1, "two", "JC11"))
	p.hear(unit(2, "one", "SSS0"))
	p.hear(unit(3, "ours", "JP13"))
	p.hear(unit(4, "helper", "OfflineAnalyzer"))
	if got := fmt.Sprint(names()); got != "[one at 10.0.0.9 two at 10.0.0.9]" {
		t.Error(got)
	}
	p.now = p.now.Add(4 * time.Second)
	p.hear(unit(1, "two", "JC11"))
	p.now = p.now.Add(2 * time.Second)
	if got := fmt.Sprint(names()); got != "[two at 10.0.0.9]" {
		t.Error(got)
	}
	left := unit(1, "two", "JC11")
	left.Exit = true
	p.hear(left)
	if got := names(); got != nil {
		t.Error(got)
	}
	for n := range 200 {
		p.hear(unit(byte(n), fmt.Sprint("u", n), "JC11"))
	}
	if n := len(names()); n != maxOthers {
		t.Errorf("%d are known", n)
	}
}
