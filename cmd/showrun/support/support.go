// Package support writes what somebody needs who is to help from afar: one archive with
// what the doctor found, how shows stand, their logs, and how all is set up. It has no
// secrets: keys, tokens, passphrases, what scripts keep, and environment variables but for
// those that are known to be harmless.
//
// Two things see to that. What is put in is chosen by name, never "all but". And each text
// is searched for the secrets that are known here, which may stand in a log.
package support

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"showrun/cmd/showrun/doctor"
	"showrun/cmd/showrun/settings"
	"showrun/runtime/store"
)

// A Patient is whom the archive is about.
type Patient struct {
	Version, System string
	Now             time.Time
	Environ         []string // as os.Environ
	Build           *debug.BuildInfo
	StateDir        string
	ShowDir         string   // "" = no show is named
	WithShow        bool     // its files are wanted
	Settings        []string // names of those that are known
	SettingsFiles   []string // that set them, if they are there
	Findings        []doctor.Finding
	Shows           []Show
}

// A Show that runs.
type Show struct {
	doctor.Running
	Log    []byte // as its console gives it; nil if there is none
	NoLog  error  // why there is none
	Tokens []string
}

// Write writes the archive, a zip file.
func Write(w io.Writer, p Patient) error {
	hide := p.secrets()
	archive := zip.NewWriter(w)
	put := func(name string, content []byte) error {
		f, err := archive.CreateHeader(&zip.FileHeader{Name: "showrun-support/" + name, Method: zip.Deflate, Modified: p.Now})
		if err == nil {
			_, err = f.Write(hide.from(content))
		}
		return err
	}
	var report bytes.Buffer
	if err := doctor.WriteJSON(&report, p.Version, p.System, p.Findings); err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"version.txt", p.version()}, {"doctor.txt", []byte(doctor.Text(p.Findings))}, {"doctor.json", report.Bytes()},
		{"environment.txt", p.environment()}, {"state.txt", p.state()}, {"settings.txt", p.settings()}, {"shows.txt", p.shows()},
	} {
		if err := put(f.name, f.content); err != nil {
			return err
		}
	}
	for _, s := range p.Shows {
		if s.Log != nil {
			if err := put("log-"+s.PID+".json", s.Log); err != nil {
				return err
			}
		}
	}
	if p.WithShow && p.ShowDir != "" {
		if err := p.files(put); err != nil {
			return err
		}
	}
	return archive.Close()
}

// version is what was built, and from what.
func (p Patient) version() []byte {
	b := fmt.Appendf(nil, "showrun %s\n%s\n%s\n", p.Version, p.System, p.Now.Format(time.RFC3339))
	if p.Build == nil {
		return b
	}
	b = fmt.Appendf(b, "built with %s\n", p.Build.GoVersion)
	for _, s := range p.Build.Settings {
		b = fmt.Appendf(b, "%s=%s\n", s.Key, s.Value)
	}
	for _, m := range p.Build.Deps {
		b = fmt.Appendf(b, "%s %s\n", m.Path, m.Version)
	}
	return b
}

// harmless are environment variables whose values tell nothing that is nobody's business.
func harmless() []string {
	return []string{
		"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "TZ", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
		"SHOWRUN_INTERFACE", "SHOWRUN_RATE", "SHOWRUN_OSC", "SHOWRUN_CONSOLE", "SHOWRUN_STATE", "SHOWRUN_MEMORY", "SHOWRUN_RELOAD", "SHOWRUN_LOG_FORMAT",
	}
}

// usual are variables that are in every environment: they are not told, but they are no
// secret that is searched for, or no path would be left.
func usual() []string {
	return []string{
		"HOME", "PWD", "OLDPWD", "PATH", "USER", "LOGNAME", "USERNAME", "SHELL", "HOSTNAME", "TMPDIR", "TMP", "TEMP", "GOPATH", "GOROOT", "GOCACHE",
		"GOMODCACHE", "SHLVL", "_", "EDITOR", "PAGER", "DISPLAY", "MAIL", "SystemRoot", "windir", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
	}
}

