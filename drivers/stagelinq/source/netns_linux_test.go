package source

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
)

// peersEnv runs the tests that need root and network namespaces of their own.
const peersEnv = "SHOWRUN_PEERS"

// needPeers skips a peer test unless it is wanted and can be run.
func needPeers(t *testing.T, what string, tools ...string) {
	t.Helper()
	if os.Getenv(peersEnv) != "1" {
		t.Skipf("set %s=1 to run it: %s", peersEnv, what)
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			skipPeer(t, "%v", err)
		}
	}
	if os.Getuid() != 0 {
		skipPeer(t, "network namespaces need root")
	}
}

// skipPeer skips where something is missing, and fails where it must be there.
func skipPeer(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func command(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
}

// makeNamespaces joins two network namespaces by a veth pair with the given
// addresses, and returns their names. They are deleted when the test ends.
func makeNamespaces(t *testing.T, deckAddress, clientAddress string) (deck, client string) {
	t.Helper()
	id := strconv.Itoa(os.Getpid())
	deck, client = "showrun-"+id+"d", "showrun-"+id+"c"
	for _, name := range []string{deck, client} {
		if output, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			skipPeer(t, "ip netns add: %v\n%s", err, output)
		}
		t.Cleanup(func() { command(t, "", "ip", "netns", "del", name) })
		command(t, "", "ip", "-n", name, "link", "set", "lo", "up")
	}
	joinNamespaces(t, "a", deck, deckAddress, client, clientAddress)
	return deck, client
}

// joinNamespaces adds a veth pair between two namespaces. An empty address
// leaves its end without one.
func joinNamespaces(t *testing.T, pair, deck, deckAddress, client, clientAddress string) {
	t.Helper()
	id := pair + strconv.Itoa(os.Getpid())
	command(t, "", "ip", "link", "add", "d"+id, "netns", deck, "type", "veth", "peer", "name", "c"+id, "netns", client)
	for _, end := range [][3]string{{deck, "d" + id, deckAddress}, {client, "c" + id, clientAddress}} {
		if end[2] != "" {
			command(t, "", "ip", "-n", end[0], "addr", "add", end[2], "brd", "+", "dev", end[1])
		}
		command(t, "", "ip", "-n", end[0], "link", "set", end[1], "up")
	}
}

const roleEnv = "SHOWRUN_NETNS_ROLE"

// TestLinkLocalNetwork puts the unit on the link-local address of the capture
// and the sink on another, with a second network beside it: the way real gear
// meets a notebook. Both use every interface and the real discovery port.
func TestLinkLocalNetwork(t *testing.T) {
	needPeers(t, "makes network namespaces", "ip")
	switch os.Getenv(roleEnv) {
	case "unit":
		linkLocalUnit(t)
		return
	case "sink":
		linkLocalSink(t)
		return
	}
	deck, client := makeNamespaces(t, "169.254.69.199/16", "169.254.128.36/16")
	joinNamespaces(t, "b", deck, "", client, "192.168.77.5/24")
	inside := func(ctx context.Context, namespace, role string) *exec.Cmd {
		c := exec.CommandContext(ctx, "ip", "netns", "exec", namespace, os.Args[0], "-test.run=^TestLinkLocalNetwork$", "-test.v")
		c.Env = append(os.Environ(), roleEnv+"="+role)
		return c
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	unit := inside(ctx, deck, "unit")
	var unitOutput strings.Builder
	unit.Stdout, unit.Stderr = &unitOutput, &unitOutput
	if err := unit.Start(); err != nil {
		t.Fatal(err)
	}
	output, err := inside(ctx, client, "sink").CombinedOutput()
	t.Logf("sink:\n%s", output)
	if err != nil {
		t.Error(err)
	}
	err = unit.Wait()
	t.Logf("unit:\n%s", unitOutput.String())
	if err != nil {
		t.Error(err)
	}
}

// linkLocalUnit plays until it has heard a sink and the sink has left.
func linkLocalUnit(t *testing.T) {
	unit := newSource(t, 0, func(c *Config) { c.Interface = "" })
	run(t, unit.Run)
	for _, state := range []struct {
		what  string
		ready func() bool
	}{
		{"sink heard and served", func() bool { return unit.Stats().Discovery.Received > 0 && unit.Stats().Clients == 2 }},
		{"sink gone", func() bool { return unit.Stats().Clients == 0 }},
	} {
		for deadline := time.Now().Add(20 * time.Second); !state.ready(); {
			if time.Now().After(deadline) {
				t.Fatalf("no %s: %+v", state.what, unit.Stats())
			}
			<-time.After(10 * time.Millisecond)
		}
	}
}

func linkLocalSink(t *testing.T) {
	s := newStage(t, 0, func(c *stagelinq.Config) { c.Interface = "" })
	run(t, s.sink.Run)
	e := s.device(t, stagelinq.Connected)
	if got := e.Device.Address.String(); got != "169.254.69.199" {
		t.Errorf("unit at %s", got)
	}
	for range 100 {
		await(t, "beat", s.beats, func(stagelinq.BeatEvent) bool { return true })
	}
	st := s.sink.Stats()
	if st.Discovery.SendError > 0 || st.Discovery.Foreign > 0 {
		t.Errorf("%+v", st)
	}
	fmt.Printf("status %+v\nstats %+v\n", s.sink.Status(), st)
}
