package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"showrun/cmd/showrun/doctor"
	"showrun/runtime/control"
	"showrun/runtime/host"
)

// TestSupportHasTheSettings of the show and of the user, wherever the state is.
func TestSupportHasTheSettings(t *testing.T) {
	show := filepath.Join(t.TempDir(), "gala.lua")
	if err := os.WriteFile(show, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	user, err := host.DefaultStateDir()
	if err != nil {
		t.Fatal(err)
	}
	p, err := patientOf((&app{}).root(), &doctor.Options{StateDir: t.TempDir(), Show: show})
	if want := []string{filepath.Join(filepath.Dir(show), "showrun.toml"), filepath.Join(user, "showrun.toml")}; err != nil || !slices.Equal(p.SettingsFiles, want) {
		t.Errorf("%q, %v, want %q", p.SettingsFiles, err, want)
	}
}

// TestSupportAsksForTheLog of a show at its console, with the token of its link.
func TestSupportAsksForTheLog(t *testing.T) {
	const token = "QX7VD3WATCHTOKEN5ZK2"
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/log" || r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		w.Write([]byte(`{"lines":[]}`))
	}))
	defer page.Close()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", dir)
	links := "drive " + page.URL + "/#token=" + token + "\nwatch " + page.URL + "/#token=other\n"
	var mu sync.Mutex
	s, err := control.Listen(control.Folder(os.LookupEnv), "gala", func(r control.Request) control.Reply {
		mu.Lock()
		defer mu.Unlock()
		return control.Reply{OK: r.Command == "console" && links != "", Text: links}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	defer running.Wait()
	defer cancel()
	gala := doctor.Running{Show: "gala", PID: strconv.Itoa(os.Getpid())}
	log, tokens, err := logOf(t.Context(), gala)
	if err != nil || string(log) != `{"lines":[]}` || !slices.Equal(tokens, []string{token, "other"}) {
		t.Errorf("%q, %q, %v", log, tokens, err)
	}
	for given, want := range map[string]string{
		"":                                    "",
		"drive " + page.URL + "/#token=wrong": "its console says 401",
		"drive nowhere":                       "its console has no link",
		"drive http://127.0.0.1:1/":           "connection refused",
	} {
		mu.Lock()
		links = given
		mu.Unlock()
		if log, _, err := logOf(t.Context(), gala); err == nil || log != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", given, log, err)
		}
	}
	if _, _, err := logOf(t.Context(), doctor.Running{Show: "gala", PID: "1"}); err == nil {
		t.Error("a show that is not there has a log")
	}
}
