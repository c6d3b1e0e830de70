package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var updateFaults = flag.Bool("update-faults", false, "write the page of faults anew")

// fault is a line of the page of faults: what may happen to a show, and what is promised.
type fault struct {
	happens  string
	goesOn   string
	said     string        // in the log or by status; every part between "…" stands in the code
	within   time.Duration // from the end of the fault until all is as before, at most; 0 where nothing stops
	measured string        // on a machine with two busy cores
	tried    string        // by which test, or which fault of a soak
}

// faults is the matrix: what TestSoak and the tests it names inject for real while a show
// runs. The page is made of it.
var faults = []fault{
	{"The network cable is pulled and plugged in again", "the beat at its last tempo, the script, other networks; the script hears clock and deck \"lost\" and \"found\"", "", 15 * time.Second, "1.3 s", "TestPulledPlug"},
	{"The network interface is deleted, as of an adapter, and comes back", "everything else", "device failed", 15 * time.Second, "0.3 s", "TestReplugged"},
	{"The address of the interface changes", "everything; OSC leaves from the new one", "networks changed", 15 * time.Second, "0.3 s", "TestRenumbered"},
	{"There is no address yet when the show starts", "the show, without what needs the network", "a device is not there: the show goes on without it until it is", 15 * time.Second, "0.5 s", "TestNoAddressYet"},
	{"The network loses a tenth of all frames, carries a third twice, late, in another order", "the beat without a gap, the light, which never goes back, gateways, machinery", "", 0, "", "TestMischief"},
	{"A show is killed with a valve open, and there is no network at the next start", "the next show; the valve is vented when the network is back", "the last run ended without making a machine safe, and it cannot be done now", 15 * time.Second, "2 s", "TestLeftOpenWithoutNetwork"},
	{"A show is killed with a valve open", "the next one makes it safe before anything else", "the last run ended without making a machine safe; it is done now", 0, "", "TestKilledWithAValveOpen"},
	{"A show is killed and its gateways come back in another order", "leases and addresses are the same", "stagenet: gateway mapped", 5 * time.Second, "23 ms", "TestKilledConsole"},
	{"The disk of the state is full or read only", "everything", "the state cannot be written: the show goes on, but what it has to remember is lost if it ends now", 0, "", "TestFullDisk"},
	{"The disk of the recording is full for a while", "everything; nothing of the recording is missing", "the recording can be written again, and nothing of it is missing", 2 * time.Second, "1 s", "TestAFullDiskCostsNothingIfItIsEmptiedInTime"},
	{"The disk of the recording hangs, or stays full", "everything but the recording; what is not in it is counted", "the recording ends here, and the show goes on: ", 0, "", "TestADiskThatHangsCostsTheRecording"},
	{"A show runs for days", "its black box keeps the newest part, within its bound", "the black box is long, and begins anew here", 0, "", "TestABlackBoxGoesOn"},
	{"A show is killed", "the next one keeps its black box, which repeats it up to less than a second before", "a run before did not end; its black box is kept", 0, "", "TestAKilledShowLeavesItsRecording"},
	{"Nothing can be written when a show with machinery starts", "the show; machinery is told nothing until the disk is back", "how to make it safe after a crash cannot be kept, so it is not told anything", 5 * time.Second, "1 s", "TestMachineryWithoutADisk"},
	{"The state is damaged, or its folder removed, under a running show", "everything; the state is written anew", "somebody else has changed or removed the state file while it is used", 0, "", "harmed.txtar"},
	{"Nobody reads the log, or its reader goes", "everything; log lines are dropped and counted", "log lines were dropped here, for nobody was reading", 0, "", "TestStalledReader"},
	{"The terminal is closed", "a show started with --detach; another one ends in good order", "the terminal was closed; the show goes on until showrun ctl end", 0, "", "TestHangUp"},
	{"A show that names real machines runs on a rig", "nothing leaves the rig", "", 0, "", "TestNothingLeavesTheRig"},
	{"Two shows run on rigs at the same time", "each hears its own deck and light, and nothing of the other's", "", 0, "", "TestTwoRigs"},
	{"The port for OSC commands is taken", "everything else; it is tried again", "no OSC commands are taken, a stop neither; it is tried again", 5 * time.Second, "1 s", "TestOSCPortIsTaken"},
	{"Two shows want one port", "the second goes on without it and names the other", "shows that run on this machine, one of which may have the port: ", 5 * time.Second, "1 s", "port.txtar"},
	{"A file or the folder of the show is replaced", "the show; the new version is loaded", "show reloaded", 5 * time.Second, "0.2 s", "TestChanged"},
	{"A show has 64 descriptors, and strangers connect to all its ports and say nothing", "light, showrun ctl, and what the show connects to", "", 0, "", "TestFewDescriptors"},
	{"No descriptor is left and a stop comes in", "the stop", "", 0, "", "TestNoDescriptors"},

	{"A StageNet gateway goes and comes back", "everything else", "stagenet: gateway lost", 10 * time.Second, "4.7 s", "soak: gateway away and back"},
	{"A StageNet gateway hangs: it takes the connection and reads nothing", "everything else", "", 10 * time.Second, "0.9 s", "soak: gateway that hangs"},
	{"The server of a valve goes and comes back", "everything else", "theater: nobody takes what is sent: is the server running?", 5 * time.Second, "0.6 s", "soak: valve server away and back"},
	{"The player goes and another one comes", "the beat at its last tempo", "", 20 * time.Second, "0.6 s", "soak: player away and back"},
	{"The player hangs, its connections open", "the beat at its last tempo", "", 10 * time.Second, "0.4 s", "soak: player that hangs"},
	{"The player jumps", "the beat; the script hears of it", "", 5 * time.Second, "0.6 s", "soak: player jumps"},
	{"The player is paused and plays again", "everything but the beat", "", 5 * time.Second, "1 ms", "soak: player pauses"},
	{"The player changes its tempo", "everything", "", 5 * time.Second, "58 ms", "soak: player changes tempo"},
	{"A good version is saved", "everything", "show reloaded", 5 * time.Second, "0.3 s", "soak: good save"},
	{"A broken version is saved, then a good one", "the version before", "not reloaded, the running show goes on: ", 5 * time.Second, "0.3 s", "soak: broken save"},
	{"Twenty versions are saved in a second", "everything; the last one goes live", "show reloaded", 5 * time.Second, "0.2 s", "soak: twenty saves"},
	{"An emergency stop by showrun ctl", "light; machinery is safe and stays so until it is released", "emergency stop: machinery is held until it is released", 500 * time.Millisecond, "2 ms", "soak: emergency stop by ctl"},
	{"An emergency stop by OSC", "light; machinery is safe and stays so until it is released", "emergency stop: machinery is held until it is released", 500 * time.Millisecond, "94 ms", "soak: emergency stop by OSC"},
	{"The show's process is stopped for some seconds (SIGSTOP)", "nothing meanwhile; everything afterwards", "looks of scheduled code late", 5 * time.Second, "7 ms", "soak: show stopped for a while (SIGSTOP)"},
	{"The show is killed (kill -9) and started again", "machinery is made safe first, sessions rise, leases are the same", "the last run ended without making a machine safe; it is done now", 5 * time.Second, "2.7 s", "soak: show killed (kill -9)"},
	{"The show is killed (kill -9), or the power fails, at any instant of a fade", "the next start: the same cue, levels where the fade would be, the follow at its time, params, show.state, the beat", "the last run was broken off: the show goes on where it would be by now", 0, "", "TestCrash"},
	{"The restore point is damaged", "the next start, from the beginning of the show", "its restore point cannot be used and is set aside", 0, "", "TestDamagedPoint"},
	{"The state is cut off and the show killed at once", "the same, from the good copy", "its good copy has taken its place", 5 * time.Second, "2.2 s", "soak: state cut off, show killed"},
	{"The state is overwritten under a running show", "everything; it is written anew", "somebody else has changed or removed the state file while it is used", 10 * time.Second, "2.8 s", "soak: state overwritten"},
	{"The show is ended and started again", "machinery is made safe before it ends", "show ended", 5 * time.Second, "0.8 s", "soak: show ended and started again"},
	{"A hand moves a fader by OSC", "the fader is in the light", "", 5 * time.Second, "40 ms", "soak: message of a hand"},
	{"A handler never ends", "light; the handler is stopped and, the second time, not called any more", ", NOT CALLED ANY MORE: ", 5 * time.Second, "0.3 s", "soak: handler that never ends"},
	{"A handler takes more and more memory", "everything; the handler is stopped and, at last, not called any more", "took too much memory", 5 * time.Second, "0.3 s", "soak: handler that leaks"},
	{"The process may open no more descriptors, and a gateway goes", "what is open", "", 10 * time.Second, "1 s", "soak: few descriptors"},
}

