// Command generate writes the test vectors of the Sig-Net driver. It shares no code with
// what they test: bytes, keys, labels and merges are made here from the page alone.
//
//	go run ./drivers/signet/testdata/generate > drivers/signet/testdata/vectors.json
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Who speaks in the vectors.
const (
	senderTUID  = "7FF0B5000042"
	nodeTUID    = "7FF080000101" // of the receiver
	managerTUID = "7FF0B50000AA"
	passphrase  = "stage-Left.7"
)

// object is one JSON object.
type object = map[string]any

func main() {
	k0 := root(passphrase)
	out := object{
		"about":            "made by testdata/generate; all bytes in hex",
		"keys":             keys(),
		"passphrases":      passphrases(),
		"k0_entropy":       object{"cases": entropies()},
		"transfer_formats": transfers(k0),
		"folding":          folding(),
		"packets":          packets(k0),
		"negatives":        object{"cases": negatives(k0)},
		"truncations":      truncations(k0),
		"sequences":        sequences(k0),
		"timecode_labels":  labels(),
		"merge":            object{"cases": merges()},
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(text, '\n'))
}

func keys() (list []object) {
	for id, words := range []string{passphrase, "Follow_Spot2", "FoH Platz-3ü", " Dimmer#4rack", strings.Repeat("Gel9-", 12) + "Foil"} {
		k0 := root(words)
		list = append(list, object{
			"id": fmt.Sprintf("key-%d", id), "passphrase": words, "k0": hex.EncodeToString(k0),
			"ks": hex.EncodeToString(senderKey(k0)), "kc": hex.EncodeToString(citizenKey(k0)),
			"km_global": hex.EncodeToString(managerKey(k0)),
			"km_local": object{
				nodeTUID: hex.EncodeToString(localKey(k0, nodeTUID)), "FFFE00000001": hex.EncodeToString(localKey(k0, "FFFE00000001")),
			},
		})
	}
	return list
}

const symbols = "!@#$%^&*()-_=+[]{}|;:',.<>?/"

// faults lists the broken rules of a passphrase, the first one first.
func faults(s string) []string {
	all := []string{}
	run, chain := false, false
	for i := range len(s) {
		run = run || i >= 2 && s[i] == s[i-1] && s[i] == s[i-2]
		if i >= 3 {
			a, b, c := int(s[i])-int(s[i-1]), int(s[i-1])-int(s[i-2]), int(s[i-2])-int(s[i-3])
			chain = chain || a == b && b == c && (a == 1 || a == -1)
		}
	}
	classes := map[string]bool{}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			classes["upper"] = true
		case c >= 'a' && c <= 'z':
			classes["lower"] = true
		case c >= '0' && c <= '9':
			classes["digit"] = true
		case strings.IndexByte(symbols, c) >= 0:
			classes["symbol"] = true
		}
	}
	if run {
		all = append(all, "identical_run")
	}
	if chain {
		all = append(all, "sequential_run")
	}
	if len(classes) < 3 {
		all = append(all, "classes")
	}
	if len(s) < 10 {
		all = append(all, "too_short")
	}
	if len(s) > 64 {
		all = append(all, "too_long")
	}
	return all
}

func verdictOf(s string) string {
	switch all := faults(s); {
	case s == "":
		return "too_short"
	case len(all) == 0:
		return "accept"
	default:
		return all[0]
	}
}

