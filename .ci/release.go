//go:build ignore

// Command release builds an archive of the command for each platform, with the documentation,
// the examples, what installs it and the licences of what is in it, and a file of checksums.
// Two builds of a commit give the same bytes: it builds a clone of HEAD, and all times in an
// archive are that of the commit.
//
//	.ci/release --version v1.2.3 --out /srv/releases
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// file is one of an archive, by its slash-separated path in it.
type file struct {
	name    string
	content []byte
	command bool // may be run
}

// release is what is built.
type release struct {
	src, version string
	date         time.Time
	env          []string // of the go command, besides that of this process
}

func main() {
	version := flag.String("version", "", "version to stamp (default: as git describes HEAD)")
	out := flag.String("out", "", "folder to write to, which is made")
	platforms := flag.String("for", "linux/amd64,linux/arm64,darwin/arm64,darwin/amd64,windows/amd64", "platforms")
	again := flag.Bool("again", false, "build all once more, with nothing of the first time, and compare")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: .ci/release [--version VERSION] [--for PLATFORM,...] [--again] --out FOLDER")
		os.Exit(2)
	}
	if err := run(*out, *version, strings.Split(*platforms, ","), *again); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(out, version string, platforms []string, again bool) error {
	sums, err := build(out, version, platforms, nil)
	if err != nil || !again {
		return err
	}
	scratch, err := os.MkdirTemp("", "showrun-release-again-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	second, err := build(filepath.Join(scratch, "out"), version, platforms, []string{"GOCACHE=" + filepath.Join(scratch, "cache")})
	if err == nil && second != sums {
		err = fmt.Errorf("two builds differ:\n%sand\n%s", sums, second)
	}
	if err == nil {
		fmt.Println("built once more: the same bytes")
	}
	return err
}

// build writes the archives and their checksums, which it returns.
func build(out, version string, platforms, env []string) (sums string, err error) {
	scratch, err := os.MkdirTemp("", "showrun-release-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	r := release{src: filepath.Join(scratch, "src"), version: version, env: env}
	if err := r.clone(); err != nil {
		return "", err
	}
	rest, err := r.documents()
	if err != nil {
		return "", err
	}
	completions, err := r.completions()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	for _, platform := range platforms {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return "", fmt.Errorf("a platform is such as linux/amd64, got %q", platform)
		}
		began := time.Now()
		command, err := r.command(goos, goarch)
		if err != nil {
			return "", err
		}
		licences, err := r.licences(goos, goarch)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("showrun_%s_%s_%s", r.version, goos, goarch)
		pack := tarball
		ending := ".tar.gz"
		if goos == "windows" {
			pack, ending = zipped, ".zip"
		}
		files := slices.Concat([]file{command}, rest, completions, licences)
		slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
		archive, err := pack(name, r.date, files)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(out, name+ending), archive, 0o644); err != nil {
			return "", err
		}
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), name+ending)
		fmt.Printf("%s: %.1f MiB, %d files, %.0f s\n", name+ending, float64(len(archive))/(1<<20), len(files), time.Since(began).Seconds())
	}
	return sums, os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums), 0o644)
}

// output runs a command and returns what it writes.
func (r *release) output(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	// The repository may belong to somebody else than who builds.
	cmd.Env = slices.Concat(os.Environ(), []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GOFLAGS="}, r.env, env)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, &wrong)
	}
	return strings.TrimSpace(string(out)), nil
}

