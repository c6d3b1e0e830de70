package source

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// The client the virtual deck is checked against, by its exact version.
const npmPackage = "stagelinq@3.5.5"

// The test, started again inside a network namespace, learns from these what
// was prepared.
const (
	netnsEnv = "SHOWRUN_NPM_NETNS"
	appEnv   = "SHOWRUN_NPM_APP"
)

// TestNpmPeer runs the npm package stagelinq against a Source, each in a
// network namespace of its own, and compares what it received with what the
// deck played. It needs root, ip, node, npm and the npm registry.
func TestNpmPeer(t *testing.T) {
	needPeers(t, "installs npm package "+npmPackage+" and makes network namespaces", "ip", "node", "npm", "tar")
	if os.Getenv(netnsEnv) != "" {
		checkNpmPeer(t)
		return
	}
	app := installNpmPeer(t)
	deck, client := makeNamespaces(t, "10.77.0.1/24", "10.77.0.2/24")
	inner := exec.Command("ip", "netns", "exec", deck, os.Args[0], "-test.run=^TestNpmPeer$", "-test.v")
	inner.Env = append(os.Environ(), netnsEnv+"="+client, appEnv+"="+app)
	output, err := inner.CombinedOutput()
	t.Logf("inside the namespace:\n%s", output)
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// installNpmPeer puts the package, its dependencies and our script in a
// directory. Two dependencies that a plain install fails on are replaced by
// empty ones; they serve files only.
func installNpmPeer(t *testing.T) string {
	t.Helper()
	app := t.TempDir()
	write(t, filepath.Join(app, "package.json"), `{"name": "peer", "private": true, "dependencies": {
		"console-stamp": "^3.0.3", "file-type": "^16.5.3", "ip": "^1.1.5", "minimist": "^1.2.5", "promise-socket": "^7.0.0"}}`)
	command(t, app, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
	command(t, app, "npm", "pack", "--ignore-scripts", npmPackage)
	command(t, app, "tar", "xzf", strings.ReplaceAll(npmPackage, "@", "-")+".tgz")
	modules := filepath.Join(app, "node_modules")
	if err := os.Rename(filepath.Join(app, "package"), filepath.Join(modules, "stagelinq")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(modules, "metadata-connect", "index.js"), "module.exports = {};\n")
	write(t, filepath.Join(modules, "better-sqlite3-multiple-ciphers", "index.js"), "module.exports = class {};\n")
	script, err := os.ReadFile(filepath.Join("testdata", "npm_peer.js"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "peer.js"), string(script))
	return app
}

// received is one line of the script.
type received struct {
	Kind   string
	Name   string          // connected
	Port   uint16          // connected
	Path   string          // state
	JSON   json.RawMessage // state
	Clock  string          // beat
	Decks  []npmDeck       // beat
	Deck   string          // nowPlaying
	Title  string          // nowPlaying
	Artist string          // nowPlaying
}

type npmDeck struct{ Beat, TotalBeats, BPM, Samples float64 }

// npmClient is a running script and what it has printed.
type npmClient struct {
	mu    sync.Mutex
	lines []received
	more  chan struct{}
}

// startNpmClient runs the script in the client's namespace until the test ends.
func startNpmClient(t *testing.T) *npmClient {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, "ip", "netns", "exec", os.Getenv(netnsEnv), "node", "peer.js")
	c.Dir = os.Getenv(appEnv)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	n := &npmClient{more: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var r received
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Errorf("%s: %v", lines.Bytes(), err)
				continue
			}
			n.mu.Lock()
			n.lines = append(n.lines, r)
			n.mu.Unlock()
			select {
			case n.more <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = c.Wait() // killed
	})
	return n
}

// all returns what was printed so far, of one kind.
func (n *npmClient) all(kind string) (list []received) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.lines {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// until waits until ready is true.
func (n *npmClient) until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.After(30 * time.Second); !ready(); {
		select {
		case <-n.more:
		case <-deadline:
			t.Fatalf("no %s within 30 s; states %d, beats %d", what, len(n.all("state")), len(n.all("beat")))
		}
	}
}

// hasState reports whether a path has arrived with a value, as JSON.
func (n *npmClient) hasState(path, value string) bool {
	return slices.ContainsFunc(n.all("state"), func(r received) bool {
		return r.Path == path && sameJSON(string(r.JSON), value)
	})
}

func sameJSON(a, b string) bool {
	var va, vb any
	return json.Unmarshal([]byte(a), &va) == nil && json.Unmarshal([]byte(b), &vb) == nil && reflect.DeepEqual(va, vb)
}

// act is one command to the player, so that the whole set can be played again.
type act struct {
	at time.Time
	do func(*Player, time.Time)
}

