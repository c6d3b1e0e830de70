package stagenet

import (
	"log/slog"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
)

// leases keeps the leases of a console in the store of the host.
type leases struct {
	store device.Store
	name  string // of the console
	log   *slog.Logger
}

// load reads what was saved. The show goes on without a lease that cannot be
// read; its gateway gets another one.
func (l leases) load() []stagenet.Lease {
	var list []stagenet.Lease
	err := l.store.Leases(l.name, func(gatewayID, id string, addresses []uint32) {
		lease := stagenet.Lease{GatewayID: gatewayID, ID: id}
		for _, a := range addresses {
			lease.Addresses = append(lease.Addresses, stagenet.Address(a))
		}
		list = append(list, lease)
	})
	if err != nil {
		l.log.Error("stagenet: a lease is lost, its gateway will get another one", "error", err)
	}
	return list
}

// Save implements stagenet.Leases.
func (l leases) Save(lease stagenet.Lease) error {
	addresses := make([]uint32, len(lease.Addresses))
	for i, a := range lease.Addresses {
		addresses[i] = uint32(a)
	}
	return l.store.SaveLease(l.name, lease.GatewayID, lease.ID, addresses)
}

// Delete implements stagenet.Leases.
func (l leases) Delete(gatewayID string) error { return l.store.DeleteLease(l.name, gatewayID) }