// clone makes the tree that is built, and tells its version and date.
func (r *release) clone() error {
	if changed, err := r.output(".", nil, "git", "status", "--porcelain"); err != nil {
		return err
	} else if changed != "" {
		fmt.Fprintln(os.Stderr, "release: what is not committed is left out")
	}
	if _, err := r.output(".", nil, "git", "clone", "--quiet", "--shared", ".", r.src); err != nil {
		return err
	}
	described, err := r.output(r.src, nil, "git", "describe", "--tags", "--always")
	if err != nil {
		return err
	}
	r.version = cmp.Or(r.version, described)
	date, err := r.output(r.src, nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(date, 10, 64)
	r.date = time.Unix(seconds, 0).UTC()
	return err
}

// command builds the command for a platform.
func (r *release) command(goos, goarch string) (file, error) {
	to := filepath.Join(filepath.Dir(r.src), "command")
	_, err := r.output(r.src, []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"},
		"go", "build", "-trimpath", "-buildvcs=true", "-ldflags", "-s -w -X main.release="+r.version, "-o", to, "./cmd/showrun")
	if err != nil {
		return file{}, err
	}
	content, err := os.ReadFile(to)
	name := "showrun"
	if goos == "windows" {
		name += ".exe"
	}
	return file{name, content, true}, err
}

// completions are the scripts for shells.
func (r *release) completions() (list []file, err error) {
	host, err := r.command(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	to := filepath.Join(filepath.Dir(r.src), host.name)
	if err := os.WriteFile(to, host.content, 0o755); err != nil {
		return nil, err
	}
	for shell, name := range map[string]string{"bash": "showrun.bash", "zsh": "_showrun", "fish": "showrun.fish", "powershell": "showrun.ps1"} {
		script, err := r.output(r.src, nil, to, "completion", shell)
		if err != nil {
			return nil, err
		}
		list = append(list, file{name: "completions/" + name, content: []byte(script + "\n")})
	}
	return list, nil
}

// documents are the pages, the examples and what installs the command, where they stand in the
// tree, so that links lead to them; what installs it is not hidden.
func (r *release) documents() (list []file, err error) {
	names, err := r.output(r.src, nil, "git", "ls-files")
	if err != nil {
		return nil, err
	}
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		example := strings.HasPrefix(name, "examples/") && !strings.HasSuffix(name, ".go") && !strings.Contains(name, "/testdata/")
		installs := strings.HasPrefix(name, ".ci/package/")
		licence := isLicence(path.Base(name)) || strings.Contains(path.Base(name), "LICENSE")
		if !example && !installs && !licence && path.Ext(name) != ".md" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(r.src, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if path.Ext(name) == ".md" {
			content = bytes.ReplaceAll(content, []byte("](.ci/package/"), []byte("](package/"))
		}
		list = append(list, file{name: strings.TrimPrefix(name, ".ci/"), content: content})
	}
	return list, nil
}

// isLicence tells files that say under what terms something may be used.
func isLicence(name string) bool {
	name = strings.ToUpper(name)
	for _, begin := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}

// licences are those of the modules in the command for a platform, and of Go. A module
// without one is an error.
func (r *release) licences(goos, goarch string) (list []file, err error) {
	listed, err := r.output(r.src, []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"}, "go", "list", "-deps", "-json=Module", "./cmd/showrun")
	if err != nil {
		return nil, err
	}
	root, err := r.output(r.src, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{"go": root}
	for packages := json.NewDecoder(strings.NewReader(listed)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && !p.Module.Main {
			dirs[p.Module.Path+"@"+p.Module.Version] = p.Module.Dir
		}
	}
	for module, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range entries {
			if e.IsDir() || !isLicence(e.Name()) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			found = true
			list = append(list, file{name: "licences/" + module + "/" + e.Name(), content: content})
		}
		if !found {
			return nil, fmt.Errorf("no licence in %s", module)
		}
	}
	return list, nil
}

func tarball(top string, date time.Time, files []file) ([]byte, error) {
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(compressed)
	for _, f := range files {
		h := &tar.Header{Name: top + "/" + f.name, Mode: 0o644, Size: int64(len(f.content)), ModTime: date}
		if f.command {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	err = errors.Join(w.Close(), compressed.Close())
	return out.Bytes(), err
}

func zipped(top string, date time.Time, files []file) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: top + "/" + f.name, Method: zip.Deflate, Modified: date}
		h.SetMode(0o644)
		to, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}
