package luals

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"showrun/bindings/api"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// gala is a show whose names are hard.
func gala(t *testing.T) *Show {
	t.Helper()
	var b patch.Builder
	slot := int32(1)
	for _, name := range []string{"wash", "wash 2", "wash.2", "wash_2", "end", `a "b" \c`, "grün", "-- x", "1", "]]"} {
		f, err := patch.New(name, "rgb", level.Address{Slot: slot}, 512)
		if err == nil {
			err = b.Fixture(f)
		}
		if err != nil {
			t.Fatal(err)
		}
		slot += int32(f.Slots)
	}
	if err := b.Group("all of it", "wash", "wash 2"); err != nil {
		t.Fatal(err)
	}
	return &Show{b.Build(), show.Board{
		Lists:    []show.List{{Name: "main", Cues: []show.Cue{{Number: "1", Label: "House\nout"}, {Number: "2.5"}}}},
		Params:   []show.Param{{Name: "speed"}},
		Triggers: []show.Trigger{{Name: "bump"}},
	}}
}

// TestStubsAreStrict reads the stubs as a language server does, word by word: each line is one
// of the annotations that LuaLS knows, in its form, or Lua that does nothing; each type that is
// named is declared once.
func TestStubsAreStrict(t *testing.T) {
	for name, this := range map[string]*Show{"any show": nil, "this show": gala(t)} {
		t.Run(name, func(t *testing.T) {
			r := reading{declared: map[string]bool{}, named: map[string]string{}}
			files := Stubs(api.Load(), this)
			for _, file := range slices.Sorted(maps.Keys(files)) {
				if !strings.HasPrefix(files[file], "---@meta ") {
					t.Errorf("%s does not begin with ---@meta", file)
				}
				for i, line := range strings.Split(files[file], "\n") {
					if err := r.line(line); err != nil {
						t.Errorf("%s:%d: %v in %s", file, i+1, err, line)
					}
				}
			}
			for typ, where := range r.named {
				if !r.declared[typ] && !slices.Contains(builtIn, typ) {
					t.Errorf("there is no type %s, which stands before %q", typ, where)
				}
			}
		})
	}
}

// builtIn are the types that LuaLS has itself.
var builtIn = []string{"any", "boolean", "function", "integer", "nil", "number", "string", "table", "true", "false"}

// reading is a strict reading of stubs.
type reading struct {
	declared map[string]bool
	named    map[string]string // and what follows there
}

var (
	// harmless is Lua that does nothing.
	harmless   = regexp.MustCompile(`^(do )?local \w+ = \{\}$|^(local )?function [\w.]+(:\w+)?\([\w, .]*\) end$|^return \w+$|^end$|^(utf8|bit|test) = \{\}$|^utf8\.charpattern = ""$`)
	annotation = regexp.MustCompile(`^---(?:@(\w+) |(\| ))(.*)$`)
	typeName   = `[\pL_][\pL\d_.*-]*`
	fieldName  = regexp.MustCompile(`^(?:[\pL_]\w*|\[(?:integer|string|\d+|"(?:[^"\\]|\\.)*"|` + typeName + `(?:\|` + typeName + `)*)\])\?? `)
)

func (r *reading) line(line string) error {
	if line == "" || harmless.MatchString(line) {
		return nil
	}
	m := annotation.FindStringSubmatch(line)
	if m == nil {
		if !strings.HasPrefix(line, "---") || strings.HasPrefix(line, "---@") {
			return fmt.Errorf("neither an annotation nor empty Lua")
		}
		return nil // words
	}
	rest := m[3]
	switch m[1] + m[2] {
	case "meta":
		return nil
	case "class":
		name, bases, _ := strings.Cut(rest, ": ")
		return r.declare(name, bases)
	case "alias":
		name, typ, _ := strings.Cut(rest, " ")
		return r.declare(name, typ) // "" for the lines below it
	case "field":
		name := fieldName.FindString(rest)
		if name == "" {
			return fmt.Errorf("no name of a field")
		}
		return r.typeAnd(rest[len(name):])
	case "param":
		name, typ, ok := strings.Cut(rest, " ")
		if !ok || !regexp.MustCompile(`^(\w+\??|\.\.\.)$`).MatchString(name) {
			return fmt.Errorf("no name of an argument")
		}
		return r.typeAnd(typ)
	case "return", "overload", "operator", "type", "| ":
		if m[1] == "operator" {
			rest = strings.TrimPrefix(rest, "len: ")
		}
		return r.typeAnd(rest)
	}
	return fmt.Errorf("there is no annotation @%s", m[1])
}

func (r *reading) declare(name, types string) error {
	if !regexp.MustCompile(`^` + typeName + `$`).MatchString(name) {
		return fmt.Errorf("%q is no name of a type", name)
	}
	if r.declared[name] {
		return fmt.Errorf("%s is declared twice", name)
	}
	r.declared[name] = true
	if types == "" {
		return nil
	}
	return r.typeAnd(types)
}

// typeAnd reads types, and leaves the words behind them.
func (r *reading) typeAnd(text string) error {
	p := parser{r: r, rest: text}
	if err := p.types(); err != nil {
		return err
	}
	if p.rest != "" && p.rest[0] != ' ' {
		return fmt.Errorf("%q is left over behind the type", p.rest)
	}
	return nil
}

// TestStubsOfAShow finds what a show declares in its stubs.
func TestStubsOfAShow(t *testing.T) {
	files := Stubs(api.Load(), gala(t))
	for file, wants := range map[string][]string{
		"stage.lua":     {`---@overload fun(name: "wash"): this.wash`, `---@overload fun(name: "a \"b\" \\c"): this.a.*22*b*22*.*5c*c`},
		"this-show.lua": {"---The fixture \"wash\" of this show: rgb.\n---@class this.wash: like.wash, stage.fixture", "---@field red? level|string", `---@field ["wash 2"]? level|level[]|levels.wash`},
		"classes.lua":   {"---@alias cue.number\n---| number\n---| 1 # main 1 House out\n\n", "---@alias param.name\n---| string\n---| \"speed\"", "---@alias trigger.name\n---| string\n---| \"bump\"", "---@alias cue.look this.look"},
	} {
		for _, want := range wants {
			if !strings.Contains(files[file], want) {
				t.Errorf("%s does not have\n%s\nbut\n%s", file, want, files[file])
			}
		}
	}
}

// TestSettingsAreThoseOfTheSchema reads the settings, whose names the schema of LuaLS has.
func TestSettingsAreThoseOfTheSchema(t *testing.T) {
	var s map[string]any
	if err := json.Unmarshal([]byte(Settings), &s); err != nil {
		t.Fatal(err)
	}
	if s["runtime.version"] != "LuaJIT" || fmt.Sprint(s["workspace.library"]) != "["+Folder+"]" {
		t.Errorf("%v", s)
	}
	for key := range s {
		if !slices.Contains([]string{"$schema", "runtime.version", "runtime.path", "runtime.builtin", "workspace.library", "workspace.checkThirdParty", "diagnostics.globals"}, key) {
			t.Errorf("%s is no setting", key)
		}
	}
}
