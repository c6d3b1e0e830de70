package stagenet_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/wire"
)

// printer is hardware that prints.
type printer chan bool

func (p printer) Set(c gateway.Channel, v wire.Value) {
	fmt.Println(c.HardwareType, c.Number, "=", v)
	p <- true
}

// A gateway with a six-socket power strip, and a console that switches the third
// socket on.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()

	strip := make(printer, 1)
	g, err := gateway.Listen(gateway.Config{
		ID: "STRIP_01", Channels: gateway.Channels("RELAY", 1, 6), Sink: strip, Listen: "127.0.0.1:0",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	running.Go(func() { g.Run(ctx) })

	mapped := make(chan stagenet.Gateway, 1)
	c, err := stagenet.New(stagenet.Config{
		Gateways: []string{g.URL()},
		OnEvent: func(e stagenet.Event) {
			fmt.Println(e.Gateway.ID, e.Kind)
			if e.Kind == stagenet.Mapped {
				mapped <- e.Gateway
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	running.Go(func() { c.Run(ctx) })

	found := <-mapped
	socket, _ := found.Index("RELAY", 3)
	fmt.Println("socket 3 is", found.Lease.Addresses[socket])
	if err := c.Set(found.Lease.Addresses[socket], 255); err != nil {
		fmt.Println(err)
	}
	c.Flush(time.Now())
	<-strip

	// Output:
	// STRIP_01 found
	// STRIP_01 leased
	// STRIP_01 mapped
	// socket 3 is SN3
	// RELAY 3 = 255
	// STRIP_01 lost
}
