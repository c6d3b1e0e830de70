package support

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/cmd/showrun/doctor"
	"showrun/drivers/signet/key"
	"showrun/runtime/store"
)

// Secrets, one for each place.
const (
	inVariable   = "Ge2p$E$4*A<&>"
	inWords      = "correct horse battery"
	inSetting    = "hunter2-of-the-house"
	inUnknown    = "4711-unknown-setting"
	inTokens     = "QX7VD3WATCHTOKEN5ZK2"
	inLink       = "LINKTOKEN77ZZKK22"
	inState      = "kept-by-the-script"
	inPoint      = "kept-in-the-point"
	inEnvFile    = "dotenv-value-99"
	inScript     = "written in the script"
	inFolder     = "in-a-hidden-folder"
	inPEM        = "MIIEvQIBADANBgkqhkiG9w0"
	inBearer     = "eyJhbGciOiJIUzI1NiJ9"
	inCloud      = "wJalrXUtnFEMI"
	inManyLines  = "second-line-of-a-key"
	inLowerWords = "lightning"
	inUser       = "pw-of-the-user"
	inBasic      = "QmFzaWM6eHl6eHl6"
	inShort      = "short-pwd"
	inSentence   = "said-in-a-sentence"
	inQuery      = "asked-with-a-key"
)

