package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Value is the level of one address. PROTOCOL.md is not sure that
// 0-255 will do for ever: a wider value is this line, MaxValue, and nothing else.
type Value = byte

// MaxValue is the highest Value.
const MaxValue = 255

// Address is a StageNet address of our own namespace: the number n of "SNn",
// counted from 1.
type Address uint32

// MaxAddress is the highest address we hand out or read.
const MaxAddress Address = 1<<31 - 1

// prefix is what an address begins with.
const prefix = "SN"

// ErrAddress says that a text is not an address such as "SN17".
var ErrAddress = errors.New("not a StageNet address")

// String is the address as it stands in messages.
func (a Address) String() string { return string(AppendAddress(nil, a)) }

// AppendAddress appends the address as it stands in messages, without quotes.
func AppendAddress(b []byte, a Address) []byte {
	return strconv.AppendUint(append(b, prefix...), uint64(a), 10)
}

// ParseAddress reads an address. There is one spelling of each: "SN", then the
// number without leading zeros.
func ParseAddress(s string) (Address, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if ok && digits != "" && digits[0] >= '1' && digits[0] <= '9' {
		if n, err := strconv.ParseUint(digits, 10, 31); err == nil {
			return Address(n), nil
		}
	}
	return 0, fmt.Errorf("%w: %.40q, want SN1 to SN%d", ErrAddress, s, MaxAddress)
}