// environment tells harmless variables, and the names of those that are of showrun.
func (p Patient) environment() (b []byte) {
	for _, e := range slices.Sorted(slices.Values(p.Environ)) {
		name, _, _ := strings.Cut(e, "=")
		switch {
		case slices.Contains(harmless(), name):
			b = append(b, e+"\n"...)
		case strings.HasPrefix(name, "SHOWRUN_"):
			b = append(b, name+" (set)\n"...)
		}
	}
	return b
}

// state lists the files of the state folder.
func (p Patient) state() []byte {
	l, err := store.Peek(p.StateDir)
	if err != nil {
		return fmt.Appendf(nil, "%s: %v\n", p.StateDir, err)
	}
	b := fmt.Appendf(nil, "%s, in use: %t, values: %d\n", p.StateDir, l.InUse, l.Values)
	for _, f := range l.Files {
		b = fmt.Appendf(b, "%v %10d %s %s\n", f.Mode, f.Size, f.At.Format(time.RFC3339), f.Name)
	}
	return b
}

// shows tells how those that run stand.
func (p Patient) shows() (b []byte) {
	if len(p.Shows) == 0 {
		return []byte("none runs\n")
	}
	for _, s := range p.Shows {
		b = fmt.Appendf(b, "%s (pid %s): %s\n", s.Show, s.PID, s.Text)
		if s.Err != nil {
			b = fmt.Appendf(b, "  %v\n", s.Err)
		}
		if s.NoLog != nil {
			b = fmt.Appendf(b, "  no log: %v\n", s.NoLog)
		}
	}
	return b
}

// settings are the lines of the files with settings whose names are known.
func (p Patient) settings() (b []byte) {
	for _, file := range p.SettingsFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			b = fmt.Appendf(b, "# %s: not there\n", file)
			continue
		}
		b = fmt.Appendf(b, "# %s\n", file)
		for line := range strings.Lines(string(text)) {
			b = append(b, p.setting(strings.TrimSpace(line))+"\n"...)
		}
	}
	return b
}

// setting is a line of a file, if it is known what it sets.
func (p Patient) setting(line string) string {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	name, _, sets := strings.Cut(line, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	name = name[strings.LastIndex(name, ".")+1:]
	switch {
	case line == "", !sets && strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
		return line
	case sets && slices.Contains(p.Settings, name):
		return line
	}
	return "# (a line is left out)"
}

// Limits of the files of a show.
const (
	mostFiles = 1000
	mostBytes = 5 << 20 // of one
	mostSeen  = 5000    // files and folders that are looked at: a show may lie in somebody's home
)

// files puts the files of the show in, but for what may be a key, and what is too large.
func (p Patient) files(put func(string, []byte) error) error {
	root, err := os.OpenRoot(p.ShowDir)
	if err != nil {
		return err
	}
	defer root.Close()
	n, seen := 0, 0
	var left []string
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch seen++; {
		case seen > mostSeen:
			left = append(left, "all from "+name+" on")
			return fs.SkipAll
		case err != nil:
			left = append(left, name)
			return nil
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			left = append(left, name)
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		b, err := whole(root, name, d)
		if n >= mostFiles || err != nil || secretFile(name, b) {
			left = append(left, name)
			return nil
		}
		n++
		if filepath.Base(name) == settings.FileName {
			return nil // its known lines are in already
		}
		return put("show/"+name, b)
	})
	if err != nil {
		return err
	}
	return put("show-left-out.txt", []byte(strings.Join(left, "\n")+"\n"))
}

// whole reads a file that is not too large.
func whole(root *os.Root, name string, d fs.DirEntry) ([]byte, error) {
	if !d.Type().IsRegular() {
		return nil, fs.ErrInvalid
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(b) > mostBytes {
		err = fs.ErrInvalid
	}
	return b, err
}
