package host

import (
	"encoding/json"

	"showrun/runtime/show"
)

// encodeCarried writes down what a show carries over to its next run, so that people can
// read it too.
func encodeCarried(c show.Carried) ([]byte, error) { return json.Marshal(c) }

// decodeCarried reads it. Numbers, booleans and strings come back as what they were.
func decodeCarried(b []byte) (c show.Carried, err error) {
	err = json.Unmarshal(b, &c)
	for name, v := range c.Params {
		switch v.(type) {
		case float64, bool, string:
		default:
			delete(c.Params, name)
		}
	}
	return c, err
}
