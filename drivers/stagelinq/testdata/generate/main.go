// Command generate writes the test vectors of the StageLinQ driver. It shares no code
// with what they test: bytes are laid out here from the page alone.
//
//	go run ./drivers/stagelinq/testdata/generate > drivers/stagelinq/testdata/frames.json
package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"unicode/utf16"
)

// object is one JSON object.
type object = map[string]any

// The units in the vectors.
const (
	player  = "0f63a1c25e7d4b089c1af0e2d3b4a596"
	mixer   = "00000000000000008000000102030405"
	helper  = "7a0011223344455596778899aabbccdd"
	program = "2b5e9f104c3d4e2fa1b0c9d8e7f60514"
	nobody  = "00000000000000000000000000000000"
)

func main() {
	text, err := json.MarshalIndent(object{
		"about":     "made by testdata/generate; all bytes in hex",
		"frames":    frames(),
		"malformed": malformed(),
		"session":   session(),
	}, "", " ")
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(text, '\n'))
}

func numbers(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		var err error
		if b, err = binary.Append(b, binary.BigEndian, p); err != nil {
			panic(err)
		}
	}
	return b
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// text is a string: bytes, then UTF-16.
func text(s string) []byte {
	units := utf16.Encode([]rune(s))
	return append(numbers(uint32(2*len(units))), numbers(units)...)
}

// framed puts the length before a payload.
func framed(parts ...[]byte) []byte {
	payload := slices.Concat(parts...)
	return append(numbers(uint32(len(payload))), payload...)
}

func discovery(token, name, action, software, version string, port uint16) []byte {
	return slices.Concat([]byte("airD"), unhex(token), text(name), text(action), text(software), text(version), numbers(port))
}

func service(token, name string, port uint16) []byte {
	return slices.Concat(numbers(uint32(0)), unhex(token), text(name), numbers(port))
}

func echo(token1, token2 string, value uint64) []byte {
	return slices.Concat(numbers(uint32(1)), unhex(token1), unhex(token2), numbers(value))
}

func request(token string) []byte { return slices.Concat(numbers(uint32(2)), unhex(token)) }

// Types of StateMap messages.
const (
	emit      = 0
	set       = 0x7D1
	subscribe = 0x7D2
)

func asks(path string, interval uint32) []byte {
	return framed([]byte("smaa"), numbers(uint32(subscribe)), text(path), numbers(interval))
}

// state is a value; nil is the null string.
func state(kind uint32, path string, value *string) []byte {
	v := numbers(uint32(0xFFFFFFFF))
	if value != nil {
		v = text(*value)
	}
	return framed([]byte("smaa"), numbers(kind), text(path), v)
}

// deck is one deck of a beat message.
type deck struct{ beat, total, bpm, sample float64 }

func beats(clock uint64, decks ...deck) []byte {
	b := numbers(uint32(2), clock, uint32(len(decks)))
	for _, d := range decks {
		b = append(b, numbers(d.beat, d.total, d.bpm)...)
	}
	for _, d := range decks {
		b = append(b, numbers(d.sample)...)
	}
	return framed(b)
}

