// Package consoletest tries the web console of the real command in a real Chromium: it
// clicks, types and looks as a person would, and finds controls by what they are called.
package consoletest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something that is sure to happen.
const patience = 30 * time.Second

// lab is what all tests share; it is made before the first of them.
var lab struct {
	command string          // the showrun that was built
	browser context.Context // of the Chromium that runs
	missing error           // why there is none of them
	asked   bool            // that they are tried
}

// TestMain builds the command and starts the browser, once for all tests.
func TestMain(m *testing.M) { os.Exit(inLab(m)) }

func inLab(m *testing.M) int {
	lab.asked = os.Getenv("SHOWRUN_PEERS") == "1"
	if !lab.asked {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "consoletest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	lab.command = filepath.Join(dir, "showrun")
	if out, err := exec.Command("go", "build", "-o", lab.command, "showrun/cmd/showrun").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "showrun does not build: %v\n%s", err, out)
		return 1
	}
	var leave func()
	lab.browser, leave, lab.missing = chromium(dir)
	defer leave()
	return m.Run()
}

// chromium starts the browser with everything it keeps in a folder.
func chromium(dir string) (ctx context.Context, leave func(), err error) {
	leave = func() {}
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, leave, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Env("HOME="+dir), chromedp.Flag("hide-scrollbars", false))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // root has none
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	leave = func() { cancel(); cancelAllocator() }
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		return nil, leave, fmt.Errorf("chromium does not start: %w", err)
	}
	return ctx, leave, nil
}

// withChromium skips unless SHOWRUN_PEERS=1 and Chromium is there; on a build server it
// must be.
func withChromium(t *testing.T) {
	t.Helper()
	switch {
	case !lab.asked:
		t.Skip("drives the console in Chromium; set SHOWRUN_PEERS=1 to run it")
	case lab.missing != nil && (os.Getenv("CI") == "true" || !errors.Is(lab.missing, exec.ErrNotFound)):
		t.Fatal(lab.missing)
	case lab.missing != nil:
		t.Skipf("chromium is not installed: %v", lab.missing)
	}
}
