package show

import "showrun/runtime/beat"

// Topics of the events of the beat. They carry a float64, the tempo in BPM.
const (
	TopicLost  = "clock/lost"
	TopicFound = "clock/found"
	TopicTempo = "clock/tempo"
	TopicJump  = "clock/jump"
)

// Topics of the events of the show. Error carries a string, Emergency whether
// machinery is held.
const (
	TopicStart  = "show/start"
	TopicStop   = "show/stop"
	TopicReload = "show/reload"
	TopicUnload = "show/unload"
	TopicError  = "show/error"

	TopicEmergency = "show/emergency"

	TopicOperate = "show/operate" // carries an Operation; it is for the machine
)

// changeTopic is the topic of a change of the show's beat, "" if scripts are not told.
func changeTopic(k beat.Kind) string {
	switch k {
	case beat.Lost:
		return TopicLost
	case beat.Found:
		return TopicFound
	case beat.Tempo:
		return TopicTempo
	case beat.Jump:
		return TopicJump
	}
	return ""
}