// house makes a state folder and a show folder with secrets in every place.
func house(t *testing.T) (p Patient, all []string) {
	t.Helper()
	p = Patient{
		Version: "v1.2.3", System: "linux/amd64", Now: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC), StateDir: t.TempDir(), ShowDir: t.TempDir(), WithShow: true,
		Settings: []string{"rate", "osc"}, Build: &debug.BuildInfo{GoVersion: "go1.26.0", Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "amd64"}}},
		Environ: []string{
			"HOME=/home/ann", "LANG=de_AT.UTF-8", "SIGNET_PASSPHRASE=" + inVariable, "SHOWRUN_PASSPHRASE=" + inWords, "SHOWRUN_RATE=30", "AWS_SECRET=" + inCloud,
			"DEPLOY_KEY=first-line-of-a-key\n" + inManyLines, "DB_PASS=" + inLowerWords, "PATH=/usr/bin",
		},
	}
	p.SettingsFiles = []string{filepath.Join(p.ShowDir, "showrun.toml"), filepath.Join(p.StateDir, "showrun.toml"), filepath.Join(p.StateDir, "none.toml")}
	s, err := store.Open(p.StateDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Put("show", "gala", []byte(inState)), s.WritePoint("gala", "at 1", []byte(inPoint)), s.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	k0 := key.K0{0x8e, 0x1a, 0x52, 0x3c, 0xed, 0x82, 0x87, 0xba, 0x66, 0x6f, 0x2a, 0xf7}
	hex := fmt.Sprintf("%x", k0[:])
	guest := key.AppendGuest(nil, "hall", k0.Keys())
	for dir, files := range map[string]map[string]string{
		p.StateDir: {
			"signet.key": string(key.AppendK0(nil, k0)), "console.tokens": "drive " + inTokens + "\nwatch " + inTokens + "2\n",
			"showrun.toml": "rate = 30 # of " + inSetting + "\n[show.gala]\npassphrase = \"" + inSetting + "\"\nnew-thing = \"" + inUnknown + "\"\nosc = \"off\"\n",
		},
		p.ShowDir: {
			"show.lua": "local stage = require 'stage'\nlocal password = \"" + inScript + "\"\nlocal u = sender{ key = { env = 'SIGNET_PASSPHRASE' } }\n",
			"look.lua": "return { red = 255 }\n", "guest.json": string(guest), ".env": "TOKEN=" + inEnvFile + "\n",
			".git/config": inFolder, "tls/server.crt": "-----BEGIN PRIVATE KEY-----\n" + inPEM + "\n", "showrun.toml": "osc = \"127.0.0.1:7771\"\nkey = \"" + inUnknown + "\"\n",
		},
	} {
		for name, text := range files {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	log, err := json.Marshal([]map[string]string{
		{"text": "the page was opened at http://10.0.0.5:7780/#token=" + inLink}, {"text": "the key of " + inVariable + " and " + inWords},
		{"text": `POST with "Authorization: Bearer ` + inBearer + `"`}, {"text": "saved " + inEnvFile + ", " + inTokens + " and " + hex + "\n" + inManyLines},
		{"text": "the certificate has " + inPEM}, {"text": `password="` + inScript + `"`}, {"text": "what is harmless stays"},
		{"text": "GET https://ann:" + inUser + "@example.org/?a=1&key=" + inQuery + "&b=2"}, {"text": "Authorization: Basic " + inBasic},
		{"text": "pwd=" + inShort + ", pass: " + inShort + ", api-key=" + inShort + " /?auth=" + inQuery}, {"text": "the passphrase is " + inSentence},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Shows = []Show{
		{Running: doctor.Running{Show: "gala", PID: "7", Text: "generation 1, passphrase: " + inBearer}, Log: log, Tokens: []string{inLink, ""}},
		{Running: doctor.Running{Show: "ball", PID: "8"}, NoLog: errors.New("its console says 401 to " + inTokens)},
	}
	p.Findings = []doctor.Finding{{Check: "show", Grade: doctor.Fail, Text: "gala does not load: " + inVariable + " " + inCloud, Remedy: "do without " + inLowerWords}}
	all = []string{
		inVariable, `Ge2p$E$4*A\u003c`, "Ge2p$E$4", inWords, inSetting, inUnknown, inTokens, inLink, inState, inPoint, inEnvFile, inScript, inFolder, inPEM, inBearer, inCloud, inManyLines, inLowerWords, hex,
		inUser, inBasic, inShort, inSentence, inQuery,
	}
	keys := k0.Keys()
	for _, k := range [][]byte{keys.Sender[:], keys.Citizen[:], keys.Manager[:]} {
		all = append(all, fmt.Sprintf("%x", k), fmt.Sprintf("%X", k), string(k))
	}
	return p, all
}

// entries are what is in an archive.
func entries(t *testing.T, p Patient) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range r.File {
		e, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(e)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(f.Name, "showrun-support/")] = string(text)
	}
	return all
}

// TestNoSecrets puts secrets into every place and searches the archive for them.
func TestNoSecrets(t *testing.T) {
	p, all := house(t)
	for _, with := range []bool{true, false} {
		p.WithShow = with
		for name, text := range entries(t, p) {
			for _, secret := range all {
				if strings.Contains(text, secret) || strings.Contains(name, secret) {
					t.Errorf("%q is in %s:\n%s", secret, name, text)
				}
			}
		}
	}
}

// TestWhatHelps is in the archive.
func TestWhatHelps(t *testing.T) {
	p, _ := house(t)
	got := entries(t, p)
	for name, parts := range map[string][]string{
		"version.txt":       {"showrun v1.2.3\nlinux/amd64\n2026-11-30T23:00:00Z\nbuilt with go1.26.0\nGOARCH=amd64\n"},
		"doctor.txt":        {"FAIL  show        gala does not load: (removed) (removed)\n", "NOT READY: 1 failure"},
		"doctor.json":       {`"ready": false`},
		"environment.txt":   {"LANG=de_AT.UTF-8\nSHOWRUN_PASSPHRASE (set)\nSHOWRUN_RATE=30\n"},
		"state.txt":         {"in use: false, values: 1\n", " showrun.db\n", " gala.resume\n", " signet.key\n"},
		"settings.txt":      {"rate = 30\n[show.gala]\n# (a line is left out)\n# (a line is left out)\nosc = \"off\"\n", "osc = \"127.0.0.1:7771\"\n"},
		"shows.txt":         {"gala (pid 7): generation 1", "ball (pid 8): \n  no log: its console says 401"},
		"log-7.json":        {"what is harmless stays"},
		"show/show.lua":     {"local stage = require 'stage'\n", "env = 'SIGNET_PASSPHRASE'"},
		"show/look.lua":     {"return { red = 255 }\n"},
		"show-left-out.txt": {".env\n", ".git\n", "guest.json\n", "tls/server.crt\n"},
	} {
		for _, part := range parts {
			if !strings.Contains(got[name], part) {
				t.Errorf("%s is %q, without %q", name, got[name], part)
			}
		}
	}
	var log []map[string]string
	if err := json.Unmarshal([]byte(got["log-7.json"]), &log); err != nil {
		t.Errorf("the log is no JSON any more: %v\n%s", err, got["log-7.json"])
	}
	p.WithShow = false
	for name := range entries(t, p) {
		if strings.HasPrefix(name, "show/") {
			t.Errorf("%s is in, which nobody asked for", name)
		}
	}
	bare := entries(t, Patient{StateDir: filepath.Join(t.TempDir(), "none"), Now: p.Now})
	if !strings.Contains(bare["shows.txt"], "none runs") || !strings.Contains(bare["state.txt"], "no such file") {
		t.Errorf("%q", bare)
	}
	if slices.Contains(harmless(), "HOME") {
		t.Error("HOME is told")
	}
}
