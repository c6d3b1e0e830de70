package stagelinq

import "fmt"

// DefaultStates returns the paths a show needs from four decks and the unit
// they are on (5), what a track is before that it is loaded. Paths a unit does
// not have are never answered.
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
			"Track/SampleRate", "Track/TrackLength", "Track/TrackNetworkPath",
			"Track/SongName", "Track/ArtistName", "Track/SongLoaded", "Track/LoopEnableState",
			"Track/CurrentLoopInPosition", "Track/CurrentLoopOutPosition",
			"SpeedRange", "Speed", "CurrentBPM", "ExternalMixerVolume", "DeckIsMaster", "Play", "PlayState",
		} {
			paths = append(paths, prefix+name)
		}
		paths = append(paths, fmt.Sprintf("/Mixer/CH%dfaderPosition", deck))
	}
	return paths
}
