package host

import (
	"fmt"
	"strings"
	"testing"

	"showrun/runtime/show"
)

// TestNames: what there is to name, by kind; what would move the cursor is no name.
func TestNames(t *testing.T) {
	b := &show.Board{
		Params:   []show.Param{{Name: "speed", Value: 1.0, Unit: "Hz"}, {Name: "mood", Value: "a", Choices: []string{"a", "b"}}, {Name: "haze", Value: true}},
		Triggers: []show.Trigger{{Name: "bump"}},
		Lists:    []show.List{{Name: "main", Cues: []show.Cue{{Number: "1", Label: "Doors"}}}, {Name: "haze", Cues: []show.Cue{{Number: "2.5"}}}},
	}
	fixtures := []lamp{{"wash 1", []string{"red", "green"}}}
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
		"CHANNEL why":           "[[wash 1 fixture] [wash 1.red channel] [wash 1.green channel]]",
		"SOMETHING else to ask": "[]",
	} {
		w := strings.Fields(asked)
		if got := fmt.Sprint(named(b, fixtures, w[0], w[1], w[2:])); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
	}
}
