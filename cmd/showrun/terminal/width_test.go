package terminal

import "testing"

// TestWidth counts columns, not bytes or characters.
func TestWidth(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "gala": 4, "café": 4, "cafe\u0301": 4, "舞台": 4, "ｶﾗ": 2, "カラ": 4, "무대": 4, "🎭": 2, "▁▂█": 3, "■ →": 3, "Ω": 1, "a\u200bb": 2, "👍🏽": 2, "👩‍👩‍👧": 2, "🇩🇪": 2,
	} {
		if got := Width(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

// TestFit never cuts a character in two, nor what joins one from it.
func TestFit(t *testing.T) {
	for _, tt := range []struct {
		text    string
		width   int
		fit     string
		shorten string
	}{
		{"gala", 9, "gala", "gala"}, {"gala", 4, "gala", "gala"}, {"gala", 3, "gal", "ga…"},
		{"舞台", 4, "舞台", "舞台"}, {"舞台", 3, "舞", "舞…"}, {"舞台", 1, "", "…"},
		{"cafe\u0301s", 4, "cafe\u0301", "caf…"}, {"a👍🏽b", 3, "a👍🏽", "a…"}, {"gala", 0, "", "…"}, {"gala", -3, "", "…"},
	} {
		if got := Fit(tt.text, tt.width); got != tt.fit {
			t.Errorf("%q in %d columns is %q, want %q", tt.text, tt.width, got, tt.fit)
		}
		if got := Shorten(tt.text, tt.width); got != tt.shorten {
			t.Errorf("%q shortened to %d columns is %q, want %q", tt.text, tt.width, got, tt.shorten)
		}
	}
}