func frames() (list []object) {
	add := func(id, layer string, b []byte, fields object) {
		list = append(list, object{"id": id, "layer": layer, "hex": hex.EncodeToString(b), "fields": fields})
	}
	for _, c := range []struct {
		id, token, name, action, software, version string
		port                                       uint16
	}{
		{"howdy-player", player, "sc6000", "DISCOVERER_HOWDY_", "JP13", "2.3.1", 41003},
		{"howdy-mixer", mixer, "DN-X1800Prime", "DISCOVERER_HOWDY_", "JM08", "1.00", 50010},
		{"howdy-helper", helper, "sc6000", "DISCOVERER_HOWDY_", "OfflineAnalyzer", "1.0.0", 38999},
		{"howdy-program", program, "Bühne 🎛", "DISCOVERER_HOWDY_", "showrun", "1.0.0", 0},
		{"exit-player", player, "sc6000", "DISCOVERER_EXIT_", "JP13", "2.3.1", 41003},
		{"howdy-without-names", program, "", "DISCOVERER_HOWDY_", "", "", 65535},
	} {
		add(c.id, "discovery", discovery(c.token, c.name, c.action, c.software, c.version, c.port), object{
			"magic": "airD", "token": c.token, "source": c.name, "action": c.action,
			"software_name": c.software, "software_version": c.version, "port": c.port,
		})
	}
	for _, token := range []string{player, mixer} {
		add("request-"+token[:4], "main", request(token), object{"id": 2, "token": token})
	}
	for i, name := range []string{"StateMap", "Broadcast", "Syncing", "TimeSynchronization", "BeatInfo", "FileTransfer", "DirectoryService", ""} {
		port := uint16(40000 + i)
		add("service-"+name, "main", service(player, name, port), object{"id": 0, "token": player, "service": name, "port": port})
	}
	for id, c := range map[string][2]string{
		"echo-request": {player, nobody}, "echo-answer": {player, mixer}, "echo-answer-without-originator": {nobody, program},
	} {
		const value = 0x0102030405060700
		add(id, "main", echo(c[0], c[1], value), object{
			"id": 1, "token": c[0], "token2": c[1], "reference": uint64(value), "reference_hex": "0102030405060700",
		})
	}
	for path, interval := range map[string]uint32{"/Mixer/NumberOfChannels": 0xFFFFFFFF, "/Engine/Deck2/Play": 100, "/Client/Preferences/Player": 0} {
		b := asks(path, interval)
		add("subscribe-"+path, "statemap", b, object{"length": len(b) - 4, "magic": "smaa", "type": "0x7d2", "path": path, "interval": interval})
	}
	for path, value := range map[string]string{
		"/Engine/Deck1/CurrentBPM":               `{"type":0,"value":127.98765432100001}`,
		"/Engine/Deck1/Speed":                    `{"type":0,"value":-0.07}`,
		"/Mixer/CH3faderPosition":                `{"type":0,"value":1.2699999809265137}`,
		"/Engine/Deck1/PlayState":                `{"state":true,"type":1}`,
		"/Engine/Deck1/Track/Loop/QuickLoop1":    `{"state":false,"type":2}`,
		"/Engine/Deck2/Track/TrackData":          `{"state":false,"type":3}`,
		"/Engine/Deck1/SyncMode":                 `{"string":"Off","type":4}`,
		"/Engine/Deck2/Track/SongName":           `{"string":"Ünder \"the\" 𝄞","type":8}`,
		"/Mixer/ChannelAssignment1":              `{"string":"{0f63a1c2-5e7d-4b08-9c1a-f0e2d3b4a596},2","type":8}`,
		"/Engine/DeckCount":                      `{"type":10,"value":4}`,
		"/Engine/Deck1/Track/SampleRate":         `{"type":14,"value":48000}`,
		"/Engine/Deck1/Track/CuePosition":        `{"type":14,"value":90111.50000000001}`,
		"/Client/Preferences/PlayerJogColorA":    `{"color":"#ff12ab00","type":16}`,
		"/Engine/Deck1/Track/TrackNetworkPath":   `{"string":"net://0f63a1c2-5e7d-4b08-9c1a-f0e2d3b4a596/a/b.mp3","type":8}`,
		"/Engine/Sync/Network/MasterStatus":      `{"state":true,"type":1}`,
		"/Engine/Master/MasterTempo":             `{"type":0,"value":0}`,
		"/GUI/Decks/Deck/ActiveDeck":             `{"string":"","type":8}`,
		"/Engine/Deck1/Track/CurrentKeyIndexOld": `{"type":10,"value":-3}`,
	} {
		b := state(emit, path, &value)
		add("emit-"+path, "statemap", b, object{"length": len(b) - 4, "magic": "smaa", "type": "0x0", "path": path, "json": value})
	}
	stand := `{"type":0,"value":0.00}`
	b := state(set, "/Engine/Deck2/ExternalMixerVolume", &stand)
	add("set", "statemap", b, object{"length": len(b) - 4, "magic": "smaa", "type": "0x7d1", "path": "/Engine/Deck2/ExternalMixerVolume", "json": stand})
	for id, kind := range map[string]uint32{"emit-null": emit, "set-null": set} {
		b := state(kind, "/Engine/Deck9/Nothing", nil)
		name := map[uint32]string{emit: "0x0", set: "0x7d1"}[kind]
		add(id, "statemap", b, object{"length": len(b) - 4, "magic": "smaa", "type": name, "path": "/Engine/Deck9/Nothing", "json": nil})
	}
	idle := deck{bpm: 120}
	for id, decks := range map[string][]deck{
		"beat-none": {}, "beat-one": {{3, 9, 99.5, 12345.25}}, "beat-idle": {idle, idle},
		"beat-playing":     {{64.25, 512, 128, 1328167.96875}, idle},
		"beat-pitched":     {{64.4, 512, 131.33333333333334, 1331268.7500000002}, idle},
		"beat-before-grid": {{-0.5, 512, 128, 10335.9375}, idle},
		"beat-no-tempo":    {{0, 0, 0, 123456}, idle},
		"beat-four":        {{1, 400, 120, 1.5}, {2, 401, 121, 2.5}, {3, 402, 122, 3.5}, {1e9, 1e10, 300, 1e12}},
	} {
		const clock = 10_033_000_000
		var values []object
		for _, d := range decks {
			values = append(values, object{"beat": d.beat, "total_beats": d.total, "bpm": d.bpm, "sample_position": d.sample})
		}
		b := beats(clock, decks...)
		if values == nil {
			values = []object{}
		}
		add(id, "beatinfo", b, object{"length": len(b) - 4, "type": 2, "clock_ns": clock, "deck_count": len(decks), "decks": values})
	}
	add("beat-start", "beatinfo", framed(numbers(uint32(0))), object{"length": 4, "type": 0})
	add("beat-stop", "beatinfo", framed(numbers(uint32(1))), object{"length": 4, "type": 1})
	news := `{"engine.track.changed":{"trackId":"7"}}`
	add("broadcast", "broadcast", framed([]byte(news)), object{"length": len(news), "json_utf8": news})
	file := "/USB 1/Engine Library/m.db"
	ask := framed([]byte("fltx"), numbers(uint32(5), uint32(0x7D1)), text(file))
	add("file", "filetransfer", ask, object{"length": len(ask) - 4, "magic": "fltx", "request_id": 5, "type": "0x7d1", "path": file, "trailing": ""})
	slices.SortFunc(list, func(a, b object) int {
		if a["id"].(string) < b["id"].(string) {
			return -1
		}
		return 1
	})
	return list
}

