package main

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mischief is what a bad network does to what is sent over it, in both directions. The
// parts are of 1000.
type mischief struct {
	lost, twice, late int
	delay             time.Duration // of what is late, which changes the order
}

// hub joins two network namespaces as plug does, with cables of its own to each, and does
// mischief to every frame that goes through it, whatever it carries.
type hub struct {
	mu    sync.Mutex
	does  mischief
	moved map[string]int // frames, by what became of them
	over  bool
}

// badPlug is plug with a hub in the middle.
func badPlug(t *testing.T) (deckSpace, showSpace string, h *hub) {
	t.Helper()
	deckSpace, showSpace = plug(t)
	sh(t, "ip", "-n", showSpace, "link", "del", "show")
	middle := deckSpace + "-hub"
	sh(t, "ip", "netns", "add", middle)
	t.Cleanup(func() { sh(t, "ip", "netns", "del", middle) })
	for i, end := range []struct{ space, name string }{{deckSpace, "deck"}, {showSpace, "show"}} {
		sh(t, "ip", "link", "add", end.name, "netns", end.space, "type", "veth", "peer", "name", end.name, "netns", middle)
		sh(t, "ip", "-n", middle, "link", "set", end.name, "up")
		address(t, end.space, end.name, i+1)
	}
	h = &hub{moved: map[string]int{}}
	deck, show := h.socket(t, middle, "deck"), h.socket(t, middle, "show")
	var carrying sync.WaitGroup
	for _, way := range [][2]int{{deck, show}, {show, deck}} {
		carrying.Go(func() { h.carry(way[0], way[1]) })
	}
	t.Cleanup(func() {
		unix.Shutdown(deck, unix.SHUT_RDWR)
		unix.Shutdown(show, unix.SHUT_RDWR)
		h.mu.Lock()
		h.over = true
		h.mu.Unlock()
		carrying.Wait()
		unix.Close(deck)
		unix.Close(show)
	})
	return deckSpace, showSpace, h
}

// socket sees all that comes in at an interface of a namespace.
func (h *hub) socket(t *testing.T, space, name string) (fd int) {
	t.Helper()
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		made <- func() (err error) {
			ns, err := os.Open("/run/netns/" + space)
			if err != nil {
				return err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			const all = 0x0300 // ETH_P_ALL in the order of the network
			if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, all); err != nil {
				return err
			}
			ifi, err := unix.NewIfreq(name)
			if err != nil {
				return err
			}
			if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifi); err != nil {
				return err
			}
			return errors.Join(
				unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: int(ifi.Uint32())}),
				unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1), // sums that are left to the hardware stay so
				unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
				unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}))
		}()
	}()
	if err := <-made; err != nil {
		t.Fatalf("hub: %v", err)
	}
	return fd
}

// carry takes frames from one side to the other until the hub is over.
func (h *hub) carry(from, to int) {
	var late sync.WaitGroup
	defer late.Wait()
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 70_000)
	for {
		n, _, err := unix.Recvfrom(from, b, 0)
		h.mu.Lock()
		does, over := h.does, h.over
		h.mu.Unlock()
		if over {
			return
		}
		if err != nil {
			continue // nothing has come
		}
		frame := slices.Clone(b[:n])
		switch dice := random.IntN(1000); {
		case dice < does.lost:
			h.count("lost")
			continue
		case dice < does.lost+does.twice:
			h.count("twice")
			unix.Write(to, frame)
		case dice < does.lost+does.twice+does.late:
			h.count("late")
			late.Go(func() {
				<-time.After(does.delay)
				unix.Write(to, frame)
			})
			continue
		}
		h.count("carried")
		unix.Write(to, frame)
	}
}

func (h *hub) count(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved[what]++
}

// do begins another mischief and tells what has become of frames so far.
func (h *hub) do(m mischief) map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.does = m
	return maps.Clone(h.moved)
}
