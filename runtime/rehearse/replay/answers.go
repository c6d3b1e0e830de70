package replay

import (
	"fmt"
	"reflect"
	"time"

	"showrun/runtime/show"
)

// answers are what devices said in a recording, by question, the newest last.
type answers map[string][]answer

type answer struct {
	at    time.Duration
	exact string // name of the question
	value any
}

// near is how late something may be in a recording that is on time when it is repeated:
// live, a loop has to wake up first.
const near = 20 * time.Millisecond

// heard keeps an answer that was given at an instant. Nobody asks for what was said before
// now any more.
func (as answers) heard(q show.AskDevice, value any, at, now time.Duration) {
	key, exact := question(q)
	list := as[key]
	for len(list) > 1 && list[1].at < now-near {
		list = list[1:]
	}
	as[key] = append(list, answer{at, exact, value})
}

// to is what was said last to a question up to an instant, or right after it if that is long
// ago. Of what was said there to this question, and of other instants, the former counts.
// It is not known before somebody has asked.
func (as answers) to(q show.AskDevice, now time.Duration) (value any, known bool) {
	key, exact := question(q)
	var said *answer
	for i := range as[key] {
		a := &as[key][i]
		switch same := a.exact == exact; {
		case a.at > now+near:
		case said == nil || same && said.exact != exact:
			said = a
		case said.exact == exact && !same:
		case a.at <= now || said.at < now-near:
			said = a
		}
	}
	if said == nil {
		return nil, false
	}
	return said.value, true
}

// question names a question: by what it asks, whatever instant it asks of, and exactly.
func question(of show.AskDevice) (name, exact string) {
	q := of.Question
	exact = fmt.Sprintf("%s %T%+v", of.Key, q, q)
	v := reflect.ValueOf(q)
	if v.Kind() != reflect.Struct {
		return exact, exact
	}
	timeless := reflect.New(v.Type()).Elem()
	timeless.Set(v)
	for i := range timeless.NumField() {
		if timeless.Field(i).Type() == reflect.TypeFor[time.Duration]() {
			timeless.Field(i).SetZero()
		}
	}
	return fmt.Sprintf("%s %T%+v", of.Key, q, timeless.Interface()), exact
}
