package stagelinq

import (
	"io"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/wire"
)

const (
	// echoPeriod is the spacing of our echo requests (2.3).
	echoPeriod = 1500 * time.Millisecond
	// beatSilence is the silence after which a BeatInfo connection counts as
	// dead. A player sends about 30 messages a second, also when idle (4.3).
	beatSilence = 3 * time.Second
	// maxBadFrames unparsable frames in a row end a connection: it is not the
	// stream we take it for.
	maxBadFrames = 16
)

// What a user of the sink meets is defined by the packages below this one.
type (
	// Token identifies one StageLinQ process; see wire.Token.
	Token = wire.Token
	// Value is one decoded state; see wire.Value.
	Value = wire.Value
	// BeatInfo is one beat message of a unit; see wire.BeatInfo.
	BeatInfo = wire.BeatInfo
	// DeckBeat is the position of one deck; see wire.DeckBeat.
	DeckBeat = wire.DeckBeat
)

// NewToken returns a random token that every unit accepts from a sink that
// dials. The bytes come from rand, which is crypto/rand.Reader outside tests.
// Keep it: a sink shows the same token after a restart (1.3).
func NewToken(rand io.Reader) (Token, error) { return wire.NewToken(rand) }

// NewListenToken returns a random token of the form that makes mixers dial a
// sink with Config.Listen (1.3).
func NewListenToken(rand io.Reader) (Token, error) { return wire.NewListenToken(rand) }

// ParseToken reads a token written as a UUID.
func ParseToken(s string) (Token, error) { return wire.ParseToken(s) }

// IsPlayer reports whether a software name is that of a unit with decks (1.4).
func IsPlayer(software string) bool { return discovery.IsPlayer(software) }

// Decks returns the number of decks of a unit by its software name, 0 when it
// is not a known player (1.4).
func Decks(software string) int { return discovery.Decks(software) }

// MayPlay reports whether a unit may have decks: a software name that is not known is new
// hardware (1.4).
func MayPlay(software string) bool { return discovery.MayPlay(software) }
