package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// levels is n levels that differ.
func levels(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(7*i + 1)
	}
	return b
}

// pollReply is TID_POLL_REPLY of a device.
func pollReply(tuid string, changes uint16) []byte {
	return tlv(0x0002, numbers(unhex(tuid), uint32(0x7FF00001), changes)...)
}

func poll(low, high string, endpoint uint16, level byte) []byte {
	return tlv(0x0001, numbers(unhex(managerTUID), uint32(0x7FF00001), unhex(low), unhex(high), endpoint, level)...)
}

// everyone are the ends of a global poll.
const (
	nobody   = "000000000000"
	everyone = "FFFFFFFFFFFF"
)

// describe is a packet with what went into it.
func describe(id, key, destination, verdict string, conformant bool, p packet) object {
	var tlvs []object
	for rest := p.payload; len(rest) > 0; {
		n := 4 + int(rest[2])<<8 + int(rest[3])
		tlvs = append(tlvs, object{"tid": fmt.Sprintf("0x%02x%02x", rest[0], rest[1]), "value": hex.EncodeToString(rest[4:n])})
		rest = rest[n:]
	}
	inputs := object{
		"k0": "key-0", "key": any(nil), "scope": p.path[2], "uri": "/" + strings.Join(p.path, "/"), "tuid": p.tuid, "security_mode": p.mode,
		"endpoint": p.point, "mfg_code": p.mfg, "session_id": p.session, "seq_num": p.number, "message_id": p.id, "tlvs": tlvs,
	}
	out := object{
		"id": id, "conformant": conformant, "packet": hex.EncodeToString(p.bytes()), "destination": destination + ":5683",
		"inputs": inputs, "expect": object{"verdict": verdict},
	}
	if p.key != nil {
		inputs["key"] = key
		out["hmac_input"] = hex.EncodeToString(append(p.signed(), p.payload...))
	}
	return out
}

