package console

import "sync/atomic"

// A refusal is a reason for which the console did not do what somebody asked.
type refusal int

// The reasons.
const (
	foreignHost refusal = iota
	foreignOrigin
	noToken
	wrongToken
	notDrive
	notFound
	wrongMethod
	tooLarge
	notUnderstood
	tooManyRequests
	tooManyConnections
	brokenRequest
	stalledClient
	slowedClient
	reasons // how many there are
)

// tellings are the reasons as counters: the name of the metric, and what people read.
var tellings = [reasons]Drop{
	foreignHost:        {Name: "console_foreign_host", What: "console: requests under a name that is not this machine's"},
	foreignOrigin:      {Name: "console_foreign_origin", What: "console: requests from pages of others"},
	noToken:            {Name: "console_no_token", What: "console: requests without a token"},
	wrongToken:         {Name: "console_wrong_token", What: "console: requests with a wrong token"},
	notDrive:           {Name: "console_not_drive", What: "console: commands of who may only watch"},
	notFound:           {Name: "console_not_found", What: "console: requests for what there is not"},
	wrongMethod:        {Name: "console_wrong_method", What: "console: requests with a wrong method"},
	tooLarge:           {Name: "console_too_large", What: "console: requests and messages too large"},
	notUnderstood:      {Name: "console_not_understood", What: "console: requests and messages not understood"},
	tooManyRequests:    {Name: "console_too_many_requests", What: "console: requests too many from one address"},
	tooManyConnections: {Name: "console_too_many_connections", What: "console: connections closed for want of room"},
	brokenRequest:      {Name: "console_broken_request", What: "console: connections with a request that is none, or comes too slowly"},
	stalledClient:      {Name: "console_stalled_client", What: "console: pages closed that took nothing for too long"},
	slowedClient:       {Name: "console_slowed_client", What: "console: messages that had to wait, as too many came"},
}

// SumOfRefusals is the name of a counter of the show that has all of these together. The
// console tells them one by one.
const SumOfRefusals = "console_refused"

// refusals counts by reason. It is safe from any goroutine.
type refusals [reasons]atomic.Uint64

func (r *refusals) add(why refusal) { r[why].Add(1) }

// drops appends the counters, also zeros.
func (r *refusals) drops(to []Drop) []Drop {
	for why, d := range tellings {
		d.N = r[why].Load()
		to = append(to, d)
	}
	return to
}

// sum is how often anything was refused.
func (r *refusals) sum() (n uint64) {
	for why := range r {
		n += r[why].Load()
	}
	return n
}
