//go:build unix

package soak

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"time"

	"showrun/drivers/osc"
	signet "showrun/drivers/signet/wire"
	"showrun/drivers/stagelinq/wire"
)

// load is something that is on while a fault happens. begin returns what ends it.
type load struct {
	name  string
	begin func(s *soak) func()
}

// allLoads are those there are.
func allLoads() []load {
	return []load{
		{"four busy processes", (*soak).busy},
		{"a log that nobody reads", func(s *soak) func() { return s.show.stall() }},
		{"a flood of OSC commands", func(s *soak) func() { return s.flood(s.osc, oscFlood("/nothing/%d")) }},
		{"a flood of OSC messages", func(s *soak) func() { return s.flood(s.hand, oscFlood("/nobody/%d")) }},
		{"a flood of Sig-Net", func(s *soak) func() { return s.flood(signet.Port, forged) }},
		{"a storm of players", func(s *soak) func() { return s.flood(51337, players) }},
		{"a storm of names", func(s *soak) func() { return s.flood(5353, names) }},
	}
}

// busy has four processes do nothing but be busy.
func (s *soak) busy() func() {
	var list []*exec.Cmd
	for range 4 {
		c := exec.Command("sh", "-c", "while :; do :; done")
		if c.Start() == nil {
			list = append(list, c)
		}
	}
	return func() {
		for _, c := range list {
			c.Process.Kill()
			c.Wait()
		}
	}
}

// floodRate is how many datagrams a second a flood has.
const floodRate = 10_000

// flood sends datagrams to a port of the show until it is ended.
func (s *soak) flood(port int, datagram func(n int) []byte) func() {
	group := net.IPv4(127, 0, 0, 1)
	switch port {
	case signet.Port:
		group = signet.Fold(2).AsSlice()
	case 5353:
		group = net.IPv4(224, 0, 0, 251)
	case 51337:
		group = net.IPv4(127, 255, 255, 255)
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	var sending sync.WaitGroup
	sending.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			_, _ = c.WriteToUDP(datagram(n), &net.UDPAddr{IP: group, Port: port})
			if n%100 == 99 {
				wait(ctx, 100*time.Second/floodRate)
			}
		}
	})
	return func() { cancel(); sending.Wait(); c.Close() }
}

// oscFlood makes messages to many addresses.
func oscFlood(address string) func(n int) []byte {
	return func(n int) []byte {
		b, _ := osc.AppendMessage(nil, osc.Message{Address: fmt.Sprintf(address, n%1000), Args: []any{int32(n)}})
		return b
	}
}

// forged are packets of universe 2 that look right but for their tag, each of another sender,
// and some that make no sense at all.
func forged(n int) []byte {
	if n%4 == 0 {
		return bytes.Repeat([]byte{0x50, 0x02, byte(n)}, 30+n%300)
	}
	var levels [signet.Slots]byte
	h := signet.Header{Sender: signet.SenderID{TUID: signet.TUID{4: byte(n >> 8), 5: byte(n)}, Endpoint: 1}, Session: uint32(n), Sequence: 1}
	return signet.Append(nil, h, "soak", signet.Resource{Kind: signet.KindLevel, Number: 2},
		signet.AppendTLV(nil, signet.TIDLevel, levels[:]), hmac.New(sha256.New, []byte("a wrong key")))
}

// players are announcements, each of another player.
func players(n int) []byte {
	return wire.AppendAnnouncement(nil, wire.Announcement{
		Token: wire.Token{0: byte(n >> 8), 1: byte(n), 6: 0x40, 8: 0x80, 15: 1}, Name: fmt.Sprintf("stranger%d", n%5000), Software: "JC11", Version: "1.0.0", Port: 9,
	})
}

// names are mDNS answers, each of another gateway.
func names(n int) []byte {
	label := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	b := []byte{0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0}
	service := append(append(label("_stagenet"), label("_tcp")...), append(label("local"), 0)...)
	b = append(b, service...)
	instance := append(label(fmt.Sprintf("stranger-%d", n%5000)), service...)
	b = append(b, 0, 12, 0, 1, 0, 0, 0, 120, byte(len(instance)>>8), byte(len(instance)))
	return append(b, instance...)
}