func passphrases() object {
	var cases, probes []any
	for _, s := range []string{
		"", passphrase, "Gobo-Wheel5", "gobo-wheel5", "GOBO-WHEEL5", "gobowheel55", "GoboWheelxy", "Gobo wheel 5", "Gel-5",
		"Gobooo-Wh5", "Gobo-Wh555", "Gobo---Wh5", "Goboo-Wh55", "Gobo-fghi5", "Gobo-ihgf5", "Gobo-6789x", "Gobo-9876x",
		"Gobo-678xx", "Gobo/012xy", "Gobo'()*xy", "WXYZ[gobo5", "Gobo-aBcD5", "Gobo-890ax", "asdfgh-K42", "ggg", "6543", "xyz",
		strings.Repeat("Gel9-", 12) + "Foil", strings.Repeat("Gel9-", 12) + "Foil5", "Büh-Ñe-öä7", "üüü-Gobo-5", "ÄÖÜäöüßñ15",
		"Ab1\t\t\txyzq", "\"~`\\gobo-W5", "🎭🎭🎭Gobo-5", strings.Repeat("é", 32) + "A1b",
	} {
		cases = append(cases, object{"utf8_hex": hex.EncodeToString([]byte(s)), "expect": verdictOf(s), "all_failing_rules": faults(s)})
	}
	for c := byte(0x20); c < 0x7F; c++ {
		if s := string(c); c != '3' && c != 'k' {
			probes = append(probes, [2]string{s, verdictOf("aqzwxm73k" + s)})
		}
	}
	return object{
		"cases": cases, "symbol_class_probe": object{"results": probes},
		"nul_byte": object{"utf8_hex": hex.EncodeToString([]byte("Gobo-Wheel\x00"))},
	}
}

// entropies are hex digits whose distribution is easily counted: n kinds of digits in
// equal numbers have log2 n bits each.
func entropies() (list []object) {
	for digits, expect := range map[string]string{
		strings.Repeat("7", 64): "reject", strings.Repeat("3a", 32): "reject", strings.Repeat("01ef", 16): "reject",
		strings.Repeat("2468ace0", 8): "accept", strings.Repeat("0123456789abcdef", 4): "accept",
		strings.Repeat("2468ace0", 7) + "22222222": "reject", // less than eight kinds in equal numbers
		strings.Repeat("2468ace", 9) + "1":         "reject", // seven kinds and one digit
	} {
		list = append(list, object{"k0": digits, "expect": expect})
	}
	slices.SortFunc(list, func(a, b object) int { return strings.Compare(a["k0"].(string), b["k0"].(string)) })
	return list
}

func transfers(k0 []byte) []any {
	upper := func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
	lower := hex.EncodeToString(k0)
	guest := func(scope string, members ...string) string {
		return fmt.Sprintf(`{"sig-net_guest_keys": {"scope": %q, %s}}`, scope, strings.Join(members, ", "))
	}
	km := fmt.Sprintf(`"km_global": %q`, upper(managerKey(k0)))
	ks := fmt.Sprintf(`"ks": %q`, upper(senderKey(k0)))
	kc := fmt.Sprintf(`"kc": %q`, upper(citizenKey(k0)))
	take := func(text string) object { return object{"json": text, "expect": "accept", "k0": lower} }
	refuse := func(text string) object { return object{"json": text, "expect": "reject"} }
	equal := take(fmt.Sprintf(`{"sig-net_equal_keys": {"scope": "foyer", "k0": %q}}`, upper(k0)))
	equal["scope"] = "foyer"
	return []any{
		take(fmt.Sprintf(`{"sig-net_k0": %q}`, upper(k0))),
		take(fmt.Sprintf(`{ "sig-net_k0" : %q, "note": [1] }`, lower)),
		equal,
		refuse(fmt.Sprintf(`{"sig-net_k0": %q}`, lower[1:])),
		refuse(fmt.Sprintf(`{"sig-net_k0": %q}`, lower+"00")),
		refuse(fmt.Sprintf(`{"sig-net_k0": %q}`, "z"+lower[1:])),
		refuse(fmt.Sprintf(`{"sig-net_k0": %q}`, "0x"+lower[2:])),
		refuse(fmt.Sprintf(`{"SIG-NET_K0": %q}`, lower)),
		refuse(fmt.Sprintf(`{"key": %q}`, lower)),
		object{
			"json": guest("foyer", km, ks, kc), "expect": "accept", "scope": "foyer", "km_global": hex.EncodeToString(managerKey(k0)),
			"ks": hex.EncodeToString(senderKey(k0)), "kc": hex.EncodeToString(citizenKey(k0)),
		},
		refuse(guest("foyer", km, kc)),
		refuse(guest("the foyer", km, ks, kc)),
	}
}

