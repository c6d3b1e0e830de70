package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// negatives are packets that a receiver must not take, with the reason.
func negatives(k0 []byte) (list []object) {
	ks, kc, km := senderKey(k0), citizenKey(k0), managerKey(k0)
	level := tlv(0x0101, 1, 2, 3)
	add := func(id, reason string, p packet) object {
		verdict := "drop"
		if reason == "other_tuid" {
			verdict = "ignore"
		}
		o := object{"id": id, "packet": hex.EncodeToString(p.bytes()), "expect": object{"verdict": verdict, "reason": reason}}
		list = append(list, o)
		return o
	}
	one := func(id, reason string, change func(*packet)) object {
		p := good("sig-net/v1/local/level/5", ks, level)
		change(&p)
		return add(id, reason, p)
	}
	finished := func(id, reason string, change func([]byte) []byte) {
		one(id, reason, func(p *packet) { p.after = change })
	}
	options := func(id, reason string, change func([]option) []option) {
		one(id, reason, func(p *packet) { p.change = change })
	}

	// What the tag covers.
	signed := good("sig-net/v1/local/level/5", ks, level).bytes()
	flip := func(where int) func([]byte) []byte {
		return func(b []byte) []byte {
			b[where] ^= 1
			return b
		}
	}
	tag := bytes.Index(signed, []byte{0xDD, 0x13, 0x13}) + 3
	finished("tag-first", "bad_auth", flip(tag))
	finished("tag-last", "bad_auth", flip(tag+31))
	finished("payload-changed", "bad_auth", flip(len(signed)-1))
	finished("universe-changed", "bad_auth", flip(bytes.Index(signed, []byte("level"))+6))
	sender := bytes.Index(signed, unhex(senderTUID))
	for id, at := range map[string]int{"tuid": 5, "endpoint": 7, "maker": 11, "session": 16, "sequence": 22} {
		finished(id+"-changed", "bad_auth", flip(sender+at))
	}
	one("other-root-key", "bad_auth", func(p *packet) { p.key = senderKey(root("Another-Hall1")) })
	one("citizen-key", "bad_auth", func(p *packet) { p.key = kc })
	one("zero-tag", "bad_auth", func(p *packet) { p.key, p.auth = nil, make([]byte, 32) })
	options("query-slipped-in", "bad_auth", func(o []option) []option { return slices.Insert(o, 5, option{15, []byte("x")}) })
	pollFrom := func(key, payload []byte) packet {
		p := good("sig-net/v1/local/poll", key, payload)
		p.tuid, p.point = managerTUID, 0
		return p
	}
	add("poll-with-sender-key", "bad_auth", pollFrom(ks, poll(nobody, everyone, 0, 0)))
	command := good("sig-net/v1/local/manager/"+nodeTUID+"/0", km, tlv(0x0605))
	add("command-with-global-key", "bad_auth", command)
	other := good("sig-net/v1/local/manager/7FF080000102/0", localKey(k0, "7FF080000102"), tlv(0x0605))
	add("command-for-another", "other_tuid", other)

	// Header.
	for _, c := range []struct {
		id, reason string
		header     [2]byte
	}{
		{"version-0", "bad_version", [2]byte{0x10, 2}}, {"version-2", "bad_version", [2]byte{0x90, 2}}, {"version-3", "bad_version", [2]byte{0xD0, 2}},
		{"get", "bad_code", [2]byte{0x50, 1}}, {"put", "bad_code", [2]byte{0x50, 3}}, {"answer", "bad_code", [2]byte{0x50, 0x44}}, {"empty", "bad_code", [2]byte{0x50, 0}},
		{"confirmable", "bad_type", [2]byte{0x40, 2}}, {"acknowledgement", "bad_type", [2]byte{0x60, 2}}, {"reset", "bad_type", [2]byte{0x70, 2}},
		{"token-of-9", "malformed", [2]byte{0x59, 2}}, {"token-of-15", "malformed", [2]byte{0x5F, 2}},
	} {
		one(c.id, c.reason, func(p *packet) { p.header = c.header })
	}
	finished("token-beyond-the-end", "malformed", func(b []byte) []byte { return append([]byte{0x58}, b[1:9]...) })

	// Modes.
	for _, mode := range []byte{2, 0x7F, 0xFE} {
		one(fmt.Sprintf("mode-%d", mode), "unsupported_mode", func(p *packet) { p.mode = mode })
	}
	one("open-at-secure", "mode_mismatch", func(p *packet) { p.mode, p.key = 1, nil })
	one("secure-at-open", "mode_mismatch", func(p *packet) {})["receiver"] = "open"
	one("open-with-a-tag", "malformed", func(p *packet) { p.mode, p.key, p.auth = 1, nil, bytes.Repeat([]byte{1}, 32) })["receiver"] = "open"
	for _, n := range []int{0, 16, 31, 33} {
		one(fmt.Sprintf("tag-of-%d", n), "malformed", func(p *packet) { p.key, p.auth = nil, make([]byte, n) })
	}

	// Paths.
	node := nodeTUID
	for path, reason := range map[string]string{
		"sig-net/v1/foyer/level/5": "wrong_scope", "sig-net/v1/Local/level/5": "wrong_scope", "sig-net/v1/loca/level/5": "wrong_scope",
		"sig-net/v1/" + strings.Repeat("l", 33) + "/level/5": "wrong_scope", "sig-net/v1": "wrong_scope",
		"sig-net/v2/local/level/5": "bad_uri_version", "sig-net/V1/local/level/5": "bad_uri_version", "sig-net": "bad_uri_version",
		"Sig-Net/v1/local/level/5": "bad_uri", "signet/v1/local/level/5": "bad_uri", "sig-net/v1/local": "bad_uri",
		"sig-net/v1/local/level": "bad_uri", "sig-net/v1/local/level/5/0": "bad_uri", "sig-net/v1/local/LEVEL/5": "bad_uri",
		"sig-net/v1/local/level/0": "bad_uri", "sig-net/v1/local/level/64000": "bad_uri", "sig-net/v1/local/level/65541": "bad_uri",
		"sig-net/v1/local/level/05": "bad_uri", "sig-net/v1/local/level/5x": "bad_uri", "sig-net/v1/local/level/+5": "bad_uri",
		"sig-net/v1/local/level/-5": "bad_uri", "sig-net/v1/local/preview/0": "bad_uri", "sig-net/v1/local/preview/64000": "bad_uri",
		"sig-net/v1/local/timecode/0": "bad_uri", "sig-net/v1/local/timecode/256": "bad_uri", "sig-net/v1/local/timecode/007": "bad_uri",
		"sig-net/v1/local/sync/0": "bad_uri", "sig-net/v1/local/poll/1": "bad_uri", "sig-net/v1/local/priority/5": "bad_uri",
		"sig-net/v1/local/node/" + strings.ToLower(node) + "/0": "bad_uri", "sig-net/v1/local/node/" + node[1:] + "/0": "bad_uri",
		"sig-net/v1/local/node/" + node + "/65536": "bad_uri", "sig-net/v1/local/manager/" + node + "/65281": "bad_uri",
	} {
		one("path "+path, reason, func(p *packet) { p.path = strings.Split(path, "/") })
	}
	one("no-path", "bad_uri", func(p *packet) { p.path = nil })
	one("slash-in-a-segment", "bad_uri", func(p *packet) { p.path = []string{"sig-net", "v1", "local", "level/5"} })
	one("high-bit", "bad_uri", func(p *packet) { p.path = []string{"sig-net", "v1", "local", "le\xf6el", "5"} })
	one("empty-segment", "malformed", func(p *packet) { p.path = []string{"sig-net", "v1", "", "level", "5"} })

	// Options.
	private := []struct{ number, width int }{{2076, 1}, {2108, 8}, {2140, 2}, {2172, 4}, {2204, 4}, {2236, 32}}
	for _, x := range private {
		is := func(o option) bool { return o.number == x.number }
		options(fmt.Sprintf("without-%d", x.number), "malformed", func(o []option) []option { return slices.DeleteFunc(o, is) })
		options(fmt.Sprintf("twice-%d", x.number), "malformed", func(o []option) []option {
			i := slices.IndexFunc(o, is)
			return slices.Insert(o, i, o[i])
		})
		for _, n := range []int{0, x.width - 1, x.width + 1} {
			if n == 0 && x.width == 32 || n == 0 && x.width == 1 && x.number != 2076 {
				continue
			}
			options(fmt.Sprintf("width-%d-of-%d", x.number, n), "malformed", func(o []option) []option {
				i := slices.IndexFunc(o, is)
				o[i].value = append(slices.Clone(o[i].value), 0)[:n]
				return o
			})
		}
	}
	options("option-after-the-tag", "malformed", func(o []option) []option { return append(o, option{2300, []byte{1}}) })
	options("critical-option", "malformed", func(o []option) []option { return slices.Insert(o, 6, option{2081, []byte{1}}) })
	finished("reserved-delta", "malformed", func(b []byte) []byte { return slices.Insert(b, 4, 0xF1, 0) })
	finished("reserved-length", "malformed", func(b []byte) []byte { return slices.Insert(b, 4, 0x1F, 0) })
	finished("marker-without-payload", "malformed", func(b []byte) []byte { return b[:len(b)-len(level)] })
	finished("number-past-the-end", "malformed", func(b []byte) []byte {
		return append(b[:len(b)-len(level)-1], 0xE0, 0xFF, 0xFF)
	})
	finished("length-past-the-end", "malformed", func(b []byte) []byte {
		return append(b[:4:4], 0xBE, 0xFF, 0xFF, 's', 'i', 'g')
	})

	// Payloads that are signed well.
	at := func(resource string, payload ...byte) {
		add(fmt.Sprintf("payload %s % x", resource, payload[:min(len(payload), 12)]), "bad_payload", good("sig-net/v1/local/"+resource, ks, payload))
	}
	at("level/5", 1)
	at("level/5", 1, 1, 0)
	at("level/5", 1, 1, 0, 4, 1, 2, 3)
	at("level/5", 1, 1, 0xFF, 0xFF, 1)
	at("level/5", append(slices.Clone(level), 9)...)
	at("level/5", append(slices.Clone(level), 1, 2, 0, 9, 1)...)
	at("level/5", tlv(0x0101)...)
	at("level/5", tlv(0x0101, levels(513)...)...)
	at("level/5", tlv(0x0102)...)
	at("level/5", tlv(0x0102, make([]byte, 513)...)...)
	at("preview/5", tlv(0x0103)...)
	at("preview/5", tlv(0x0103, levels(513)...)...)
	at("sync", tlv(0x0201, 0)...)
	for _, label := range [][]byte{
		{1, 2, 3, 4}, {1, 2, 3, 4, 1, 0}, {24, 0, 0, 0, 1}, {0, 60, 0, 0, 1}, {0, 0, 60, 0, 1}, {0, 0, 0, 24, 0},
		{0, 0, 0, 25, 1}, {0, 0, 0, 30, 2}, {0, 0, 0, 120, 10}, {0, 0, 0, 0, 11}, {0, 0, 0, 0, 255},
	} {
		at("timecode/7", tlv(0x0202, label...)...)
	}
	for _, said := range [][]byte{
		{0, 5, 1, 0, 0, 0}, {0, 0, 1, 0, 0, 0, 0}, {0xFA, 0, 1, 0, 0, 0, 0}, {0, 5, 0, 0, 0, 0, 0}, {0, 5, 3, 0, 0, 0, 0},
	} {
		at("sync", tlv(0x0203, said...)...)
	}
	whole := poll(nobody, everyone, 0xFFFF, 0)
	short := slices.Clone(whole[:len(whole)-1])
	short[3]--
	add("poll-too-short", "bad_payload", pollFrom(km, short))
	add("poll-level-4", "bad_payload", pollFrom(km, poll(nobody, everyone, 0xFFFF, 4)))
	add("poll-backwards", "bad_payload", pollFrom(km, poll(everyone, nobody, 0xFFFF, 0)))
	slices.SortStableFunc(list, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return list
}
