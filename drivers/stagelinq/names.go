package stagelinq

import (
	"fmt"
	"time"
)

// DefaultPort is the UDP port of discovery (1.1).
const DefaultPort = 51337

// Discovery datagram (1.1).
const (
	airdMagic   = "airD"
	actionHowdy = "DISCOVERER_HOWDY_"
	actionExit  = "DISCOVERER_EXIT_"
)

// Message ids of the main connection (2.1). IDAnnounce is also the form of the
// hello that opens every service connection (3.1).
const (
	IDAnnounce  uint32 = 0
	IDReference uint32 = 1
	IDRequest   uint32 = 2
)

// Service names. The first five are offered by every player, in this order
// (2.2, 7.1); ServiceDirectory is the name of the main connection itself.
const (
	ServiceStateMap     = "StateMap"
	ServiceBroadcast    = "Broadcast"
	ServiceTimeSync     = "TimeSynchronization"
	ServiceBeatInfo     = "BeatInfo"
	ServiceFileTransfer = "FileTransfer"
	ServiceDirectory    = "DirectoryService"
)

// StateMap message types (3.3).
const (
	stateMagic            = "smaa"
	StateEmit      uint32 = 0x000
	StateSet       uint32 = 0x7d1
	StateSubscribe uint32 = 0x7d2
)

// BeatInfo message types (4.1).
const (
	BeatStart uint32 = 0
	BeatStop  uint32 = 1
	BeatEmit  uint32 = 2
)

// Largest sizes taken from a peer, in bytes. A stream that announces more is
// closed (3.2).
const (
	MaxServiceName  = 512
	MaxStateFrame   = 1 << 20
	MaxBeatFrame    = 4 << 10
	MaxDiscardFrame = 8 << 10
	MaxBeatDecks    = 16
	maxDatagram     = 2 << 10
)

// Timing of the protocol.
const (
	// HowdyPeriod is the spacing of HOWDY datagrams (1.2).
	HowdyPeriod = time.Second
	// LossTimeout is the silence after which a unit counts as gone (1.5).
	LossTimeout = 5500 * time.Millisecond
	// DialDelay lies between hearing a unit, which makes us announce at once,
	// and dialling it: it has to know us by then (1.2).
	DialDelay = 300 * time.Millisecond
	// EchoPeriod is the spacing of our echo requests (2.3).
	EchoPeriod = 1500 * time.Millisecond
	// listQuiet and listMax decide when a service list is complete (2.4).
	listQuiet = 300 * time.Millisecond
	listMax   = 2 * time.Second
	// beatSilence is the silence after which a BeatInfo connection counts as
	// dead. A player sends about 30 messages a second, also when idle (4.3).
	beatSilence = 3 * time.Second
)

// IntervalImmediate subscribes to a path without a minimum spacing (3.3).
const IntervalImmediate uint32 = 0

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

// IsPlayer reports whether the software name is that of a unit with decks
// (1.4). Analyzers, mixers, controllers and programs are none.
func IsPlayer(software string) bool { return decksBySoftware[software] > 0 }

// IsMixer reports whether the software name is that of a mixer (1.4).
func IsMixer(software string) bool { return mixerSoftware[software] }

// IsHardware reports whether the software name belongs to something that runs
// on Denon or Numark hardware, including analyzer processes (1.4).
func IsHardware(software string) bool {
	return IsPlayer(software) || IsMixer(software) || accessorySoftware[software] || isAnalyzer(software)
}

// isAnalyzer reports a track-analysis helper process (1.4).
func isAnalyzer(software string) bool {
	return software == "OfflineAnalyzer" || software == "Offline Analyzer"
}

// Decks returns the number of decks of a unit by its software name, 0 when it
// is not a known player (1.4).
func Decks(software string) int { return decksBySoftware[software] }

// DefaultStates returns the paths a show needs from four decks and the unit
// they are on (5). Paths a unit does not have are never answered.
func DefaultStates() []string {
	paths := []string{
		"/Client/Preferences/Player",
		"/Engine/DeckCount",
		"/Engine/Master/MasterTempo",
		"/Engine/Sync/Network/MasterStatus",
		"/Mixer/CrossfaderPosition",
	}
	for deck := 1; deck <= 4; deck++ {
		prefix := fmt.Sprintf("/Engine/Deck%d/", deck)
		for _, name := range []string{
			"PlayState", "CurrentBPM", "DeckIsMaster", "ExternalMixerVolume", "Speed", "SpeedRange",
			"Track/SongLoaded", "Track/SongName", "Track/ArtistName", "Track/TrackNetworkPath",
			"Track/TrackLength", "Track/SampleRate", "Track/LoopEnableState",
		} {
			paths = append(paths, prefix+name)
		}
		paths = append(paths, fmt.Sprintf("/Mixer/CH%dfaderPosition", deck))
	}
	return paths
}
