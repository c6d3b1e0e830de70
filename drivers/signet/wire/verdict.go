package wire

// A Verdict is the fate of a received packet. The zero value accepts it; each
// other one is a counter of its own.
type Verdict uint8

// The verdicts, in the order in which the receive pipeline may reach them.
const (
	Accept          Verdict = iota
	Beacon                  // presence of an offboarded device: shown, never verified
	NotSubscribed           // ignored: a universe, stream or role that is not ours
	OtherTUID               // ignored: a command for another device
	OwnPacket               // ignored: our own multicast coming back
	NotSupported            // ignored: a resource of a later revision
	Flood                   // dropped: the budget of this tick is spent
	Malformed               // dropped: broken structure
	BadVersion              // dropped: CoAP version is not 1
	UnsupportedMode         // dropped: security mode unknown
	ModeMismatch            // dropped: Open Mode packet at a Secure receiver or the reverse
	BadType                 // dropped: not NON
	BadCode                 // dropped: not POST
	BadURI                  // dropped: no such resource
	BadURIVersion           // dropped: another major version
	WrongScope              // dropped: another installation
	ReplaySession           // dropped: session older than the last one
	ReplaySequence          // dropped: sequence number not newer
	BadAuth                 // dropped: wrong tag
	TableFull               // dropped: no room to remember this device
	BadPayload              // dropped: broken TLVs in an authentic packet
	VerdictCount            // number of verdicts
)

var verdictNames = [VerdictCount]string{
	"ok", "beacon", "not_subscribed", "other_tuid", "own", "not_supported",
	"flood", "malformed", "bad_version", "unsupported_mode", "mode_mismatch",
	"bad_type", "bad_code", "bad_uri", "bad_uri_version", "wrong_scope",
	"replay_session", "replay_seq", "bad_auth", "table_full", "bad_payload",
}

// String is the name of the counter.
func (v Verdict) String() string {
	if v < VerdictCount {
		return verdictNames[v]
	}
	return "unknown"
}

// Dropped tells whether something was wrong with the packet; what is merely
// not for us is ignored, not dropped.
func (v Verdict) Dropped() bool { return v >= Flood && v < VerdictCount }
