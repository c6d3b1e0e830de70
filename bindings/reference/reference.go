// Package reference holds the pages of the reference for authors of shows, and the
// examples on them, each of which is a complete show.
package reference

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed *.md
var pages embed.FS

// An Example is a show on a page.
type Example struct {
	Where string            // page and line
	Text  string            // of the show
	Files map[string]string // beside it, by name: those that the page shows, and a few that all have
	Tests string            // of it; "" without any
}

var blocks = regexp.MustCompile("(?ms)^```(\\w*) ?([\\w./]*)\n(.*?)^```$")

// Pages returns the text of each page by its name.
func Pages() map[string]string {
	entries, err := pages.ReadDir(".")
	if err != nil {
		panic(err) // they are part of the program
	}
	texts := map[string]string{}
	for _, e := range entries {
		text, err := pages.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		texts[e.Name()] = string(text)
	}
	return texts
}

// Examples returns the examples of all pages. The error names Lua that is not marked as a
// complete show.
func Examples() (list []Example, err error) {
	for name, text := range Pages() {
		files := map[string]string{
			"rig.lua":    "return {}",
			"lamps.csv":  "name,slot,kind\nfront,1,dimmer\nwash,10,rgb\n",
			"songs.json": `{ "Storm": { "bpm": 128 } }`,
		}
		for _, m := range blocks.FindAllStringSubmatchIndex(text, -1) {
			kind, mark, body := text[m[2]:m[3]], text[m[4]:m[5]], text[m[6]:m[7]]
			where := fmt.Sprintf("%s:%d", name, strings.Count(text[:m[0]], "\n")+1)
			switch {
			case kind == "lua" && mark == "test":
				list[len(list)-1].Tests += body
			case kind != "lua" && strings.Contains(mark, "."):
				files[mark] = body
			case kind == "lua" && mark != "complete":
				return nil, fmt.Errorf("%s: Lua that is not marked complete is not tested", where)
			case kind == "lua":
				list = append(list, Example{Where: where, Text: body, Files: files})
			}
		}
	}
	return list, nil
}
