package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"
)

// Limits of a lease; a damaged one must not ask for more memory.
const (
	maxLeaseAddresses = 1 << 20
	maxAddress        = math.MaxInt32
)

// lease is what a StageNet console granted to a gateway, as JSON: the runs of its
// addresses are written such as "1-512,600-601".
type lease struct {
	ID        string `json:"id"`
	Addresses runs   `json:"addresses"`
}

// runs are the numbers of addresses, SN1 is 1; ascending.
type runs []uint32

// ErrDamaged tells that what is kept under some name cannot be read. The rest of
// the file is as it should be.
var ErrDamaged = errors.New("damaged")

// ErrTaken tells that another gateway's lease holds one of the addresses.
var ErrTaken = errors.New("the address belongs to another gateway")

// Leases calls each for the leases that a console has granted, in the order of
// their GatewayIDs. The addresses are numbers, SN1 is 1, ascending. Leases that
// cannot be read are left out; the error, which wraps ErrDamaged, names them.
func (s *Store) Leases(console string, each func(gatewayID, id string, addresses []uint32)) error {
	return s.leases(console+"\x00", func(_, gatewayID string, l lease) { each(gatewayID, l.ID, l.Addresses) })
}

// AllLeases calls each for the leases of all consoles, and otherwise does as Leases.
func (s *Store) AllLeases(each func(console, gatewayID, id string, addresses []uint32)) error {
	return s.leases("", func(console, gatewayID string, l lease) { each(console, gatewayID, l.ID, l.Addresses) })
}

// leases calls each for the leases whose keys begin so.
func (s *Store) leases(prefix string, each func(console, gatewayID string, l lease)) error {
	var damaged error
	err := s.Each(leaseBucket, prefix, func(key string, value []byte) {
		console, gatewayID, _ := strings.Cut(key, "\x00")
		var l lease
		err := json.Unmarshal(value, &l)
		if err == nil && l.ID == "" {
			err = errors.New("no id")
		}
		if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("lease of gateway %q: %w: %w", gatewayID, ErrDamaged, err))
			return
		}
		each(console, gatewayID, l)
	})
	return errors.Join(damaged, err)
}

// SaveLease keeps what a console grants to a gateway, in place of what it granted
// before; it is on disk when SaveLease returns. An address that another gateway of
// that console holds is refused with ErrTaken.
func (s *Store) SaveLease(console, gatewayID, id string, addresses []uint32) error {
	key, err := leaseKey(console, gatewayID)
	if err != nil {
		return err
	}
	if err := check(addresses); err != nil {
		return fmt.Errorf("lease of gateway %q: %w", gatewayID, err)
	}
	value, err := json.Marshal(lease{id, addresses})
	if err != nil {
		return err
	}
	s.checking.Lock()
	defer s.checking.Unlock()
	var refused error
	err = s.Leases(console, func(other, otherID string, others []uint32) {
		if other == gatewayID || refused != nil {
			return
		}
		if a, both := common(others, addresses); otherID == id {
			refused = fmt.Errorf("lease id %q of gateway %q: gateway %q has it", id, gatewayID, other)
		} else if both {
			refused = fmt.Errorf("SN%d of gateway %q: %w, %q", a, gatewayID, ErrTaken, other)
		}
	})
	if refused != nil {
		return refused
	}
	if err != nil && !errors.Is(err, ErrDamaged) { // a damaged one holds nothing
		return err
	}
	return s.Put(leaseBucket, key, value)
}

// DeleteLease forgets what a console granted to a gateway, if it did.
func (s *Store) DeleteLease(console, gatewayID string) error {
	key, err := leaseKey(console, gatewayID)
	if err != nil {
		return err
	}
	return s.Delete(leaseBucket, key)
}

// leaseKey is where a lease is kept.
func leaseKey(console, gatewayID string) (string, error) {
	key := console + "\x00" + gatewayID
	if strings.Contains(console, "\x00") || gatewayID == "" || len(key) > bbolt.MaxKeySize {
		return "", fmt.Errorf("no lease can be kept for gateway %.40q of console %.40q", gatewayID, console)
	}
	return key, nil
}

// common returns an address that is in both lists.
func common(a, b []uint32) (uint32, bool) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return a[0], true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return 0, false
}

// check refuses addresses that no lease has.
func check(addresses []uint32) error {
	if len(addresses) > maxLeaseAddresses {
		return fmt.Errorf("%d addresses, at most %d can be kept", len(addresses), maxLeaseAddresses)
	}
	before := uint32(0)
	for _, a := range addresses {
		if a <= before || a > maxAddress {
			return fmt.Errorf("SN%d follows SN%d, want ascending addresses up to SN%d", a, before, maxAddress)
		}
		before = a
	}
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (r runs) MarshalText() ([]byte, error) {
	var b []byte
	for i := 0; i < len(r); {
		first := i
		for i++; i < len(r) && r[i] == r[i-1]+1; i++ {
		}
		if first > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(r[first]), 10)
		if i > first+1 {
			b = strconv.AppendUint(append(b, '-'), uint64(r[i-1]), 10)
		}
	}
	return b, nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *runs) UnmarshalText(text []byte) error {
	*r = nil
	if len(text) == 0 {
		return nil
	}
	before := uint64(0)
	for run := range strings.SplitSeq(string(text), ",") {
		from, to, more := strings.Cut(run, "-")
		if !more {
			to = from
		}
		first, badFirst := strconv.ParseUint(from, 10, 31)
		last, badLast := strconv.ParseUint(to, 10, 31)
		switch {
		case badFirst != nil || badLast != nil || first <= before || last < first:
			return fmt.Errorf("addresses %.40q after %d: want ascending runs such as 1-512", run, before)
		case last-first >= uint64(maxLeaseAddresses-len(*r)):
			return fmt.Errorf("more than %d addresses", maxLeaseAddresses)
		}
		for a := first; a <= last; a++ {
			*r = append(*r, uint32(a))
		}
		before = last
	}
	return nil
}
