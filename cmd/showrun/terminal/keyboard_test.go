package terminal

import "testing"

func TestKeyDecoder(t *testing.T) {
	for sent, want := range map[string]string{
		"":                           "",
		"a 1+\x03":                   "a 1+\x03",
		"\x1b[A\x1b[B":               "↑↓",
		"\x1bOA\x1bOB":               "↑↓",
		"\x1b[1;5Ax":                 "x", // with Ctrl: another key
		"\x1b[C\x1b[3~\x1b[200~j":    "j",
		"\x1bq":                      "q",
		"\x1b ":                      " ",
		"\x1b[ ":                     " ",
		"\x1bO A":                    " A",
		"\x1b[1;5 x":                 " x",
		"\x1b\x1b[A":                 "↑",
		"é↑k":                        "k",
		"\x1b[" + "0123456789012345": "5", // no sequence is so long
	} {
		var whole, pieces keyDecoder
		if got := string(whole.decode([]byte(sent))); got != want {
			t.Errorf("%q is %q, want %q", sent, got, want)
		}
		var got []rune
		for _, c := range []byte(sent) {
			got = append(got, pieces.decode([]byte{c})...)
		}
		if string(got) != want {
			t.Errorf("%q byte by byte is %q, want %q", sent, string(got), want)
		}
	}
}
