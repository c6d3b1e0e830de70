package theater_test

import (
	"testing"

	"showrun/drivers/theater"
)

func TestIDsAreWrittenDown(t *testing.T) {
	for _, id := range []theater.ID{theater.Name("wash"), theater.Name("7"), theater.Name("#7"), theater.Number(7), theater.Number(-1)} {
		text, err := id.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again theater.ID
		if err := again.UnmarshalBinary(text); err != nil || again != id {
			t.Errorf("%s became %v, %v", text, again, err)
		}
	}
	for _, wrong := range []string{"", "=", "7", "#", "#x"} {
		var id theater.ID
		if err := id.UnmarshalBinary([]byte(wrong)); err == nil {
			t.Errorf("%q was taken for %v", wrong, id)
		}
	}
}