// malformed are messages that break a rule each; what has to come of them is said by the
// test.
func malformed() (list []object) {
	add := func(id, layer string, b []byte) {
		list = append(list, object{"id": id, "layer": layer, "hex": hex.EncodeToString(b)})
	}
	smaa := func(rest ...any) []byte { return framed([]byte("smaa"), numbers(rest...)) }
	add("length-of-all-ones", "statemap", append(numbers(uint32(0xFFFFFFFF)), "smaa"...))
	add("length-of-2-GiB", "beatinfo", numbers(uint32(1<<31-1), uint32(2)))
	add("decks-of-all-ones", "beatinfo", framed(numbers(uint32(2), uint64(1), uint32(0xFFFFFFFF))))
	whole := beats(1, deck{1, 2, 3, 4}, deck{5, 6, 7, 8})
	add("without-samples", "beatinfo", framed(whole[4:len(whole)-16]))
	add("string-of-odd-length", "statemap", smaa(uint32(0), uint32(7), uint32(0x002F0045), uint16(0x006E), uint8(0)))
	add("string-longer-than-the-frame", "statemap", smaa(uint32(0), uint32(4), uint32(0x002F0045), uint32(300), uint16('{')))
	broken := "{true}"
	add("value-is-no-json", "statemap", state(emit, "/E", &broken))
	add("unknown-type", "statemap", smaa(uint32(0x7D7), uint32(0), uint32(0)))
	add("without-magic", "statemap", framed([]byte("smab"), numbers(uint32(0), uint32(0))))
	add("unknown-id", "main", append(numbers(uint32(3)), unhex(nobody)...))
	add("service-name-of-1-GiB", "main", slices.Concat(numbers(uint32(0)), unhex(nobody), numbers(uint32(1<<30))))
	add("stray-datagram", "discovery", []byte("M-SEARCH * HTTP/1.1\r\n"))
	howdy := discovery(player, "sc6000", "DISCOVERER_HOWDY_", "JP13", "2.3.1", 41003)
	add("datagram-cut-short", "discovery", howdy[:40])
	add("datagram-with-more", "discovery", append(howdy, 0xDE, 0xAD))
	return list
}

