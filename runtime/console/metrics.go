package console

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many may ask for metrics at the same time.
const maxScrapes = 4

// metrics answers with everything that is counted.
func (s *Server) metrics() func(http.ResponseWriter, *visit) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(meter{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	h := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes, DisableCompression: true,
	})
	return func(w http.ResponseWriter, v *visit) { h.ServeHTTP(w, v.Request) }
}

// A meter collects what a show counts. Which counters there are changes with its devices,
// so it promises none.
type meter struct{ *Server }

// Describe implements prometheus.Collector.
func (meter) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m meter) Collect(to chan<- prometheus.Metric) {
	now, house := m.View.Now(), m.houseNow()
	put := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		names, values := split(labels)
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc("showrun_"+name, help, names, nil), kind, value, values...)
	}
	counter, gauge := prometheus.CounterValue, prometheus.GaugeValue
	put(gauge, "info", "The show that runs, and the version it runs on", 1, "show", m.Show, "version", m.Version)
	put(gauge, "show_seconds", "Show time", now.Time)
	put(gauge, "tempo_bpm", "Tempo, 0 while it stands", now.Beat.Tempo)
	put(gauge, "beat_confidence", "How sure the beat is, 0-1", now.Beat.Confidence)
	put(gauge, "held", "1 while machinery is held by an emergency stop", number(now.Held))
	put(gauge, "script_runs", "1 while a script runs", number(!now.NoScript))
	put(gauge, "stuck", "1 while a device holds up the frames", number(now.Stuck != ""))
	put(gauge, "missing", "What is not there", float64(len(now.Missing)))
	put(gauge, "handlers_disabled", "Handlers that are not called any more", float64(len(now.Disabled)))
	put(counter, "frames_total", "Frames that were made", float64(house.Frames))
	put(gauge, "frame_rate", "Frames a second, over the last second", house.Rate)
	put(gauge, "memory_live_bytes", "What the show holds", float64(house.Memory.Live))
	put(gauge, "memory_limit_bytes", "What it may hold", float64(house.Memory.Limit))
	put(gauge, "tasks", "Tasks of the script", float64(house.Memory.Tasks))
	put(gauge, "console_viewers", "Pages that are looked at", float64(m.sampler.count()))
	put(gauge, "console_connections", "Connections to the console", float64(m.hall.count()))
	for _, d := range unique(house.Devices, func(d Device) string { return d.Name }) {
		put(gauge, "device_there", "1 for a device of the show that is there", number(d.State == "there"), "device", d.Name, "protocol", d.Protocol)
	}
	for _, h := range unique(house.Handlers, func(h Handler) string { return h.Name }) {
		put(counter, "handler_calls_total", "Calls of a handler of the script", float64(h.Calls), "handler", h.Name)
		put(counter, "handler_seconds_total", "Time it took", h.Total, "handler", h.Name)
		put(gauge, "handler_worst_seconds", "The longest call", h.Worst, "handler", h.Name)
	}
	helps := map[string]string{}
	for _, d := range unique(house.Drops, func(d Drop) string { return metricName(d.Name) + "\x00" + d.Of }) {
		name := metricName(d.Name)
		if helps[name] == "" {
			helps[name] = d.What // which is one for a name, whatever the device
		}
		put(counter, name+"_total", helps[name], float64(d.N), "of", d.Of)
	}
	if h, ok := histogram(house.Late); ok {
		to <- h
	}
}

// unique are the first of each key: of two metrics of one name a scrape would have none.
func unique[T any](list []T, key func(T) string) (firsts []T) {
	seen := map[string]bool{}
	for _, x := range list {
		if k := key(x); !seen[k] {
			seen[k] = true
			firsts = append(firsts, x)
		}
	}
	return firsts
}

// metricName makes a name fit to be one of a metric.
func metricName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return strings.TrimSuffix(strings.TrimPrefix(name, "showrun_"), "_total")
}

// split takes names and values of labels apart.
func split(labels []string) (names, values []string) {
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, strings.ToValidUTF8(labels[i+1], "?"))
	}
	return names, values
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// histogram is that of how late frames are; false if nothing is known of it.
func histogram(h Histogram) (prometheus.Metric, bool) {
	if len(h.Counts) != len(h.Bounds)+1 {
		return nil, false
	}
	total, below := uint64(0), map[float64]uint64{}
	for i, n := range h.Counts {
		total += n
		if i < len(h.Bounds) {
			below[h.Bounds[i]] = total
		}
	}
	m, err := prometheus.NewConstHistogram(prometheus.NewDesc("showrun_frame_late_seconds", "How late frames are made", nil, nil), total, h.Sum, below)
	return m, err == nil
}
