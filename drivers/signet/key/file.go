package key

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// maxFile is far more than any key file holds, in bytes.
const maxFile = 64 << 10

// ReadFile reads a key file. Exposed tells that its permissions let other
// users read it.
func ReadFile(name string) (Transfer, error) {
	f, err := os.Open(name)
	if err != nil {
		return Transfer{}, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Transfer{}, fmt.Errorf("key file: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return Transfer{}, fmt.Errorf("key file: %w", err)
	}
	t, err := ParseTransfer(b)
	if err != nil {
		return Transfer{}, fmt.Errorf("%s: %w", name, err)
	}
	t.Exposed = runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
	return t, nil
}

// WriteFile stores the content made by AppendK0 or AppendGuest with mode 0600.
// It replaces an older file as a whole, or leaves it as it was.
func WriteFile(name string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".key-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("key file: %w", err)
		}
	}()
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
