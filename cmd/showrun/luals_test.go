package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"showrun/bindings/reference"
	"showrun/examples"
)

// languageServer finds LuaLS, which no registry of packages has: where it is not installed the
// strict reading of the stubs in package luals is what there is.
func languageServer(t *testing.T) string {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs programs of others; set SHOWRUN_PEERS=1 to run it")
	}
	path, err := exec.LookPath("lua-language-server")
	if err != nil {
		t.Skip("lua-language-server is not installed")
	}
	return path
}

// showrunIn runs a command in this process.
func showrunIn(t *testing.T, args ...string) {
	t.Helper()
	a := &app{stdout: io.Discard, stderr: io.Discard}
	root := a.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("showrun %s: %v", strings.Join(args, " "), err)
	}
}

// diagnosed has the server look at a folder, and returns what it finds: file:line code.
func diagnosed(t *testing.T, server, dir string) (list []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "check.json")
	text, err := exec.CommandContext(t.Context(), server, "--check="+dir, "--checklevel=Warning", "--check_format=json", "--check_out_path="+out, "--logpath="+t.TempDir()).CombinedOutput()
	b, missing := os.ReadFile(out)
	if missing != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var found map[string][]struct {
		Code  string
		Range struct{ Start struct{ Line int } }
	}
	if err := json.Unmarshal(b, &found); err != nil && string(b) != "[]" {
		t.Fatalf("%v: %s", err, b)
	}
	for file, all := range found {
		for _, d := range all {
			list = append(list, fmt.Sprintf("%s:%d %s", filepath.Base(file), d.Range.Start.Line+1, d.Code))
		}
	}
	slices.Sort(list)
	return list
}

// TestLanguageServerIsContentWithEveryExample has it look at all examples, and at those of the
// reference.
func TestLanguageServerIsContentWithEveryExample(t *testing.T) {
	server := languageServer(t)
	for _, name := range examples.Names() {
		dir := filepath.Join(t.TempDir(), name)
		showrunIn(t, "new", dir, "--from", name)
		if found := diagnosed(t, server, dir); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	dir := filepath.Join(t.TempDir(), "reference")
	showrunIn(t, "new", dir)
	all, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		if strings.Contains(e.Text, "strng.rep") { // shows what a mistake is told
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s_%d.lua", e.Where[:strings.Index(e.Where, ".")], i)), []byte(e.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found := diagnosed(t, server, dir); len(found) > 0 {
		t.Error(found)
	}
}

// TestLanguageServerFindsMistakes has it look at mistakes, each on a line of its own.
func TestLanguageServerFindsMistakes(t *testing.T) {
	server := languageServer(t)
	dir := filepath.Join(t.TempDir(), "gala")
	showrunIn(t, "new", dir)
	mistakes := []string{
		`wash:fad(0, 1)`, `print(wash.red)`, `wash:set(true)`, `wash:fade(0, 1, { curve = "esae" })`, `wash:wave{ shape = "sine" }`, `wash.name = 5`,
		`stage.fixture{ name = "x", kind = "rgbx", at = one:slot(9) }`, `stage.fixture{ name = "x", kind = "rgb" }`, `stage.fixture{ name = "x", kind = "rgb", at = 5 }`,
		`clock.on_beat(1)`, `clock.on_baet(1, print)`, `clock.after("1s", 5)`, `clock.follow("dj")`,
		`list:cue{ 1, look = 5 }`, `list:on("gone", print)`, `show.on("stoop", print)`,
		`net:universe("1")`, `one:slot("1")`, `dj:deck("1")`, `dj:on("conected", print)`, `io.open("x")`,
		`stage.get("wash"):get("gren")`,
	}
	text := `local clock, cue, sacn, show, stage, stagelinq = require "clock", require "cue", require "sacn", require "show", require "stage", require "stagelinq" ` +
		`local net = sacn.sender{} local one, dj, list = net:universe(1), stagelinq.sink{}, cue.list{} local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }` +
		"\n" + strings.Join(mistakes, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "wrong.lua"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found := strings.Join(diagnosed(t, server, dir), "\n")
	for i, mistake := range mistakes {
		if !strings.Contains(found, fmt.Sprintf("wrong.lua:%d ", i+2)) {
			t.Errorf("nothing is found in %s", mistake)
		}
	}
}

// TestLanguageServerCompletes asks it for what comes next, where | stands.
func TestLanguageServerCompletes(t *testing.T) {
	server := languageServer(t)
	dir := filepath.Join(t.TempDir(), "gala")
	showrunIn(t, "new", dir)
	const head = `local cue, show, stage = require "cue", require "show", require "stage" local wash = stage.get("wash") local list = cue.list{}` + "\n"
	s := serve(t, server, dir)
	for text, want := range map[string][]string{
		`stage.get("wa|")`:                 {`"wash"`, `"spot"`},
		`stage.get("sp|")`:                 {`"wash"`, `"spot"`},
		`stage.|`:                          {"fixture", "group", "blackout"},
		`wash:fa|`:                         {"fade"},
		`wash:wave{ |}`:                    {"period", "shape", "spread", "width"},
		`wash:set{ |}`:                     {"red", "green", "blue", "color", "intensity"},
		`wash:fade(0, 1, { curve = "|" })`: {`"ease_out"`, `"linear"`},
		`stage.fixture{ name = "x", kind = "|" }`: {`"rgb"`, `"moving_head"`},
		`show.on("|")`:                          {`"start"`, `"error"`, `"emergency"`},
		`wash:set{ color = "tom|" }`:            {`"tomato"`},
		`wash:fade(0, "|")`:                     {`"1b"`, `"1bar"`},
		`stage.fixture{ name = "x" }:set{ |}`:   {"red", "intensity"},
		`test("x", function(t) t:| end)`:        {"advance", "expect", "press"},
		`test("x", function(t) t:set("|") end)`: {`"flash"`},
		`test("x", function(t) t:go("|") end)`:  {`"main"`},
		`list:go(|)`:                            {"1", "2", "3"},
		`list:on("|")`:                          {`"go"`, `"done"`, `"stop"`},
		`list:cue{ 4, look = { |} }`:            {"wash", "spot"},
	} {
		got := s.complete(head + text)
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("%s does not complete %s; it has %.300q", text, name, got)
			}
		}
	}
}

