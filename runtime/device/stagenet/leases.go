package stagenet

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
)

// leaseBucket is where the leases of all consoles are kept. The key is the name of the
// console, a zero byte and the GatewayID.
const leaseBucket = "stagenet leases"

// Granted is a lease that a console has granted, as it is kept.
type Granted struct {
	Console   string // its network, "" for any
	GatewayID string
	ID        string // of the lease
	Addresses []int  // 1 is SN1; ascending
	From      string // the network address that asked for it, empty if that is not known
	Unused    bool   // no channels were ever told for it
}

// keptLease is a lease as JSON. The runs of its addresses are written such as
// "1-512,600-601".
type keptLease struct {
	ID        string `json:"id"`
	Addresses runs   `json:"addresses"`
	From      string `json:"from,omitempty"`
	Unused    bool   `json:"unused,omitempty"`
}

// runs are the numbers of addresses, SN1 is 1; ascending.
type runs []stagenet.Address

// ErrDamaged tells that a lease cannot be read. The others are as they should be.
var ErrDamaged = errors.New("damaged")

// ErrTaken tells that the lease of another gateway holds an address.
var ErrTaken = errors.New("the address belongs to another gateway")

// Leases lists what all consoles have granted, by console and GatewayID. Leases that
// cannot be read are left out; the error, which wraps ErrDamaged, names them.
func Leases(store device.Store) ([]Granted, error) {
	var list []Granted
	err := eachLease(store, "", func(console string, l stagenet.Lease) {
		g := Granted{Console: console, GatewayID: l.GatewayID, ID: l.ID, From: l.From, Unused: l.Unused}
		for _, a := range l.Addresses {
			g.Addresses = append(g.Addresses, int(a))
		}
		list = append(list, g)
	})
	return list, err
}

// ForgetLease forgets what a console granted to a gateway, if it did.
func ForgetLease(store device.Store, console, gatewayID string) error {
	key, err := leaseKey(console, gatewayID)
	if err != nil {
		return err
	}
	return store.Delete(leaseBucket, key)
}

// eachLease calls each for the leases whose keys begin so.
func eachLease(store device.Store, prefix string, each func(console string, l stagenet.Lease)) error {
	var damaged error
	err := store.Each(leaseBucket, prefix, func(key string, value []byte) {
		console, gatewayID, _ := strings.Cut(key, "\x00")
		var l keptLease
		err := json.Unmarshal(value, &l)
		if err == nil && l.ID == "" {
			err = errors.New("no id")
		}
		if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("lease of gateway %q: %w: %w", gatewayID, ErrDamaged, err))
			return
		}
		each(console, stagenet.Lease{GatewayID: gatewayID, ID: l.ID, Addresses: l.Addresses, From: l.From, Unused: l.Unused})
	})
	return errors.Join(damaged, err)
}

// leaseKey is where a lease is kept.
func leaseKey(console, gatewayID string) (string, error) {
	const longest = 32768 // of a key, in bytes
	key := console + "\x00" + gatewayID
	if strings.Contains(console, "\x00") || gatewayID == "" || len(key) > longest {
		return "", fmt.Errorf("no lease can be kept for gateway %.40q of console %.40q", gatewayID, console)
	}
	return key, nil
}

// leases keeps the leases of one console.
type leases struct {
	store device.Store
	name  string // of the console
	log   *slog.Logger
}

// load reads what was saved. The show goes on without a lease that cannot be read or
// contradicts another; its gateway gets another one.
func (l leases) load() []stagenet.Lease {
	var list []stagenet.Lease
	err := eachLease(l.store, l.name+"\x00", func(_ string, x stagenet.Lease) {
		if err := contradicts(list, x); err != nil {
			l.lost(err)
			return
		}
		list = append(list, x)
	})
	if err != nil {
		l.lost(err)
	}
	return list
}

func (l leases) lost(err error) {
	l.log.Error("stagenet: a lease is lost, its gateway will get another one", "error", err)
}

// Save implements stagenet.Leases. An address that another gateway of the console holds
// is refused with ErrTaken: a console that was replaced at a reload may have granted it,
// for a moment longer.
func (l leases) Save(lease stagenet.Lease) error {
	key, err := leaseKey(l.name, lease.GatewayID)
	if err != nil {
		return err
	}
	value, err := json.Marshal(keptLease{lease.ID, lease.Addresses, lease.From, lease.Unused})
	if err != nil {
		return err
	}
	var others []stagenet.Lease
	err = eachLease(l.store, l.name+"\x00", func(_ string, x stagenet.Lease) {
		if x.GatewayID != lease.GatewayID {
			others = append(others, x)
		}
	})
	if err != nil && !errors.Is(err, ErrDamaged) { // a damaged one holds nothing
		return err
	}
	if err := contradicts(others, lease); err != nil {
		return err
	}
	return l.store.Put(leaseBucket, key, value)
}

// Delete implements stagenet.Leases.
func (l leases) Delete(gatewayID string) error { return ForgetLease(l.store, l.name, gatewayID) }

// contradicts is why a lease cannot be beside others, nil if it can.
func contradicts(others []stagenet.Lease, l stagenet.Lease) error {
	for _, o := range others {
		if o.ID == l.ID {
			return fmt.Errorf("lease id %q of gateway %q: gateway %q has it", l.ID, l.GatewayID, o.GatewayID)
		}
		if a, both := common(o.Addresses, l.Addresses); both {
			return fmt.Errorf("%v of gateway %q: %w, %q", a, l.GatewayID, ErrTaken, o.GatewayID)
		}
	}
	return nil
}

// common returns an address that is in both lists.
func common(a, b []stagenet.Address) (stagenet.Address, bool) {
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

// MarshalText implements encoding.TextMarshaler. Addresses that do not ascend are an
// error.
func (r runs) MarshalText() ([]byte, error) {
	var b []byte
	for i := 0; i < len(r); {
		if i > 0 && r[i] <= r[i-1] || r[i] < 1 || r[i] > math.MaxInt32 {
			return nil, fmt.Errorf("%v is out of place, want ascending addresses up to %v", r[i], stagenet.Address(math.MaxInt32))
		}
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

// UnmarshalText implements encoding.TextUnmarshaler. A damaged text must not ask for
// more memory than any lease has.
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
		case last-first >= uint64(MaxAddress-len(*r)):
			return fmt.Errorf("more than %d addresses", MaxAddress)
		}
		for a := first; a <= last; a++ {
			*r = append(*r, stagenet.Address(a))
		}
		before = last
	}
	return nil
}
