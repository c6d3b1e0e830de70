package support

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"showrun/drivers/signet/key"
)

// removed stands for a secret.
const removed = "(removed)"

// secrets are texts that must not be told, the longest first.
type secrets [][]byte

// shortest is how long a text has to be to be searched for: what is shorter stands
// everywhere.
const shortest = 6

// secrets are those that are known here: the values of variables that are not known to be
// harmless, and the words of files with keys and tokens.
func (p Patient) secrets() (list secrets) {
	add := func(text string) {
		if text = strings.TrimSpace(text); len(text) >= shortest && text != "showrun" {
			list = append(list, []byte(text))
		}
	}
	for _, e := range p.Environ {
		name, value, _ := strings.Cut(e, "=")
		if !slices.Contains(harmless(), name) && !slices.Contains(usual(), name) {
			for line := range strings.Lines(value) {
				add(line)
			}
		}
	}
	for _, s := range p.Shows {
		for _, token := range s.Tokens {
			add(token)
		}
	}
	for _, dir := range []string{p.StateDir, p.ShowDir} {
		for _, text := range secretFiles(dir) {
			for _, word := range append(words(text), keysOf(text)...) {
				add(word)
			}
		}
	}
	slices.SortFunc(list, func(a, b []byte) int { return len(b) - len(a) })
	return list
}

// secretFiles are the contents of the files in a folder that may hold secrets.
func secretFiles(dir string) (list [][]byte) {
	if dir == "" {
		return nil
	}
	seen := 0
	_ = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if seen++; seen > mostSeen {
			return fs.SkipAll
		}
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 64<<10 {
			return nil
		}
		if b, err := os.ReadFile(file); err == nil && secretFile(d.Name(), b) {
			list = append(list, b)
		}
		return nil
	})
	return list
}

// secretFile tells whether a file may hold keys, tokens or passwords.
func secretFile(name string, content []byte) bool {
	name = strings.ToLower(filepath.Base(name))
	for _, p := range []string{"*.key", "*.keys", "*.pem", "*.p12", "*.pfx", "*token*", "*secret*", "*passw*", "*passphrase*", "*credential*", ".*", "id_*", "*.kdbx"} {
		if is, _ := filepath.Match(p, name); is {
			return true
		}
	}
	_, err := key.ParseTransfer(content)
	return err == nil || bytes.Contains(content, []byte("PRIVATE KEY"))
}

// keysOf are the keys in a transfer file, as they may be written.
func keysOf(b []byte) (list []string) {
	t, err := key.ParseTransfer(b)
	if err != nil {
		return nil
	}
	keys := t.Keys()
	for _, k := range [][]byte{t.K0[:], keys.Sender[:], keys.Citizen[:], keys.Manager[:]} {
		list = append(list, fmt.Sprintf("%x", k), fmt.Sprintf("%X", k), base64.StdEncoding.EncodeToString(k))
	}
	return list
}

// word is what may be a key or a token in a file that holds some.
var word = regexp.MustCompile(`[^\s"',:;={}\[\]()<>]{12,}`)

// words are the parts of a file that may be secrets: those that are long, and what stands
// behind the name of each line.
func words(b []byte) (list []string) {
	list = word.FindAllString(string(b), -1)
	for line := range strings.Lines(string(b)) {
		_, value, named := strings.Cut(strings.TrimSpace(line), "=")
		if named {
			list = append(list, strings.Trim(strings.TrimSpace(value), `"'`))
		}
	}
	return list
}

// shown are where a text shows a secret by what stands before it: a name, as in a sentence or
// a link, a header, and the user in a link.
var shown = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:pass(?:phrase|word|wd)?|pwd|token|secret|api[-_]?key)\\?["']?(?:\s*[=:]\s*|\s+is\s+)|bearer\s+)(?:\\"(?:[^"\\]|\\[^"])*\\"|"[^"]*"|'[^']*'|[^\s"'\\,;&]+)`),
	regexp.MustCompile(`(?i)((?:[?&#]|\\u0026)(?:key|auth|code|sig|signature)=)[^\s"'\\&#]+`),
	regexp.MustCompile(`(?i)(authorization\\?["']?\s*[=:]\s*\\?["']?(?:[a-z]+\s+)?)[^\s"'\\,;]+`),
	regexp.MustCompile(`(://[^\s/:@"'\\]*:)[^\s/@"'\\]+@`),
}

// from removes secrets from a text, also as they stand in JSON.
func (s secrets) from(text []byte) []byte {
	for _, secret := range s {
		for _, form := range forms(secret) {
			text = bytes.ReplaceAll(text, form, []byte(removed))
		}
	}
	for _, where := range shown {
		text = where.ReplaceAll(text, []byte("${1}"+removed))
	}
	return text
}

// forms are a text as it is, and within one of JSON, which may escape what HTML minds.
func forms(text []byte) [][]byte {
	list := [][]byte{text}
	for _, mindful := range []bool{true, false} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(mindful)
		if e.Encode(string(text)) == nil {
			list = append(list, bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(b.Bytes()), []byte{'"'}), []byte{'"'}))
		}
	}
	return list
}
