package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// tree is a small tree of commands.
func tree() *cobra.Command {
	root := &cobra.Command{Use: "showrun"}
	run := &cobra.Command{Use: "run"}
	p := run.Flags()
	p.Int("rate", 44, "frames a second")
	p.Duration("exit-time", 5*time.Second, "how long")
	p.String("exit", "hold", "what the light does")
	p.String("osc", "127.0.0.1:7770", "where")
	p.String("state", "", "folder (default: the user's)")
	p.Bool("rig", false, "run a rig")
	p.Bool("fresh", false, "forget")
	p.Uint64("seed", 0, "seed")
	Between(p, "rate", 1, 250, "frames a second")
	Between(p, "exit-time", time.Duration(0), 10*time.Minute, "")
	OneOf(p, "exit", "hold", "blackout")
	Address(p, "osc", "off")
	Path(p, "state")
	ByHand(p, "fresh")
	AtLeast(p, "seed", 0)
	deck := &cobra.Command{Use: "deck"}
	q := deck.Flags()
	q.Float64("bpm", 120, "tempo")
	q.IntSlice("ports", []int{1, 2}, "ports")
	q.StringSlice("map", nil, "channels")
	q.String("state", "", "folder")
	Between(q, "bpm", 20, 999, "")
	Between(q, "ports", 0, 65535, "")
	Shared(q, "state")
	root.AddCommand(deck, run)
	return root
}