func packets(k0 []byte) (list []object) {
	ks, kc, km, kl := senderKey(k0), citizenKey(k0), managerKey(k0), localKey(k0, nodeTUID)
	const (
		timeGroup = "239.254.255.250"
		nodeGroup = "239.254.255.253"
	)
	add := func(id, key, destination string, p packet) {
		list = append(list, describe(id, key, destination, "accept", true, p))
	}
	for _, u := range []struct {
		scope, universe, group string
		slots                  int
	}{
		{"local", "1", "1", 512}, {"local", "109", "109", 1}, {"local", "110", "1", 24}, {"a", "9", "9", 3},
		{"12-chars-abc", "77", "77", 5}, {"13-chars-abcd", "513", "77", 5}, {strings.Repeat("x~._-A9z", 4), "63999", "16", 512},
	} {
		p := good("sig-net/v1/"+u.scope+"/level/"+u.universe, ks, tlv(0x0101, levels(u.slots)...))
		p.id, p.session, p.number = 0xBEEF, 0xFFFFFFFD, 0xFFFFFFFE
		add("level-"+u.scope+"-"+u.universe, "ks", "239.254.0."+u.group, p)
	}
	level := "sig-net/v1/local/level/5"
	for id, payload := range map[string][]byte{
		"priority-one":    append(tlv(0x0102, 150), tlv(0x0101, levels(8)...)...),
		"priority-all":    append(tlv(0x0102, bytes.Repeat([]byte{90}, 512)...), tlv(0x0101, levels(512)...)...),
		"priority-short":  append(tlv(0x0102, 200, 0, 1), tlv(0x0101, levels(8)...)...),
		"priority-alone":  tlv(0x0102, 100),
		"priority-behind": append(tlv(0x0101, levels(2)...), tlv(0x0102, 0)...),
		"priority-255":    append(tlv(0x0102, 255), tlv(0x0101, 1)...),
	} {
		add(id, "ks", "239.254.0.5", good(level, ks, payload))
	}
	add("preview", "ks", "239.254.255.249", good("sig-net/v1/local/preview/321", ks, tlv(0x0103, levels(512)...)))
	add("sync", "ks", timeGroup, good("sig-net/v1/local/sync", ks, tlv(0x0201)))
	join := append(tlv(0x0203, 0, 5, 1, 0, 0, 0, 0), tlv(0x0203, 0xF9, 0xFF, 2, 239, 1, 2, 3)...)
	add("universe-join-and-leave", "ks", timeGroup, good("sig-net/v1/local/sync", ks, join))
	add("universe-on-node", "kc", nodeGroup, good("sig-net/v1/local/node/"+senderTUID+"/0", kc, tlv(0x0203, 0, 5, 1, 0, 0, 0, 0, 0, 1)))
	for kind, frames := range []byte{24, 25, 30, 30, 48, 50, 60, 60, 100, 120, 120} {
		p := good(fmt.Sprintf("sig-net/v1/local/timecode/%d", 1+kind*25), ks, tlv(0x0202, 13, 41, 59, frames-1, byte(kind)))
		add(fmt.Sprintf("timecode-%d", kind), "ks", timeGroup, p)
	}
	add("timecode-label-that-is-skipped", "ks", timeGroup, good("sig-net/v1/local/timecode/7", ks, tlv(0x0202, 0, 7, 0, 1, 2)))
	manager := func(path string, key, payload []byte) packet {
		p := good(path, key, payload)
		p.tuid, p.point = managerTUID, 0
		return p
	}
	device := func(path string, endpoint uint16, payload []byte) packet {
		p := good(path, kc, payload)
		p.tuid, p.point = nodeTUID, endpoint
		return p
	}
	const polls = "239.254.255.252"
	add("poll-everyone", "km_global", polls, manager("sig-net/v1/local/poll", km, poll(nobody, everyone, 0xFFFF, 0)))
	add("poll-one", "km_global", polls, manager("sig-net/v1/local/poll", km, poll(nodeTUID, nodeTUID, 0, 3)))
	add("poll-elsewhere", "km_global", polls, manager("sig-net/v1/foyer/poll", km, poll(nodeTUID, nodeTUID, 1, 1)))
	commands := "239.254.255.251"
	add("set-universe", "km_local", commands, manager("sig-net/v1/local/manager/"+nodeTUID+"/1", kl, tlv(0x0901, 0, 9)))
	add("get-label", "km_local", commands, manager("sig-net/v1/local/manager/"+nodeTUID+"/0", kl, tlv(0x0605)))
	add("set-everywhere", "km_local", commands, manager("sig-net/v1/local/manager/"+nodeTUID+"/65535", kl, tlv(0x0903, 0, 0, 0, 0)))
	node := "sig-net/v1/local/node/" + nodeTUID
	boot := slices.Concat(pollReply(nodeTUID, 0), tlv(0x0603, 1), tlv(0x0609, 1), tlv(0x0602, 0, 4), tlv(0x0606, 0))
	add("reply-root", "kc", nodeGroup, device(node+"/0", 0, boot))
	add("reply-endpoint", "kc", nodeGroup, device(node+"/3", 3, append(pollReply(nodeTUID, 0xFFFF), tlv(0x0901, 0, 9)...)))
	add("event", "kc", nodeGroup, device(node+"/0", 0, append(pollReply(nodeTUID, 4), tlv(0xFF01, 0, 2, 0, 0, 0, 9, 1, 10, 0, 0, 7)...)))
	add("set-reply", "kc", nodeGroup, device(node+"/1", 1, append(tlv(0x0901, 0, 9), tlv(0x0003, 0, 0, 5)...)))
	lost := "sig-net/v1/local/node_lost/" + nodeTUID
	add("lost", "kc", "239.254.255.254", device(lost+"/0", 0, boot))
	add("lost-without-endpoint", "kc", "239.254.255.254", device(lost, 0, boot))

	with := func(id, key, destination, verdict string, conformant bool, p packet) {
		list = append(list, describe(id, key, destination, verdict, conformant, p))
	}
	with("aux", "ks", "239.254.255.248", "ignore", true, good("sig-net/v1/local/aux/"+senderTUID+"/1", ks, tlv(0x0204, levels(8)...)))
	open := func(path string, payload []byte) packet {
		p := good(path, nil, payload)
		p.mode, p.session, p.number = 1, 0, 0
		return p
	}
	with("open-level", "", "239.254.0.5", "accept by an open-mode receiver", true, open(level, tlv(0x0101, levels(4)...)))
	zeros := open(level, tlv(0x0101, levels(4)...))
	zeros.auth = make([]byte, 32)
	with("open-level-32-zeros", "", "239.254.0.5", "accept by an open-mode receiver", false, zeros)
	beacon := func(path string, auth []byte) packet {
		p := device(path, 0, slices.Concat(pollReply(nodeTUID, 0), tlv(0x0605, []byte("Wash")...), tlv(0x0602, 0, 4)))
		p.mode, p.session, p.number, p.key, p.auth = 0xFF, 0, 0, nil, auth
		return p
	}
	at := "sig-net/v1/local/node_beacon/" + nodeTUID
	with("beacon", "", "239.254.255.255", "beacon", true, beacon(at+"/0", nil))
	with("beacon-without-endpoint", "", "239.254.255.255", "beacon", true, beacon(at, nil))
	with("beacon-32-zeros", "", "239.254.255.255", "beacon", false, beacon(at+"/0", make([]byte, 32)))

	odd := func(id string, change func(*packet)) {
		p := good(level, ks, tlv(0x0101, levels(3)...))
		change(&p)
		with(id, "ks", "239.254.0.5", "accept", false, p)
	}
	odd("token", func(p *packet) { p.header[0], p.token = 0x53, []byte{1, 2, 3} })
	odd("unknown-elective-option", func(p *packet) {
		p.change = func(o []option) []option { return slices.Insert(o, 6, option{2080, []byte{9}}) }
	})
	odd("unknown-tid", func(p *packet) { p.payload = append(tlv(0x7F01, 1, 2), p.payload...) })
	odd("maker-tid", func(p *packet) { p.payload, p.mfg = append(tlv(0x8002, 1, 2), p.payload...), 0x7FF0 })
	odd("signed-query", func(p *packet) { p.query = []string{"a=1", "b"} })
	odd("no-payload", func(p *packet) { p.payload = nil })
	slices.SortStableFunc(list, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return list
}

// sequences are packets that come one after another.
func sequences(k0 []byte) (list []object) {
	ks := senderKey(k0)
	type step struct {
		p      packet
		reason string
		at     float64
	}
	from := func(tuid string, endpoint uint16, session, number uint32) packet {
		p := good("sig-net/v1/local/level/5", ks, tlv(0x0101, 1))
		p.tuid, p.point, p.session, p.number = tuid, endpoint, session, number
		return p
	}
	level := func(endpoint uint16, session, number uint32) packet {
		return from(senderTUID, endpoint, session, number)
	}
	forged := func(session, number uint32) packet {
		p := level(1, session, number)
		p.key = citizenKey(k0)
		return p
	}
	sync := level(1, 3, 11)
	sync.path, sync.payload = strings.Split("sig-net/v1/local/sync", "/"), tlv(0x0201)
	open := level(1, 0, 0)
	open.key, open.mode = nil, 1
	var full []step
	for n := range 32 {
		full = append(full, step{from(fmt.Sprintf("7FF0B50001%02X", n), 1, 1, 1), "ok", float64(n)})
	}
	full = append(full,
		step{from("7FF0B50001FF", 1, 1, 1), "table_full", 40},
		step{from("7FF0B5000100", 1, 1, 2), "ok", 50},           // the oldest is now the second
		step{from("7FF0B50001FF", 1, 1, 2), "table_full", 3601}, // silent for exactly an hour
		step{from("7FF0B50001FF", 1, 1, 3), "ok", 3602},
		step{from("7FF0B5000101", 1, 1, 1), "table_full", 3602}) // forgotten, and no room
	for id, steps := range map[string][]step{
		"twice":             {{level(1, 3, 10), "ok", 0}, {level(1, 3, 10), "replay_seq", 0}},
		"late":              {{level(1, 3, 10), "ok", 0}, {level(1, 3, 9), "replay_seq", 0}, {level(1, 3, 11), "ok", 0}},
		"jump":              {{level(1, 3, 10), "ok", 0}, {level(1, 3, 4_000_000_000), "ok", 0}, {level(1, 3, 11), "replay_seq", 0}},
		"lanes":             {{level(1, 3, 10), "ok", 0}, {level(2, 3, 1), "ok", 0}, {level(2, 3, 1), "replay_seq", 0}, {level(1, 3, 11), "ok", 0}},
		"restart":           {{level(1, 3, 10), "ok", 0}, {level(1, 4, 1), "ok", 0}, {level(1, 3, 11), "replay_session", 0}, {level(1, 4, 2), "ok", 0}},
		"restart-of-all":    {{level(1, 3, 10), "ok", 0}, {level(2, 3, 10), "ok", 0}, {level(1, 4, 1), "ok", 0}, {level(2, 3, 11), "replay_session", 0}, {level(2, 4, 1), "ok", 0}},
		"end-of-numbers":    {{level(1, 3, 0xFFFFFFFE), "ok", 0}, {level(1, 4, 1), "ok", 0}},
		"forged-between":    {{level(1, 3, 10), "ok", 0}, {forged(3, 99), "bad_auth", 0}, {forged(9, 1), "bad_auth", 0}, {level(1, 3, 11), "ok", 0}},
		"forged-first":      {{forged(9, 9), "bad_auth", 0}, {level(1, 1, 1), "ok", 0}},
		"two-devices":       {{level(1, 9, 9), "ok", 0}, {from("7FF0B5000043", 1, 1, 1), "ok", 0}},
		"one-lane-for-both": {{level(1, 3, 10), "ok", 0}, {sync, "ok", 0}, {level(1, 3, 11), "replay_seq", 0}},
		"full":              full,
		"open":              {{open, "ok", 0}, {open, "ok", 0}},
	} {
		s := object{"id": id}
		if id == "open" {
			s["receiver"] = "open"
		}
		var said []object
		for _, x := range steps {
			said = append(said, object{"packet": hex.EncodeToString(x.p.bytes()), "reason": x.reason, "at_seconds": x.at})
		}
		s["steps"] = said
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return list
}

// truncations are the prefixes of a packet that are not merely malformed: without a
// payload the tag no longer fits.
func truncations(k0 []byte) object {
	p := good("sig-net/v1/local/level/5", senderKey(k0), tlv(0x0101, 4, 5, 6))
	whole := p.bytes()
	marker := len(whole) - len(p.payload) - 1
	var points []object
	for n := range whole {
		reason := "malformed"
		if n == marker || n > marker+1 {
			reason = "bad_auth"
		}
		points = append(points, object{"length": n, "reason": reason})
	}
	return object{"base": hex.EncodeToString(whole), "points": points}
}
