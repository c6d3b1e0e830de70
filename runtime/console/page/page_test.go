package page

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"
)

// TestModules runs the tests of the pure functions in node.
func TestModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the modules of the page are not tested here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, node, "--test", "testdata/show.test.js", "testdata/sight.test.js").CombinedOutput()
	if err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}

// walk calls do with the text of each file that a browser is given.
func walk(t *testing.T, do func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(Files, name)
		do(name, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWeight: the page is small, and so is each module that people read.
func TestWeight(t *testing.T) {
	const maxWeight, maxLines = 300 << 10, 300
	weight := 0
	walk(t, func(name, text string) {
		if strings.HasSuffix(name, ".md") || strings.HasSuffix(name, "LICENSE") {
			return
		}
		weight += len(text)
		if n := strings.Count(text, "\n"); n > maxLines && !strings.HasPrefix(name, "vendor/") {
			t.Errorf("%s has %d lines, at most %d are wanted", name, n, maxLines)
		}
	})
	t.Logf("the page weighs %d KiB", weight>>10)
	if weight > maxWeight {
		t.Errorf("the page weighs %d bytes, at most %d are wanted", weight, maxWeight)
	}
}

// TestImports: each module that is asked for is there, and none is left that nobody asks for.
func TestImports(t *testing.T) {
	asked := map[string]bool{"index.html": true}
	walk(t, func(name, text string) {
		if strings.HasPrefix(name, "vendor/") {
			return
		}
		for _, quoted := range strings.Split(text, `"`) {
			ref := strings.TrimPrefix(quoted, "./")
			if _, err := fs.Stat(Files, ref); err == nil {
				asked[ref] = true
			} else if strings.HasPrefix(quoted, "./") {
				t.Errorf("%s asks for %s, and there is none", name, quoted)
			}
		}
	})
	walk(t, func(name, _ string) {
		if !asked[name] && !strings.HasSuffix(name, ".md") && !strings.HasSuffix(name, "LICENSE") {
			t.Errorf("nobody asks for %s", name)
		}
	})
}

// TestPreload: a browser learns of all modules at once, and not of one after the other.
func TestPreload(t *testing.T) {
	index, err := fs.ReadFile(Files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	walk(t, func(name, _ string) {
		if path.Ext(name) == ".js" && path.Dir(name) == "." && name != "app.js" && !strings.Contains(string(index), `<link rel="modulepreload" href="`+name+`">`) {
			t.Errorf("index.html does not preload %s", name)
		}
	})
}

// TestOwn: the page asks for nothing of others and has no script or style in its text, which
// the policy of the server would not let it have.
func TestOwn(t *testing.T) {
	walk(t, func(name, text string) {
		if strings.HasPrefix(name, "vendor/") {
			return
		}
		for _, no := range []string{"https://", "http://", "<style", " style=\"", "onclick=", "eval(", "new Function", "innerHTML"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), no) {
				t.Errorf("%s has %q", name, no)
			}
		}
	})
}

// TestLicences: what is vendored comes with what its authors ask for.
func TestLicences(t *testing.T) {
	for _, name := range []string{"htm", "preact", "uPlot"} {
		if b, err := os.ReadFile("vendor/" + name + ".LICENSE"); err != nil || len(b) < 500 {
			t.Errorf("the licence of %s is not there: %v", name, err)
		}
	}
}