// resolved reads files, of which the first counts most, and an environment; FOLDER is where they
// are.
func resolved(t *testing.T, env string, files ...string) (text, wrong string) {
	t.Helper()
	dir := t.TempDir()
	from := Sources{Show: "gala", Env: strings.Fields(env)}
	for i, content := range files {
		name := filepath.Join(dir, fmt.Sprint(i+1), FileName)
		os.Mkdir(filepath.Dir(name), 0o700)
		if content != "-" {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		from.Files = append(from.Files, name)
	}
	v, err := Of(tree()).Read(from)
	if err != nil {
		return "", strings.ReplaceAll(strings.ReplaceAll(err.Error(), dir+"/", ""), dir+`\`, "")
	}
	var out strings.Builder
	if err := v.Print(&out); err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for line := range strings.Lines(strings.ReplaceAll(out.String(), dir, "")) {
		if f := strings.Fields(line); len(f) > 0 && f[len(f)-1] != "default" && f[0][0] != '[' {
			lines = append(lines, strings.Join(f, " "))
		}
	}
	return strings.Join(lines, "; "), ""
}

// TestPrecedence: the environment counts more than the file of the show, that more than the
// user's, and in each what is for one show more than what is for all.
func TestPrecedence(t *testing.T) {
	for name, c := range map[string]struct {
		env   string
		files []string
		want  string
	}{
		"nothing":         {"", nil, ""},
		"no files":        {"", []string{"-", "-"}, ""},
		"empty":           {"SHOWRUN_RATE=", []string{"# nothing\n\n[deck]\n[show.gala]\n"}, ""},
		"environment":     {"SHOWRUN_RATE=30 PATH=/x SHOWRUN_DECK_BPM=99.5", nil, "rate 30 SHOWRUN_RATE; bpm 99.5 SHOWRUN_DECK_BPM"},
		"above a file":    {"SHOWRUN_RATE=30", []string{"rate = 20"}, "rate 30 SHOWRUN_RATE"},
		"a file":          {"", []string{"\n rate = 20 # slow"}, "rate 20 /1/showrun.toml:2"},
		"above another":   {"", []string{"rate = 20", "rate = 10\nrig = true"}, "rate 20 /1/showrun.toml:1; rig true /2/showrun.toml:2"},
		"for the show":    {"", []string{"[show.gala]\nrate = 20\n[show.opera]\nrate = 30"}, "rate 20 /1/showrun.toml:2"},
		"and for all":     {"", []string{"show.gala.rate = 20\nrate = 10"}, "rate 20 /1/showrun.toml:1"},
		"show's comes":    {"", []string{"rate = 20", "show.gala.rate = 10"}, "rate 20 /1/showrun.toml:1"},
		"inline":          {"", []string{"deck = { bpm = 100,\n ports = [1,\n2] }"}, "bpm 100 /1/showrun.toml:1; ports 1,2 /1/showrun.toml:2"},
		"lists":           {"SHOWRUN_DECK_PORTS=7,8", []string{"[deck]\nports = [5]\nmap = [\"DMX:1-4\", \"MIDI:7\"]"}, "map DMX:1-4,MIDI:7 /1/showrun.toml:3; ports 7,8 SHOWRUN_DECK_PORTS"},
		"quoted":          {"", []string{"\"rate\" = 20\r\n[\"deck\"]\r\n'bpm' = 0x40\r\n"}, "rate 20 /1/showrun.toml:1; bpm 64 /1/showrun.toml:3"},
		"times and words": {"", []string{"exit-time = '1m'\nexit = \"blackout\"\nosc = \"off\""}, "exit blackout /1/showrun.toml:2; exit-time 1m /1/showrun.toml:1; osc off /1/showrun.toml:3"},
		"a path":          {"SHOWRUN_X=1", []string{"state = 'kept'"}, "state /1/kept /1/showrun.toml:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, wrong := resolved(t, c.env, c.files...); filepath.ToSlash(got) != c.want || wrong != "" {
				t.Errorf("%s, %s; want %s", got, wrong, c.want)
			}
		})
	}
}

// TestMistakes name where they are, what was expected, and what may have been meant. Secrets
// are not repeated.
func TestMistakes(t *testing.T) {
	for file, want := range map[string]string{
		"rate = 0":                       "1/showrun.toml:1: rate must be 1-250 frames a second, got 0",
		"\n\nrate = 251":                 "1/showrun.toml:3: rate must be 1-250 frames a second, got 251",
		`rate = "fast"`:                  `1/showrun.toml:1: rate must be a whole number, 1-250 frames a second, got "fast"; write it without quotes`,
		"rate = 44.5":                    "1/showrun.toml:1: rate must be a whole number, 1-250 frames a second, got 44.5",
		"rate = [44]":                    "1/showrun.toml:1: rate must be a whole number, 1-250 frames a second, got a list",
		"rate = 2026-01-01":              "1/showrun.toml:1: rate must be a whole number, 1-250 frames a second, got a date or time of day",
		"exit-time = 5":                  "1/showrun.toml:1: exit-time must be a time with its unit, such as 30s or 5m, 0s-10m0s, got 5; write it in quotes",
		`exit-time = "5"`:                `1/showrun.toml:1: exit-time must be a time with its unit, such as 30s or 5m, 0s-10m0s, got "5"`,
		`exit = "never"`:                 `1/showrun.toml:1: exit must be hold or blackout, got "never"`,
		"exit = true":                    "1/showrun.toml:1: exit must be hold or blackout, got true; write it in quotes",
		`osc = "7770"`:                   `1/showrun.toml:1: osc must be an address and port, such as 127.0.0.1:7770 or off, got "7770"`,
		`rig = "yes"`:                    `1/showrun.toml:1: rig must be true or false, got "yes"; write it without quotes`,
		"seed = -1":                      `1/showrun.toml:1: seed must be a whole number, at least 0, got "-1"`,
		"[deck]\nports = 5":              "1/showrun.toml:2: deck.ports must be a list of whole numbers, such as [5], got 5",
		"[deck]\nports = ['a']":          `1/showrun.toml:2: deck.ports must be a list of whole numbers, got "a" in it`,
		"[deck]\nports = [70000]":        "1/showrun.toml:2: deck.ports must be 0-65535, got 70000",
		"[deck]\nbpm = nan":              "1/showrun.toml:2: deck.bpm must be 20-999, got NaN",
		"raet = 44":                      "1/showrun.toml:1: unknown setting raet (did you mean rate?)",
		"exit_time = '5s'":               "1/showrun.toml:1: unknown setting exit_time (did you mean exit-time?)",
		"bpm = 120":                      "1/showrun.toml:1: unknown setting bpm (it is one of deck: put it below [deck])",
		"[deck]\nrate = 3":               "1/showrun.toml:2: unknown setting rate (put it above the first section)",
		"[dekc]\nbpm = 3":                "1/showrun.toml:2: there is no section [dekc] (did you mean [deck]?)",
		"[dekc]":                         "1/showrun.toml:1: unknown setting dekc (did you mean [deck]?)",
		"[run]\nrate = 3":                "1/showrun.toml:2: settings of run stand above the first section, not below [run]",
		"[deck.a]\nbpm = 3":              "1/showrun.toml:2: unknown setting deck.a.bpm; showrun config lists all",
		"[[deck]]\nbpm = 3":              "1/showrun.toml:1: unknown setting deck (did you mean [deck]?)",
		"[show]\nrate = 3":               "1/showrun.toml:2: what is for one show goes below [show.NAME]",
		"[show.opera]\nraet = 3":         "1/showrun.toml:2: unknown setting raet (did you mean rate?)",
		"[show.opera.deck]\nbpm = 3":     "1/showrun.toml:2: unknown setting deck.bpm; showrun config lists all",
		"fresh = true":                   "1/showrun.toml:1: fresh is no setting: it is given by hand, as --fresh",
		"zebra = 1":                      "1/showrun.toml:1: unknown setting zebra; showrun config lists all",
		"rate = 0\n\nraet = 1":           "1/showrun.toml:1: rate must be 1-250 frames a second, got 0\n1/showrun.toml:3: unknown setting raet (did you mean rate?)",
		"passphrase = 'Ge2p$E$4*A'":      "1/showrun.toml:1: " + ErrSecret.Error(),
		"[deck]\nkey = 'Ge2p$E$4*A'":     "1/showrun.toml:2: " + ErrSecret.Error(),
		"show.x.API-Token = 'Ge2p$E$4A'": "1/showrun.toml:1: " + ErrSecret.Error(),
	} {
		t.Run(file, func(t *testing.T) {
			if _, wrong := resolved(t, "", file); filepath.ToSlash(wrong) != want {
				t.Errorf("got\n%s\nwant\n%s", wrong, want)
			}
		})
	}
}

// TestEndlessNames: a file that comes with a show keeps nobody busy with names without end.
func TestEndlessNames(t *testing.T) {
	for name, text := range map[string]string{
		"dots":    "rate = 30\n" + strings.Repeat("a.", 6000) + "a = 1\n",
		"section": "rate = 30\n[" + strings.Repeat("a.", 6000) + "a]\n",
		"inline":  "rate = 30\n" + strings.Repeat("a={", 3000) + "b=1" + strings.Repeat("}", 3000) + "\n",
	} {
		file := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := readFile(file)
		if want := file + ":2: a name has more than 8 parts"; err == nil || err.Error() != want {
			t.Errorf("%s: %.200v, expected %s", name, err, want)
		}
	}
}

// TestNoTOML: what cannot be read names its line too, and shows nothing of it.
func TestNoTOML(t *testing.T) {
	for file, want := range map[string]string{
		"rate = 1\nrate = 2":           "1/showrun.toml:2: ",
		"rate 1":                       "1/showrun.toml:1: ",
		"\npassphrase = Ge2p$E$4*A":    "1/showrun.toml:2: ",
		"\n\n[deck":                    "1/showrun.toml:3: ",
		"rate = 1\x00":                 "1/showrun.toml:1: ",
		"osc = 'a\xff'":                "1/showrun.toml:1: ",
		strings.Repeat("# x\n", 20000): "1/showrun.toml is longer than 16 KiB",
		"rate = " + strings.Repeat("[", 15000) + strings.Repeat("]", 1000): "1/showrun.toml:1: ",
	} {
		_, wrong := resolved(t, "", file)
		if !strings.HasPrefix(filepath.ToSlash(wrong), want) || strings.Contains(wrong, "Ge2p") || strings.Contains(wrong, "\n") {
			t.Errorf("%.40q: got %q, want %q", file, wrong, want)
		}
	}
}

// TestEnvironmentMistakes: variables that are nearly ours are mistakes, others somebody else's.
func TestEnvironmentMistakes(t *testing.T) {
	for env, want := range map[string]string{
		"SHOWRUN_RATE=fast":                    `the environment variable SHOWRUN_RATE must be a whole number, 1-250 frames a second, got "fast"`,
		"SHOWRUN_RATE=251":                     "the environment variable SHOWRUN_RATE must be 1-250 frames a second, got 251",
		"SHOWRUN_RIG=maybe":                    `the environment variable SHOWRUN_RIG must be true or false, got "maybe"`,
		"SHOWRUN_RAET=30":                      "the environment variable SHOWRUN_RAET is no setting (did you mean SHOWRUN_RATE?)",
		"SHOWRUN_PEERS=1 SHOWRUN_PASSPHRASE=x": "",
	} {
		if _, wrong := resolved(t, env); wrong != want {
			t.Errorf("%s: got %q, want %q", env, wrong, want)
		}
	}
}

// TestApply: what was given on the command line counts more, and what is set otherwise is not
// taken for given.
func TestApply(t *testing.T) {
	name := filepath.Join(t.TempDir(), FileName)
	os.WriteFile(name, []byte("rate = 20\nexit = 'blackout'\nstate = '/kept'\n[deck]\nports = [5, 6]\n"), 0o600)
	v, err := Of(tree()).Read(Sources{Files: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{"run": "30 blackout /kept", "deck": "[5,6] /kept"} {
		cmd, _, _ := tree().Find([]string{command})
		if command == "run" {
			cmd.ParseFlags([]string{"--rate", "30"})
		}
		if err := v.Apply(cmd); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, flag := range []string{"rate", "exit", "ports", "state"} {
			if f := cmd.Flags().Lookup(flag); f != nil {
				got += " " + f.Value.String()
				if f.Changed != (flag == "rate") {
					t.Errorf("%s: given is %v", flag, f.Changed)
				}
			}
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}
