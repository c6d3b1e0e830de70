//go:build !linux

package osc

import "context"

// runUrgent is Run of a Conn that wants few messages.
func (c *Conn) runUrgent(ctx context.Context) error { return c.run(ctx) }