const faultsHead = `# Faults

What may happen to a show, what goes on meanwhile, what is said, and how soon all is as
before once the fault is over. Every line is tried by a test that does it for real while a
show runs: in network namespaces, with signals, on full disks, or by [showrun soak](#soak).
This page is made of the table in faults_test.go, which the tests go by:

    go test ./cmd/showrun -run TestFaultsPage -update-faults

"At most" is what a test allows on a machine that has other things to do, "measured" the
longest of some dozens of times on one with two cores that were busy.

`

const faultsTail = `
## Soak

    showrun soak --for 30m --seed 1

does the faults marked *soak* at random, a third of them while something else goes on: four
busy processes, a log that nobody reads, floods of OSC, of Sig-Net, of players or of names.
All the time it checks what is promised, from outside of the show:

| | |
|---|---|
| frames | no gap of more than 250 ms, and twice what the soak itself was late |
| sessions and sequence numbers of Sig-Net | rise, and a new process has a new session |
| levels | what the show sends at that second; the looks of a handler appear whole; a version that was refused is never seen |
| machinery | the safe action comes first after a kill, after a stop and at the end, and nothing moves until the release |
| leases | the same after every restart |
| descriptors, threads, memory | no more than a little over what the process had after 20 seconds |
| recordings | that of every process replays with the same frames, as far as it goes when the process was killed |
| the process | ends only when it is told to, with the right code |

It ends with 4 if one of these did not hold.
`

