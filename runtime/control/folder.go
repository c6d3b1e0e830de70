package control

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const suffix = ".show"

// Folder is where the shows of this user listen: in XDG_RUNTIME_DIR, or else in the
// folder for temporary files.
func Folder(getenv func(string) (string, bool)) string {
	if dir, ok := getenv("XDG_RUNTIME_DIR"); ok && dir != "" {
		return filepath.Join(dir, "showrun")
	}
	return filepath.Join(os.TempDir(), "showrun-"+strconv.Itoa(os.Getuid()))
}

// prepare makes the folder. One that others may write to is refused: who can put a
// socket there can take commands that are meant for a show.
func prepare(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return check(folder)
}

// check tells what is wrong with the folder.
func check(folder string) error {
	st, err := os.Lstat(folder)
	switch {
	case err != nil:
		return err
	case !st.IsDir() || st.Mode().Perm()&0o077 != 0 && os.Getuid() >= 0, !mine(st):
		return fmt.Errorf("%s must be a folder that only you can enter: chmod 700 it, or set XDG_RUNTIME_DIR to one of your own", folder)
	}
	return nil
}

// Shows lists the sockets in a folder. One that others may write to is refused: what
// answers there may be no show.
func Shows(folder string) ([]string, error) {
	err := check(folder)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	var list []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && e.Type()&fs.ModeDir == 0 {
			list = append(list, filepath.Join(folder, e.Name()))
		}
	}
	return list, err
}
