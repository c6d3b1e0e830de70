package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// leaseBucket holds the leases of StageNet: console, a zero byte, GatewayID ->
// format, checksum, lease id, runs of addresses.
var leaseBucket = []byte("stagenet leases")

// leaseFormat is the first byte of a lease; another layout gets another one.
const leaseFormat = 1

// Limits of a lease; a damaged one must not ask for more memory.
const (
	maxLeaseAddresses = 1 << 20
	maxAddress        = 1<<31 - 1
)

// lease is what a StageNet console granted to a gateway.
type lease struct {
	gatewayID string
	id        string
	addresses []uint32 // numbers of addresses, SN1 is 1; ascending
}

// granted is a lease and the console that granted it.
type granted struct {
	console string
	lease
}

// ErrDamaged tells that what is kept under some name cannot be read. The rest of
// the file is as it should be.
var ErrDamaged = errors.New("damaged")

// ErrTaken tells that another gateway's lease holds one of the addresses.
var ErrTaken = errors.New("the address belongs to another gateway")

// Leases calls each for the leases that a console has granted, in the order of
// their GatewayIDs. The addresses are numbers, SN1 is 1, ascending. Leases that
// cannot be read are left out; the error, which wraps ErrDamaged, names them.
func (s *Store) Leases(console string, each func(gatewayID, id string, addresses []uint32)) error {
	return s.leases(leasePrefix(console), func(l granted) { each(l.gatewayID, l.id, l.addresses) })
}

// AllLeases calls each for the leases of all consoles, and otherwise does as Leases.
func (s *Store) AllLeases(each func(console, gatewayID, id string, addresses []uint32)) error {
	return s.leases(nil, func(l granted) { each(l.console, l.gatewayID, l.id, l.addresses) })
}

// leases calls each for the leases whose keys begin so, when the transaction is over.
func (s *Store) leases(prefix []byte, each func(granted)) error {
	var leases []granted
	var damaged error
	err := s.db.View(func(tx *bbolt.Tx) error {
		leases, damaged = readLeases(tx, prefix)
		return nil
	})
	for _, l := range leases {
		each(l)
	}
	return errors.Join(damaged, err)
}

// SaveLease keeps what a console grants to a gateway, in place of what it granted
// before; it is on disk when SaveLease returns. An address that another gateway of
// that console holds is refused with ErrTaken.
func (s *Store) SaveLease(console, gatewayID, id string, addresses []uint32) error {
	l := lease{gatewayID, id, addresses}
	key, err := leaseKey(console, gatewayID)
	if err != nil {
		return err
	}
	v, err := appendLease(nil, key, l)
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		others, _ := readLeases(tx, leasePrefix(console)) // damaged ones hold nothing
		for _, o := range others {
			if o.gatewayID == l.gatewayID {
				continue
			}
			if o.id == l.id {
				return fmt.Errorf("lease id %q of gateway %q: gateway %q has it", l.id, l.gatewayID, o.gatewayID)
			}
			if a, ok := common(o.addresses, l.addresses); ok {
				return fmt.Errorf("SN%d of gateway %q: %w, %q", a, l.gatewayID, ErrTaken, o.gatewayID)
			}
		}
		return tx.Bucket(leaseBucket).Put(key, v)
	})
}

// DeleteLease forgets what a console granted to a gateway, if it did.
func (s *Store) DeleteLease(console, gatewayID string) error {
	key, err := leaseKey(console, gatewayID)
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(leaseBucket).Delete(key) })
}

// readLeases reads the leases whose keys begin so.
func readLeases(tx *bbolt.Tx, prefix []byte) (leases []granted, damaged error) {
	cursor := tx.Bucket(leaseBucket).Cursor()
	for k, v := cursor.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		console, gatewayID, _ := strings.Cut(string(k), "\x00")
		l, err := parseLease(k, v)
		if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("lease of gateway %q: %w: %w", gatewayID, ErrDamaged, err))
			continue
		}
		l.gatewayID = gatewayID
		leases = append(leases, granted{console, l})
	}
	return leases, damaged
}

