package signet_test

import (
	"context"
	"log"
	"time"

	"showrun/drivers/signet"
)

// A Sender that streams one universe for a second. A real one keeps its TUID
// and its session numbers on disk.
func ExampleOpenSender() {
	k0, err := signet.K0FromPassphrase("Ge2p$E$4*A") // the published test passphrase, never for a show
	if err != nil {
		log.Fatal(err)
	}
	sender, err := signet.OpenSender(signet.SenderConfig{
		TUID:      signet.TUID{0x7F, 0xF0, 0x80, 0x00, 0x00, 0x01},
		Keys:      k0.Keys(),
		Sessions:  &signet.MemorySessions{},
		Interface: "lo",
		Label:     "example",
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sender.Join(1, signet.UniverseOptions{}); err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	sender.SetLevels(1, []byte{255, 128, 0})
	if err := sender.Run(ctx); err != nil { // flushes by itself; an engine calls Flush per frame
		log.Fatal(err)
	}
}