// session is what a mixer and a player say to one another from the start on, as streams
// of bytes, and the datagrams around them.
func session() object {
	number := func(s string) *string { return &s }
	out := map[string][]byte{}
	say := func(stream string, b []byte) { out[stream] = append(out[stream], b...) }
	say("main-to-player", request(mixer))
	say("main-to-mixer", request(player))
	for i, name := range []string{"StateMap", "Broadcast", "Syncing", "TimeSynchronization", "BeatInfo", "FileTransfer"} {
		say("main-to-mixer", service(player, name, uint16(40000+i)))
	}
	for i := range uint64(6) {
		say("main-to-player", echo(mixer, nobody, i*15000))
		say("main-to-mixer", echo(mixer, player, i*15000))
		say("main-to-mixer", echo(player, nobody, 25e9+i*5e9))
		say("main-to-player", echo(player, mixer, 25e9+i*5e9))
	}
	say("states-to-player", service(mixer, "StateMap", 50011))
	for _, path := range []string{"/Engine/Deck1/Play", "/Engine/Deck1/CurrentBPM", "/Client/Preferences/Player", "/Engine/Deck2/Play"} {
		say("states-to-player", asks(path, 0xFFFFFFFF))
		say("states-to-player", state(set, path, number(`{"type":0,"value":0.00}`)))
	}
	say("states-to-player", state(set, "/Client/Preferences/Player", nil))
	for n := range 20 {
		say("states-to-mixer", state(emit, "/Engine/Deck1/Play", number([]string{`{"state":true,"type":1}`, `{"state":false,"type":1}`}[n%2])))
		say("states-to-mixer", state(emit, "/Engine/Deck1/CurrentBPM", number(`{"type":0,"value":121.97546}`)))
		say("states-to-mixer", asks("/Mixer/NumberOfChannels", 0xFFFFFFFF))
	}
	say("beats-to-player", service(mixer, "BeatInfo", 50012))
	say("beats-to-player", framed(numbers(uint32(0))))
	for n := range uint64(120) {
		at := float64(n) / 30
		say("beats-to-mixer", beats(35e9+n*32_812_500, deck{at * 2, 300, 120, at * 44100}, deck{bpm: 121.97546195983888}))
	}
	var datagrams []string
	for range 10 {
		for _, b := range [][]byte{
			discovery(mixer, "DN-X1800Prime", "DISCOVERER_HOWDY_", "JM08", "1.00", 50010),
			discovery(player, "sc6000", "DISCOVERER_HOWDY_", "JP13", "2.3.1", 41003),
			discovery(helper, "sc6000", "DISCOVERER_HOWDY_", "OfflineAnalyzer", "1.0.0", 38999),
			[]byte("EAAS\x01\x00"),
		} {
			datagrams = append(datagrams, hex.EncodeToString(b))
		}
	}
	streams := object{}
	for name, b := range out {
		streams[name] = hex.EncodeToString(b)
	}
	return object{"streams": streams, "datagrams": datagrams}
}
