package examples

import (
	"io/fs"
	"os"
	"testing"
)

// TestEveryFileOfAnExampleIsEmbedded compares what the program holds with what lies here.
func TestEveryFileOfAnExampleIsEmbedded(t *testing.T) {
	if len(Names()) != len(shows(t)) {
		t.Errorf("%v are embedded, %v lie here", Names(), shows(t))
	}
	for _, name := range shows(t) {
		err := fs.WalkDir(os.DirFS(name), ".", func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				_, err = fs.Stat(Files(), name+"/"+path)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
