//go:build !unix

package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// soak needs the signals of Unix.
func (a *app) soak() *cobra.Command {
	return &cobra.Command{
		Use: "soak", Short: "Try showrun itself (on Unix only)",
		RunE: func(*cobra.Command, []string) error { return errors.New("soak runs on Unix only") },
	}
}