// folding counts the groups off.
func folding() object {
	var cases, invalid []any
	group := 0
	for universe := 1; universe <= 63999; universe++ {
		if group++; group > 109 {
			group = 1
		}
		switch universe {
		case 1, 2, 100, 108, 109, 110, 218, 219, 512, 513, 1000, 32768, 63889, 63998, 63999:
			cases = append(cases, object{"universe": universe, "group": fmt.Sprintf("239.254.0.%d", group)})
		}
	}
	for _, universe := range []int{-1, 0, 64000, 65535} {
		invalid = append(invalid, object{"universe": universe})
	}
	return object{"cases": cases, "invalid": invalid}
}

// labels counts every frame of a day and tells some of them.
func labels() object {
	var cases []any
	kinds := []struct {
		fraction      string
		frames, drops int
	}{
		{"24/1", 24, 0}, {"25/1", 25, 0}, {"30000/1001", 30, 2}, {"30/1", 30, 0}, {"48/1", 48, 0}, {"50/1", 50, 0},
		{"60000/1001", 60, 4}, {"60/1", 60, 0}, {"100/1", 100, 0}, {"120000/1001", 120, 8}, {"120/1", 120, 0},
	}
	rates := object{}
	for kind, k := range kinds {
		rates[fmt.Sprint(kind)] = k.fraction
		h, m, s, f := 0, 0, 0, 0
		frame := 0
		for ; h < 24; frame++ {
			if f < 2 && s == 0 && (m%10 < 2 || m == 59) && h%8 == 0 || f == k.frames-1 && s == 59 && m%10 == 9 && h > 21 || frame == 12345 {
				cases = append(cases, object{"type": kind, "frame": frame, "label": [4]int{h, m, s, f}})
			}
			if f++; f < k.frames {
				continue
			}
			if f, s = 0, s+1; s < 60 {
				continue
			}
			if s, m = 0, m+1; m == 60 {
				m, h = 0, h+1
			}
			if m%10 != 0 {
				f = k.drops
			}
		}
		cases = append(cases, object{"type": kind, "frame": frame, "label": [4]int{}}) // a day has passed
	}
	return object{"rates": rates, "cases": cases}
}

// A source of a merge; no priority means 100 everywhere, one is for all slots, and
// slots after a short list have 0.
type source struct {
	Priority []int `json:"priority"`
	Levels   []int `json:"levels"`
}

func (s source) at(slot int) (priority, level int) {
	switch {
	case slot >= len(s.Levels):
		return 0, 0
	case s.Priority == nil:
		priority = 100
	case len(s.Priority) == 1:
		priority = s.Priority[0]
	case slot < len(s.Priority):
		priority = s.Priority[slot]
	}
	return priority, s.Levels[slot]
}

func merges() (list []any) {
	for id, sources := range [][]source{
		{{nil, []int{7, 8}}},
		{{nil, []int{7, 80, 0}}, {nil, []int{70, 8}}},
		{{[]int{101}, []int{1, 1}}, {nil, []int{255, 255, 9}}},
		{{[]int{0}, []int{200}}, {[]int{1}, []int{3, 4}}},
		{{[]int{0}, []int{200, 100}}},
		{{[]int{200, 0, 100}, []int{1, 2, 3}}, {nil, []int{9, 9, 9}}},
		{{[]int{110, 110}, []int{4, 4, 4}}, {nil, []int{5, 5, 5}}},
		{{[]int{50}, []int{10, 0}}, {[]int{50}, []int{9, 1}}, {[]int{49}, []int{255, 255}}},
		{{[]int{0, 200}, []int{9, 9}}, {[]int{200, 0}, []int{8, 8}}},
	} {
		var expect []any
		for slot := range 4 {
			best, winner := 0, any(nil)
			for _, s := range sources {
				p, level := s.at(slot)
				if p > best || p == best && winner != nil && level > winner.(int) {
					best, winner = p, level
				}
			}
			expect = append(expect, winner)
		}
		list = append(list, object{"id": fmt.Sprintf("merge-%d", id), "sources": sources, "slots": 4, "expect": expect})
	}
	return list
}
