package theater_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"showrun/drivers/theater"
	"showrun/drivers/theater/server"
)

// A motor makes one turn and comes back in two jumps of speed, as in
// PROTOCOL.md, but in three tenths of a second.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()

	segments := make(chan server.Segment, 3)
	device, err := server.Listen(server.Config{Machine: server.NewMotion(server.MotionConfig{
		OnSegment: func(s server.Segment) { segments <- s },
	})})
	if err != nil {
		fmt.Println(err)
		return
	}
	running.Go(func() { device.Run(ctx) })

	m, err := theater.OpenMotion(theater.MotionConfig{Config: theater.Config{Port: int(device.Addr().Port())}})
	if err != nil {
		fmt.Println(err)
		return
	}
	running.Go(func() { m.Run(ctx) })

	done := make(chan theater.End, 1)
	m.Tempo(time.Now(), theater.X, 600)
	m.Spline(time.Now(), theater.X, []float64{0, 360, 360, 180, 180, 180, 0, 0, 0}, func(e theater.End) { done <- e })
	for range 3 {
		fmt.Println("the motor is at", (<-segments).Position)
	}
	e := <-done
	fmt.Println("the path of axis", e.Axis, "is over:", e.Err == nil)

	// Output:
	// the motor is at 360
	// the motor is at 180
	// the motor is at 0
	// the path of axis x is over: true
}