// languageClient is the editor at a language server.
type languageClient struct {
	t    *testing.T
	in   io.Writer
	out  *bufio.Reader
	uri  string
	next int
}

func serve(t *testing.T, path, dir string) *languageClient {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, "--logpath="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	root := (&url.URL{Scheme: "file", Path: dir}).String()
	s := &languageClient{t: t, in: in, out: bufio.NewReader(out), uri: root + "/typed.lua"}
	s.call("initialize", map[string]any{"rootUri": root, "workspaceFolders": []any{map[string]any{"uri": root, "name": "gala"}}, "capabilities": map[string]any{"window": map[string]any{"workDoneProgress": true}}})
	s.send(map[string]any{"method": "initialized", "params": map[string]any{}})
	s.send(map[string]any{"method": "textDocument/didOpen", "params": map[string]any{"textDocument": map[string]any{"uri": s.uri, "languageId": "lua", "version": 1, "text": ""}}})
	return s
}

func (s *languageClient) send(message map[string]any) {
	message["jsonrpc"] = "2.0"
	b, err := json.Marshal(message)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(b), b); err != nil {
		s.t.Fatal(err)
	}
}

// call asks for something, and answers whatever the server asks meanwhile with nothing.
func (s *languageClient) call(method string, params any) json.RawMessage {
	s.t.Helper()
	s.next++
	s.send(map[string]any{"id": s.next, "method": method, "params": params})
	for {
		var m struct {
			ID     any
			Method string
			Result json.RawMessage
		}
		length := 0
		for {
			line, err := s.out.ReadString('\n')
			if err != nil {
				s.t.Fatal(err)
			}
			line = strings.TrimSpace(line)
			if line == "" {
				break
			}
			if n, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				length, _ = strconv.Atoi(n)
			}
		}
		b := make([]byte, length)
		if _, err := io.ReadFull(s.out, b); err != nil {
			s.t.Fatal(err)
		}
		if err := json.Unmarshal(b, &m); err != nil {
			s.t.Fatal(err)
		}
		switch {
		case m.Method != "" && m.ID != nil:
			s.send(map[string]any{"id": m.ID, "result": nil})
		case m.Method == "" && m.ID == float64(s.next):
			return m.Result
		}
	}
}

// complete types a text and asks what may stand at |. The server says so once it has read
// the folder.
func (s *languageClient) complete(text string) (labels []string) {
	s.t.Helper()
	before, after, _ := strings.Cut(text, "|")
	s.next++
	s.send(map[string]any{"method": "textDocument/didChange", "params": map[string]any{
		"textDocument": map[string]any{"uri": s.uri, "version": s.next}, "contentChanges": []any{map[string]any{"text": before + after}},
	}})
	lines := strings.Split(before, "\n")
	at := map[string]any{"line": len(lines) - 1, "character": len(lines[len(lines)-1])}
	for end := time.Now().Add(patience); len(labels) == 0 && time.Now().Before(end); {
		var list struct{ Items []struct{ Label string } }
		result := s.call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": s.uri}, "position": at, "context": map[string]any{"triggerKind": 1}})
		if err := json.Unmarshal(result, &list); err != nil && string(result) != "null" {
			s.t.Fatalf("%v: %s", err, result)
		}
		for _, item := range list.Items {
			name, _, _ := strings.Cut(item.Label, "(")
			labels = append(labels, strings.TrimSuffix(name, "?"))
		}
		if len(labels) > 0 && strings.Contains(strings.ToLower(labels[0]), "workspace") {
			labels = nil
		}
	}
	return labels
}
