package host

import (
	"fmt"
	"strings"
	"testing"

	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// TestNames: what there is to name, by kind; what would move the cursor is no name.
func TestNames(t *testing.T) {
	b := &show.Board{
		Params:   []show.Param{{Name: "speed", Value: 1.0, Unit: "Hz"}, {Name: "mood", Value: "a", Choices: []string{"a", "b"}}, {Name: "haze", Value: true}},
		Triggers: []show.Trigger{{Name: "bump"}},
		Lists:    []show.List{{Name: "main", Cues: []show.Cue{{Number: "1", Label: "Doors"}}}, {Name: "haze", Cues: []show.Cue{{Number: "2.5"}}}},
	}
	var builder patch.Builder
	wash, err := patch.NewCustom("wash 1", []string{"pan", "tilt"}, level.Address{Output: 1, Slot: 1}, 512)
	if err != nil || builder.Fixture(wash) != nil {
		t.Fatal("the fixture does not fit", err)
	}
	b.Patch = builder.Build()
	for asked, want := range map[string]string{
		"LIST go":               "[[main cue list] [haze cue list]]",
		"CUE go":                "[[1 Doors]]",
		"CUE jump haze":         "[[2.5 ]]",
		"CUE jump opera":        "[]",
		"NAME param":            "[[speed Hz] [mood ] [haze ]]",
		"NAME trigger":          "[[bump trigger]]",
		"VALUE param mood":      "[[a ] [b ]]",
		"VALUE param haze":      "[[true ] [false ]]",
		"VALUE param speed":     "[]",
		"VALUE param opera":     "[]",
		"VALUE trigger bump":    "[]",
		"FIXTURE copy":          "[[wash 1 fixture]]",
		"CHANNEL why":           "[[wash 1 fixture] [wash 1.pan channel] [wash 1.tilt channel]]",
		"SOMETHING else to ask": "[]",
	} {
		w := strings.Fields(asked)
		if got := fmt.Sprint(nameable(b, w[0], w[1], w[2:])); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
	}
}
