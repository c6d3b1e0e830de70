package rehearse

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"showrun/runtime/script"
)

// TestLogTellsNothingOfTheMachine: what depends on how fast it is stays out, also of loggers
// that were made of the first.
func TestLogTellsNothingOfTheMachine(t *testing.T) {
	var b bytes.Buffer
	r, err := New(Options{Log: slog.New(slog.NewTextHandler(&b, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, log := range []*slog.Logger{r.opts.Log, r.opts.Log.With("a", 1), r.opts.Log.WithGroup("g")} {
		log.Warn(script.SlowScript, "took", 1)
		log.Warn("kept")
	}
	if strings.Contains(b.String(), script.SlowScript) || strings.Count(b.String(), "msg=kept") != 3 {
		t.Errorf("logged\n%s", b.String())
	}
}
