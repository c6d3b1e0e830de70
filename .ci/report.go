//go:build ignore

// Command report makes the output of go test -json short: what failed in full, a
// line for each package, and nothing else. Skipped tests are appended to a file,
// each as a line of package, test and reason between tabs.
//
//	go test -json ./... | go run report.go FILE
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// frame is what the testing package writes around the words of a test.
var frame = regexp.MustCompile(`^(===|\s*---) .*\n$`)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | go run report.go FILE")
		os.Exit(2)
	}
	skips, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	output := map[string]*strings.Builder{} // by package and test, or by what was built
	ran := map[string]int{}                 // tests by package
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			break
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			os.Stdout.Write(line) // of the go command itself
			continue
		}
		key := e.ImportPath + e.Package + " " + e.Test
		text := output[key]
		if text == nil {
			text = &strings.Builder{}
			output[key] = text
		}
		switch e.Action {
		case "output", "build-output":
			text.WriteString(e.Output)
			continue
		case "skip":
			if e.Test != "" {
				fmt.Fprintf(skips, "%s\t%s\t%s\n", e.Package, e.Test, reason(text.String()))
			}
		case "fail", "build-fail":
			fmt.Print(text)
		}
		switch {
		case e.Test != "" && (e.Action == "pass" || e.Action == "fail"):
			ran[e.Package]++
			delete(output, key)
		case e.Test == "" && (e.Action == "pass" || e.Action == "fail"):
			fmt.Printf("%s %s: %d tests, %.1f s\n", e.Action, e.Package, ran[e.Package], e.Elapsed)
		}
	}
	if err := skips.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// reason is what a skipped test said, in one line.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		if !frame.MatchString(line) {
			said = append(said, strings.Fields(line)...)
		}
	}
	return strings.Join(said, " ")
}