// leasePrefix is how the keys of a console's leases begin.
func leasePrefix(console string) []byte { return append([]byte(console), 0) }

// leaseKey is where a lease is kept.
func leaseKey(console, gatewayID string) ([]byte, error) {
	key := append(leasePrefix(console), gatewayID...)
	if strings.Contains(console, "\x00") || gatewayID == "" || len(key) > bbolt.MaxKeySize {
		return nil, fmt.Errorf("no lease can be kept for gateway %.40q of console %.40q", gatewayID, console)
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

// appendLease appends a lease as it is kept under a key: the format, a checksum of
// the key and what follows, the length of the id and the id, and for each run of
// addresses the gap before it and its length. Numbers are varints.
func appendLease(b, key []byte, l lease) ([]byte, error) {
	if len(l.addresses) > maxLeaseAddresses {
		return nil, fmt.Errorf("lease of gateway %q: %d addresses, at most %d can be kept", l.gatewayID, len(l.addresses), maxLeaseAddresses)
	}
	before := uint32(0)
	for _, a := range l.addresses {
		if a <= before || a > maxAddress {
			return nil, fmt.Errorf("lease of gateway %q: SN%d follows SN%d, want ascending addresses up to SN%d", l.gatewayID, a, before, maxAddress)
		}
		before = a
	}
	body := binary.AppendUvarint(nil, uint64(len(l.id)))
	body = append(body, l.id...)
	end := uint32(0) // of the run before
	for i := 0; i < len(l.addresses); {
		first, length := l.addresses[i], uint32(1)
		for i++; i < len(l.addresses) && l.addresses[i] == first+length; i++ {
			length++
		}
		body = binary.AppendUvarint(body, uint64(first-end))
		body = binary.AppendUvarint(body, uint64(length))
		end = first + length - 1
	}
	b = append(b, leaseFormat)
	b = binary.BigEndian.AppendUint32(b, leaseSum(key, body))
	return append(b, body...), nil
}

// parseLease reads what appendLease wrote; the GatewayID is in the key.
func parseLease(key, b []byte) (lease, error) {
	if len(b) < 5 {
		return lease{}, fmt.Errorf("%d bytes, want 5 at least", len(b))
	}
	if b[0] != leaseFormat {
		return lease{}, fmt.Errorf("format %d, this program knows %d", b[0], leaseFormat)
	}
	body := b[5:]
	if got, want := leaseSum(key, body), binary.BigEndian.Uint32(b[1:]); got != want {
		return lease{}, fmt.Errorf("checksum %08x, want %08x", got, want)
	}
	number := func() uint64 { // the checksum was right, so this is a fault of ours
		v, n := binary.Uvarint(body)
		body = body[max(n, 0):]
		if n <= 0 {
			body = nil
			return 0
		}
		return v
	}
	length := number()
	if length > uint64(len(body)) {
		return lease{}, fmt.Errorf("the lease id has %d bytes of %d", length, len(body))
	}
	l := lease{id: string(body[:length])}
	body = body[length:]
	for end := uint64(0); len(body) > 0; {
		gap, count := number(), number()
		first := end + gap
		end = first + count - 1
		switch {
		case gap == 0 || count == 0 || gap > maxAddress || end > maxAddress:
			return lease{}, fmt.Errorf("a run of %d addresses, %d after SN%d", count, gap, first-gap)
		case count > maxLeaseAddresses-uint64(len(l.addresses)):
			return lease{}, fmt.Errorf("more than %d addresses", maxLeaseAddresses)
		}
		l.addresses = slices.Grow(l.addresses, int(count))
		for a := first; a <= end; a++ {
			l.addresses = append(l.addresses, uint32(a))
		}
	}
	return l, nil
}

// leaseSum is the checksum of a lease under its key.
func leaseSum(key, body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(key), crc32.IEEETable, body)
}
