package wire

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

// FileTransfer messages (6).
const (
	fileMagic          = "fltx"
	fileSources uint32 = 0x7d2 // asks for the sources of media
	fileList    uint32 = 3     // lists them
)

// Largest sizes taken from a peer, in bytes. A stream that announces more is
// closed (3.2). A frame above MaxKept is passed over unread: no state is so long.
const (
	MaxServiceName = 512
	MaxStateFrame  = 1 << 20
	MaxKept        = 32 << 10
	MaxBeatFrame   = 4 << 10
	MaxFileFrame   = 4 << 10
	MaxBeatDecks   = 16
	MaxDatagram    = 2 << 10
)

// IntervalImmediate subscribes to a path without a minimum spacing (3.3).
const IntervalImmediate uint32 = 0