// TestFaultsPage holds the page of faults to the table, and the table to the code: what is
// said is in it, and so are the tests.
func TestFaultsPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(faultsHead)
	page.WriteString("| what happens | what goes on | what is said | at most | measured | tried by |\n|---|---|---|---|---|---|\n")
	for _, f := range faults {
		within := "nothing stops"
		if f.within > 0 {
			within = f.within.String()
		}
		tried := f.tried
		if name, isSoak := strings.CutPrefix(tried, "soak: "); isSoak {
			tried = "*soak*: " + name
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s | %s |\n", f.happens, f.goesOn, strings.Trim(f.said, " ,:"), within, f.measured, tried)
	}
	page.WriteString(faultsTail)
	if *updateFaults {
		if err := os.WriteFile("FAULTS.md", []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadFile("FAULTS.md")
	if err != nil || string(there) != page.String() {
		t.Errorf("FAULTS.md is not what the table says (%v); go test ./cmd/showrun -run TestFaultsPage -update-faults writes it", err)
	}
	code, tests := sources(t)
	for _, f := range faults {
		if !strings.Contains(code, f.said) {
			t.Errorf("%s: %q is said nowhere", f.happens, f.said)
		}
		name, isSoak := strings.CutPrefix(f.tried, "soak: ")
		switch {
		case isSoak && !strings.Contains(code, `{"`+name+`",`), !isSoak && !strings.Contains(tests, "func "+f.tried+"(") && !strings.Contains(tests, "\nfile "+f.tried+"\n"):
			t.Errorf("%s: there is no %s", f.happens, f.tried)
		}
	}
}

// sources are the code of the module and, apart from it, that of its tests with the names of
// the text scripts.
func sources(t *testing.T) (code, tests string) {
	t.Helper()
	var all, test strings.Builder
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".txtar") {
			fmt.Fprintf(&test, "\nfile %s\n", d.Name())
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.HasSuffix(path, "_test.go") {
			test.Write(b)
		} else {
			all.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String(), test.String()
}

// recovered tells how long it took until all was as before a fault, which the page limits.
func recovered(t *testing.T, tried string, took time.Duration) {
	t.Helper()
	for _, f := range faults {
		if f.tried == tried {
			t.Logf("%s: as before after %v", f.happens, took.Round(time.Millisecond))
			if took > f.within {
				t.Errorf("%s: as before after %v, the page says at most %v", f.happens, took, f.within)
			}
			return
		}
	}
	t.Errorf("%s is not in the table of faults", tried)
}
