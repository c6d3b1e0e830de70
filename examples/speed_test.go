package examples

import (
	"os"
	"testing"
	"time"
)

// BenchmarkShows plays a minute of each show with its hands, and tells how many times
// faster than the real one that is.
func BenchmarkShows(b *testing.B) {
	for _, name := range shows(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				play(b, options(b, name, nil), os.DirFS(name), time.Minute)
			}
			b.ReportMetric(time.Minute.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "x")
		})
	}
}
