package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/store"
)

// keys looks for the key of Sig-Net. It is never shown.
func keys(_ context.Context, m *Machine, o Options) []Finding {
	t, file, err := m.Key(o.StateDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{warn("showrun keys new      # or keys import FILE", "no Sig-Net key is kept; a show with Sig-Net needs one unless it names its own, or --rig")}
	case err != nil:
		return []Finding{fail("showrun keys import FILE --force      # or keys new --force", "the Sig-Net key cannot be used: %v", err)}
	case t.Exposed:
		return []Finding{warn("chmod 600 "+quoted(file), "other users of this machine can read the Sig-Net key")}
	}
	kind := "guest keys"
	if t.HasK0 {
		kind = "root key"
	}
	return []Finding{ok("Sig-Net %s in %s, which only you can read", kind, file)}
}

// quoted is a file name as a shell takes it.
func quoted(file string) string {
	if strings.ContainsAny(file, " '\"$\\&;()<>|*?[]#~") {
		return "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
	}
	return file
}

// Space that is little for a state folder, in bytes. A show writes its state as a whole
// beside the one before, twice.
const (
	littleSpace = 64 << 20
	noSpace     = 4 << 20
)

// state looks at the folder of what is kept between runs.
func state(_ context.Context, m *Machine, o Options) (list []Finding) {
	dir := o.StateDir
	l, err := m.Peek(dir)
	there := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist):
		list = append(list, ok("%s is not there yet; the first show makes it", dir))
	case err != nil:
		return []Finding{fail("showrun --state FOLDER SHOW", "the state folder cannot be read: %v", err)}
	}
	in := dir
	if !there {
		in = m.nearest(dir)
	}
	if err := m.Write(in); err != nil {
		remedy := fmt.Sprintf("sudo chown -R %s %s", m.User, quoted(in))
		if errors.Is(err, fs.ErrPermission) || m.System != "linux" {
			list = append(list, fail(remedy, "%s cannot be written to: %v", in, err))
		} else {
			list = append(list, fail("showrun --state FOLDER SHOW", "%s cannot be written to: %v; machinery is not told anything and nothing is kept", in, err))
		}
	} else if there {
		list = append(list, ok("%s can be written to; %s", dir, terminal.Plural(l.Values, "value")+" kept"))
	}
	free, err := m.Free(in)
	switch mb := free >> 20; {
	case err != nil:
		list = append(list, warn("", "how much space is left for it is not known: %v", err))
	case free < noSpace:
		list = append(list, fail("df -h "+quoted(in), "the disk of %s is full: %d MiB left", in, mb))
	case free < littleSpace:
		list = append(list, warn("df -h "+quoted(in), "little space is left for %s: %d MiB", in, mb))
	default:
		list = append(list, ok("%d MiB of space are left for it", mb))
	}
	if !there {
		return list
	}
	if l.InUse {
		list = append(list, ok("a show that runs has it open; a second one needs --state FOLDER"))
	}
	file := filepath.Join(dir, "showrun.db")
	switch {
	case l.Damage != nil && l.Copied:
		list = append(list, warn("mv "+quoted(file)+" "+quoted(file+".bad")+"      # or start a show, which does that",
			"%s is damaged: %s. Its good copy is whole and takes its place", file, harm(l.Damage)))
	case l.Damage != nil:
		list = append(list, fail("mv "+quoted(file)+" "+quoted(file+".bad"),
			"%s is damaged: %s. There is no good copy: leases and sessions begin anew, and machines of the last run are not known: see to them", file, harm(l.Damage)))
	}
	for _, name := range l.Engaged {
		list = append(list, warn("", "the last run left a machine without making it safe: %s. The next show does that first; stay clear of it", name))
	}
	for _, p := range l.Points {
		switch {
		case p.Damage != nil:
			list = append(list, warn("", "the restore point of %s is damaged: it starts from the beginning", p.Show))
		case !l.InUse:
			age := m.Now().Sub(p.At).Round(time.Second)
			list = append(list, ok("%s was broken off %v ago and goes on from there; --fresh begins anew", p.Show, age))
		}
	}
	return list
}

// harm says what is wrong with a file.
func harm(err error) string { return strings.TrimPrefix(err.Error(), store.ErrDamaged.Error()+": ") }

// nearest is the folder in which one that is not there would be made first.
func (m *Machine) nearest(dir string) string {
	for {
		up := filepath.Dir(dir)
		if up == dir {
			return dir
		}
		if _, err := m.Peek(up); !errors.Is(err, fs.ErrNotExist) {
			return up
		}
		dir = up
	}
}
