package wire

// Command is what an ArtAddress asks of a device besides new names and addresses
// (section 8). Those with a port have it in their lowest bits, 0-3.
type Command byte

// The commands that concern merging.
const (
	CommandNone        Command = 0x00
	CommandCancelMerge Command = 0x01 // the next ArtDmx ends it, and only its source counts then
	CommandMergeLTP    Command = 0x10
	CommandMergeHTP    Command = 0x50
	CommandClear       Command = 0x90 // levels of the port to 0
)

// Port splits a command with a port.
func (c Command) Port() (command Command, port int) { return c &^ 3, int(c & 3) }

// Program is an ArtAddress as far as we know it. What else it may hold is not changed:
// AppendProgram says so, ParseProgram does not look.
type Program struct {
	BindIndex byte // page of ports; 0 and 1 are the first
	Command   Command
}

// programSize is the size of an ArtAddress: version, net, page, names, 8 ports, subnet,
// priority, command.
const programSize = headerSize + 2 + 1 + 1 + 18 + 64 + 8 + 1 + 1 + 1

// keep leaves a switch of an ArtAddress as it is: its highest bit is off, and it is not 0.
const keep = 0x7f

// AppendProgram appends an ArtAddress with a command and nothing else.
func AppendProgram(b []byte, p Program) []byte {
	b = append(appendHeader(b, OpAddress), keep, p.BindIndex)
	b = append(b, make([]byte, 18+64)...)
	for range 9 {
		b = append(b, keep)
	}
	return append(b, 255, byte(p.Command))
}

// ParseProgram reads an ArtAddress.
func ParseProgram(b []byte) (Program, error) {
	f, err := body(b, OpAddress, programSize)
	if err != nil {
		return Program{}, err
	}
	return Program{BindIndex: f[1], Command: Command(f[programSize-headerSize-3])}, nil
}