// checkNpmPeer plays a short set to the client and compares.
func checkNpmPeer(t *testing.T) {
	unit := newSource(t, 0, func(c *Config) { c.Interface = "" })
	born := unit.player.born
	var acts []act
	play := func(do func(*Player, time.Time)) {
		unit.Do(func(p *Player, now time.Time) {
			acts = append(acts, act{now, do})
			do(p, now)
		})
	}
	run(t, unit.Run)
	play(func(p *Player, now time.Time) {
		p.Load(1, testTrack, now)
		p.SeekBeat(1, 16, now)
		p.Play(1, now)
	})
	n := startNpmClient(t)
	n.until(t, "connection", func() bool { return len(n.all("connected")) > 0 })
	n.until(t, "initial states", func() bool { return n.hasState("/Client/Preferences/Player", `{"string":"1","type":4}`) })
	n.until(t, "beats", func() bool { return len(n.all("beat")) > 10 })

	// settle waits for beats, so that the commands do not all fall between two.
	settle := func() {
		beats := len(n.all("beat"))
		n.until(t, "beats", func() bool { return len(n.all("beat")) >= beats+5 })
	}
	for _, do := range []func(*Player, time.Time){
		func(p *Player, now time.Time) { p.SetPitch(1, 3.5, now) },
		func(p *Player, now time.Time) {
			p.Load(2, Track{Title: "Zwei", Artist: "Künstler", BPM: 140.5, Key: "Am"}, now)
		},
		func(p *Player, now time.Time) { p.SetFader(2, 0.25, now) },
		func(p *Player, now time.Time) { p.Play(2, now); p.SetMaster(2, now) },
		func(p *Player, now time.Time) { p.Loop(2, 1, now) },
		func(p *Player, now time.Time) { p.Jump(1, -32, now) },
		func(p *Player, now time.Time) { p.EndLoop(2, now); p.Pause(1, now) },
		func(p *Player, now time.Time) { p.Unload(1, now) },
	} {
		play(do)
		settle()
	}
	n.until(t, "last state", func() bool { return n.hasState("/Engine/Deck1/Track/SongLoaded", `{"state":false,"type":1}`) })
	n.until(t, "now playing", func() bool { return len(n.all("nowPlaying")) >= 2 })

	if st := unit.Stats(); st.Discovery.Received == 0 {
		t.Errorf("the client's own announcements were not heard: %+v", st)
	}
	if c := n.all("connected")[0]; c.Name != "JC11" {
		t.Errorf("connected to %+v", c)
	}
	config := PlayerConfig{Token: unit.config.Token, Decks: unit.config.Decks}
	compareBeats(t, n.all("beat"), NewPlayer(config, born), acts)
	compareStates(t, n.all("state"), NewPlayer(config, born), acts)
	for i, want := range []received{
		{Kind: "nowPlaying", Title: testTrack.Title, Artist: testTrack.Artist},
		{Kind: "nowPlaying", Title: "Zwei", Artist: "Künstler"},
	} {
		if got := n.all("nowPlaying")[i]; got.Title != want.Title || got.Artist != want.Artist {
			t.Errorf("now playing %+v, want %+v", got, want)
		}
	}
}

// compareBeats plays the set again and compares every beat message with the
// player at the instant of its clock.
func compareBeats(t *testing.T, beats []received, p *Player, acts []act) {
	t.Helper()
	born := p.born
	for _, r := range beats {
		clock, err := strconv.ParseInt(r.Clock, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		now := born.Add(time.Duration(clock))
		for len(acts) > 0 && !acts[0].at.After(now) {
			acts[0].do(p, acts[0].at)
			acts = acts[1:]
		}
		for i, want := range p.BeatInfo(now, nil).Decks {
			d := r.Decks[i]
			if got := (wire.DeckBeat{Beat: d.Beat, Total: d.TotalBeats, BPM: d.BPM, Sample: d.Samples}); got != want {
				t.Errorf("deck %d at %v: %+v, want %+v", i+1, time.Duration(clock), got, want)
			}
		}
	}
	t.Logf("%d beat messages equal", len(beats))
}

// compareStates plays the set again and compares, path by path, what arrived
// with the values since the subscription.
func compareStates(t *testing.T, states []received, p *Player, acts []act) {
	t.Helper()
	history := map[string][]string{}
	for path, value := range p.States() {
		history[path] = []string{value}
	}
	p.TakeChanges()
	for _, a := range acts {
		a.do(p, a.at)
	}
	for _, c := range p.TakeChanges() {
		history[c.Path] = append(history[c.Path], c.JSON)
	}
	arrived := map[string][]string{}
	for _, r := range states {
		arrived[r.Path] = append(arrived[r.Path], string(r.JSON))
	}
	for path, got := range arrived {
		want := history[path]
		if len(got) > len(want) || !slices.EqualFunc(got, want[len(want)-len(got):], sameJSON) {
			t.Errorf("%s: %v, want the last of %v", path, got, want)
		}
	}
	for _, path := range []string{
		"/Engine/Deck1/PlayState", "/Engine/Deck1/Track/SongName", "/Engine/Deck2/Track/ArtistName",
		"/Engine/Deck1/CurrentBPM", "/Engine/Deck2/ExternalMixerVolume", "/Engine/Master/MasterTempo",
	} {
		if len(arrived[path]) < 2 {
			t.Errorf("%s: %v, want its changes", path, arrived[path])
		}
	}
	t.Logf("%d values of %d paths equal", len(states), len(arrived))
}
