package consoletest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A house runs a show with the real command, on the virtual rig.
type house struct {
	*testing.T
	dir   string   // of the show, which is show.lua in it
	flags []string // of showrun run
	env   []string
	link  string // to the console, as it was printed
	token string // that requests of the tests show; "" for none
	addr  string // of the console
	cmd   *exec.Cmd
	gone  chan struct{} // closed after its end

	mu   sync.Mutex
	log  []string      // what it has written
	more chan struct{} // closed when it has written more
}

// plays runs a show of testdata until the end of the test.
func plays(t *testing.T, show string, flags ...string) *house {
	t.Helper()
	withChromium(t)
	text, err := os.ReadFile(filepath.Join("testdata", show+".lua"))
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "sr") // their paths have to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	h := &house{T: t, dir: filepath.Join(t.TempDir(), "gala"), flags: flags, addr: "127.0.0.1:0"}
	h.env = append(os.Environ(), "XDG_RUNTIME_DIR="+sockets, "XDG_CONFIG_HOME="+filepath.Join(h.dir, "config"), "HOME="+h.dir)
	if err := os.Mkdir(h.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h.save(string(text))
	h.start()
	return h
}

// save writes the show, as an editor does.
func (h *house) save(text string) {
	h.Helper()
	next := filepath.Join(h.dir, "show.lua.new")
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
	if err := os.Rename(next, h.file()); err != nil {
		h.Fatal(err)
	}
}

func (h *house) file() string { return filepath.Join(h.dir, "show.lua") }

// edit replaces a piece of the show.
func (h *house) edit(from, to string) {
	h.Helper()
	text, err := os.ReadFile(h.file())
	if err != nil {
		h.Fatal(err)
	}
	if !bytes.Contains(text, []byte(from)) {
		h.Fatalf("the show has no %q", from)
	}
	h.save(strings.Replace(string(text), from, to, 1))
}

// printed is how the command tells of the console.
var printed = regexp.MustCompile(`http://[^\s"\\]+`)

// start runs the show, at the address it had before, and waits for the link.
func (h *house) start() {
	h.Helper()
	args := append([]string{"run", "--rig", "--osc", "off", "--log-format", "json", "--seed", "1",
		"--state", filepath.Join(h.dir, "state"), "--console", h.addr}, h.flags...)
	h.cmd = exec.Command(lab.command, append(args, h.file())...)
	h.cmd.Env = h.env
	apart(h.cmd)
	out, err := h.cmd.StderrPipe()
	if err != nil {
		h.Fatal(err)
	}
	h.cmd.Stdout = h.cmd.Stderr
	if err := h.cmd.Start(); err != nil {
		h.Fatal(err)
	}
	gone := make(chan struct{})
	h.mu.Lock()
	h.gone, h.log, h.more = gone, nil, make(chan struct{})
	h.mu.Unlock()
	go h.hear(out, h.cmd, gone)
	h.Cleanup(func() { h.end(syscall.SIGINT, gone) })
	h.says(`"msg":"show loaded`)
	h.link = printed.FindString(h.says(printed.String()))
	u, err := url.Parse(h.link)
	if err != nil {
		h.Fatal(err)
	}
	h.addr = u.Host
}

// hear keeps what the command writes until its end.
func (h *house) hear(out io.Reader, cmd *exec.Cmd, gone chan struct{}) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		h.mu.Lock()
		h.log = append(h.log, lines.Text())
		close(h.more)
		h.more = make(chan struct{})
		h.mu.Unlock()
	}
	_ = cmd.Wait()
	close(gone)
}

// says waits until the command has written a line that matches, and returns it.
func (h *house) says(pattern string) string {
	h.Helper()
	re := regexp.MustCompile(pattern)
	late := time.After(patience)
	for {
		h.mu.Lock()
		lines, more := slices.Clone(h.log), h.more
		h.mu.Unlock()
		if at := slices.IndexFunc(lines, re.MatchString); at >= 0 {
			return lines[at]
		}
		select {
		case <-more:
		case <-h.gone:
			h.Fatalf("showrun has ended without writing %s, but:\n%s", pattern, strings.Join(lines, "\n"))
		case <-late:
			h.Fatalf("showrun has not written %s in %v, but:\n%s", pattern, patience, strings.Join(lines, "\n"))
		}
	}
}

// kill ends the command without a word.
func (h *house) kill() { h.end(syscall.SIGKILL, h.gone) }

// end sends the command a signal, and ends it outright when it does not go.
func (h *house) end(sig syscall.Signal, gone chan struct{}) {
	cmd := h.cmd
	_ = cmd.Process.Signal(sig)
	select {
	case <-gone:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-gone
	}
}

// ctl does what showrun ctl does, and returns what it says.
func (h *house) ctl(words ...string) string {
	h.Helper()
	cmd := exec.Command(lab.command, append([]string{"ctl"}, words...)...)
	cmd.Env = h.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("showrun ctl %s: %v: %s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

// tokened is how the command tells of links with tokens: a role and a link.
var tokened = regexp.MustCompile(`(drive|watch)\s+(http://\S+#token=(\S+))`)

// links are those that showrun ctl console tells, by role.
func (h *house) links() map[string]string {
	h.Helper()
	links := map[string]string{}
	for _, m := range tokened.FindAllStringSubmatch(h.ctl("console"), -1) {
		if links[m[1]] == "" {
			links[m[1]] = m[2]
		}
	}
	return links
}

// tokenOf is the token of a link; "" if it has none.
func tokenOf(link string) string {
	_, token, _ := strings.Cut(link, "#token=")
	return token
}

// ask sends a request to the console, with a token if there is one, and returns the status
// and the answer. The answer goes into v if it is not nil.
func (h *house) ask(method, path, token, body string, v any) int {
	h.Helper()
	request, err := http.NewRequest(method, "http://"+h.addr+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		h.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(text, v); err != nil {
			h.Fatalf("%s %s: %v in %.300s", method, path, err, text)
		}
	}
	return response.StatusCode
}
