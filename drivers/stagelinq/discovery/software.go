package discovery

import (
	"slices"
	"strings"
)

// decksBySoftware lists the software names of the units that play music, with
// their number of decks (1.4). Names, not devices: helper processes of a unit
// announce themselves under the unit's own device name.
var decksBySoftware = map[string]int{
	"JC11": 4, "JC11S": 4, // Prime 4, Prime 4+
	"JC16": 2,            // Prime 2
	"JP07": 2, "JP08": 2, // SC5000, SC5000M
	"JP11": 2, "JP11S": 2, // Prime Go, Prime Go+
	"JP13": 2, "JP14": 2, // SC6000, SC6000M
	"JP20": 2, "JP21": 4, // SC Live 2, SC Live 4
	"NH08": 2, "NH08S": 2, "NH09": 2, "NH10": 2, // Mixstream Pro, Pro+, Pro Go
}

// mixerSoftware lists the mixers. They announce a port that is closed and dial
// by themselves (1.4).
var mixerSoftware = map[string]bool{"JM08": true, "JM10": true}

// accessorySoftware lists what else runs on Denon hardware: the LC6000
// controller and SoundSwitch inside a player (1.4).
var accessorySoftware = map[string]bool{"JC20": true, "SSS0": true}

// programSoftware lists how the names of programs begin that are sinks as we are (1.4), in
// lower case.
var programSoftware = []string{"soundswitch", "resolume", "nowplaying", "now playing", "showrun", "stagelinq"}

// IsPlayer reports whether the software name is that of a unit with decks
// (1.4). Analyzers, mixers, controllers and programs are none.
func IsPlayer(software string) bool { return decksBySoftware[software] > 0 }

// MayPlay reports whether a unit may have decks: one with an unknown name is new hardware
// (1.4).
func MayPlay(software string) bool {
	name := strings.ToLower(software)
	return IsPlayer(software) || !IsHardware(software) &&
		!slices.ContainsFunc(programSoftware, func(p string) bool { return strings.HasPrefix(name, p) })
}

// IsMixer reports whether the software name is that of a mixer (1.4).
func IsMixer(software string) bool { return mixerSoftware[software] }

// IsHardware reports whether the software name belongs to something that runs
// on Denon or Numark hardware, including analyzer processes (1.4).
func IsHardware(software string) bool {
	return IsPlayer(software) || IsMixer(software) || accessorySoftware[software] || IsAnalyzer(software)
}

// IsAnalyzer reports a track-analysis helper process (1.4).
func IsAnalyzer(software string) bool {
	name := strings.ToLower(strings.ReplaceAll(software, " ", ""))
	return strings.Contains(name, "analyzer") || strings.Contains(name, "analyser")
}

// Decks returns the number of decks of a unit by its software name, 0 when it
// is not a known player (1.4).
func Decks(software string) int { return decksBySoftware[software] }
