package host

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// TestFarewellOfARemovedDevice: what a load tells a device that the next one does not
// have leaves before the device is closed.
func TestFarewellOfARemovedDevice(t *testing.T) {
	t.Parallel()
	port := freeUDP(t)
	heard := make(chan string, 16)
	in, err := osc.Listen(osc.Config{Interface: "127.0.0.1", Port: port, Handler: func(m osc.Message, _ osc.TimeTag, _ netip.AddrPort, _ time.Time) {
		heard <- m.Address
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`local out = require "osc".sender{ port = %d }
require "show".on("unload", function() out:send("/bye") end)`, port))
	log := newLines()
	_, stop := runLive(t, Options{Show: file, Log: log.logger()})
	log.await(t, "show loaded", 1)
	save(t, file, `local nothing = true`)
	log.await(t, "show reloaded", 1)
	select {
	case address := <-heard:
		if address != "/bye" {
			t.Errorf("heard %s", address)
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing is heard")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
