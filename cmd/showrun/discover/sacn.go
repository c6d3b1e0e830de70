package discover

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"showrun/drivers/sacn/receiver"
)

// acn listens to what sACN sources tell of themselves.
type acn struct {
	receiver *receiver.Conn
	news     news
}

// news tells of what was not told of before.
type news struct {
	tell func(string)

	mu   sync.Mutex
	told map[string]bool
}

// maxTold bounds what is remembered of those that come and go.
const maxTold = 10_000

// of tells of somebody, once.
func (n *news) of(id, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told = map[string]bool{}
	}
	if !n.told[id] && len(n.told) < maxTold {
		n.told[id] = true
		n.tell(text)
	}
}

func (o Options) sACN(tell func(string)) (Search, error) {
	r, err := receiver.Open(receiver.Config{Interface: o.Interface, Port: o.SACNPort, Discover: true, Log: o.Log})
	if err != nil {
		return nil, err
	}
	return &acn{receiver: r, news: news{tell: tell}}, nil
}

// Run implements Search.
func (s *acn) Run(ctx context.Context) error {
	return watching(ctx, s.receiver.Run, func() {
		for _, f := range s.receiver.Found() {
			s.news.of(f.CID.String(), fmt.Sprintf("%s %v", f.Name, f.From.Addr()))
		}
	})
}

// watching runs a search, and looks every now and then whether there is news.
func watching(ctx context.Context, run func(context.Context) error, look func()) error {
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			look()
		}
	}
}

// acnSource is one for programs.
type acnSource struct {
	CID       string   `json:"cid"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Universes []uint16 `json:"universes"`
}

// Found implements Search.
func (s *acn) Found(time.Time) Section {
	out := Section{Name: "sacn", Title: "sACN", Doing: "listening", Columns: []string{"NAME", "ADDRESS", "UNIVERSES", "CID"}}
	list := []acnSource{}
	for _, f := range s.receiver.Found() {
		d := acnSource{f.CID.String(), f.Name, f.From.Addr().String(), append([]uint16{}, f.Universes...)}
		list = append(list, d)
		out.Rows = append(out.Rows, Row{Cells: []string{d.Name, d.Address, runs(d.Universes), d.CID}})
	}
	out.Document = struct {
		Sources []acnSource `json:"sources"`
	}{list}
	return out
}

// runs writes numbers in order, as in 1-4,7.
func runs[N ~uint16](numbers []N) string {
	var parts []string
	for i := 0; i < len(numbers); i++ {
		first := numbers[i]
		for i+1 < len(numbers) && numbers[i+1] == numbers[i]+1 {
			i++
		}
		if numbers[i] == first {
			parts = append(parts, fmt.Sprint(first))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", first, numbers[i]))
		}
	}
	return strings.Join(parts, ",")
}
