package stagelinq

import "testing"

func TestExpand(t *testing.T) {
	for pattern, want := range map[string]int{
		"/Engine/Deck1/PlayState": 1, "/Engine/Deck*/PlayState": 4, "/Engine/*/PlayState": 4, "/Engine/Deck2/*": 7, "/Engine/Deck2/Track/*": 9,
		"/Mixer/*": 5, "/Engine/Deck*/Own": 4, "/Deck*/Channel*/CH*": 64, "/Own/*": 0, "/*": 0, "/[/*": 0, "/Engine/Deck": 1,
	} {
		if got := expand(pattern); len(got) != want {
			t.Errorf("%s is %d paths %v, want %d", pattern, len(got), got, want)
		}
	}
}
