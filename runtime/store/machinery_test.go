package store

import "testing"

func TestMachineryIsKeptUntilItIsSafe(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for device, how := range map[string]string{"valve 1": "a", "valve 2": "b", "motion": "c"} {
		if err := s.Engage(device, []byte(how)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Disengage("motion"); err != nil {
		t.Fatal(err)
	}
	if err := s.Disengage("unknown"); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
	s.Close()
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := s.Engaged()
	if len(list) != 2 || string(list["valve 1"]) != "a" || string(list["valve 2"]) != "b" {
		t.Errorf("engaged %v", list)
	}
}
