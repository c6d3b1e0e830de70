package server

import (
	"fmt"
	"math"
	"strconv"

	"showrun/drivers/osc"
)

// numbers reads the arguments of a message from the index on as finite numbers,
// each of any numeric type (PROTOCOL.md ruling 1).
func numbers(m osc.Message, from int) ([]float64, error) {
	list := make([]float64, 0, len(m.Args)-from)
	for i, arg := range m.Args[from:] {
		n, ok := osc.Number(arg)
		switch {
		case !ok:
			return nil, refuse(WrongType, "%s: argument %d is a %s, expected a number", m.Address, from+i+1, kind(arg))
		case math.IsNaN(n) || math.IsInf(n, 0):
			return nil, refuse(NotFinite, "%s: argument %d is %v, expected a finite number", m.Address, from+i+1, n)
		}
		list = append(list, n)
	}
	return list, nil
}

// rate reads the arguments behind the first of a /tempo.
func rate(m osc.Message) (float64, error) {
	if len(m.Args) != 2 {
		return 0, refuse(WrongCount, "%s: %s, expected a name and a rate", m.Address, arguments(len(m.Args)))
	}
	list, err := numbers(m, 1)
	if err != nil {
		return 0, err
	}
	if list[0] <= 0 {
		return 0, refuse(BadRate, "%s: the rate is %v, expected more than 0 segments a minute", m.Address, list[0])
	}
	return list[0], nil
}

// identity is what the first argument of a message names: a fixture, axis or
// joint, by a name or by a number.
type identity struct {
	name     string
	number   int
	isNumber bool
}

// identify reads the first argument: a string, which may hold a number, or an
// integral number of any type (PROTOCOL.md ruling 1).
func identify(m osc.Message) (identity, error) {
	if len(m.Args) == 0 {
		return identity{}, refuse(WrongCount, "%s: no arguments", m.Address)
	}
	if s, ok := m.Args[0].(string); ok {
		n, err := strconv.Atoi(s)
		return identity{s, n, err == nil}, nil
	}
	n, ok := osc.Number(m.Args[0])
	switch {
	case !ok:
		return identity{}, refuse(WrongType, "%s: argument 1 is a %s, expected a name or a number", m.Address, kind(m.Args[0]))
	case math.IsNaN(n) || math.IsInf(n, 0):
		return identity{}, refuse(NotFinite, "%s: argument 1 is %v, expected a name or a number", m.Address, n)
	case n != math.Trunc(n) || math.Abs(n) > math.MaxInt32:
		return identity{}, refuse(UnknownName, "%s: argument 1 is %v, expected a name or a whole number", m.Address, n)
	}
	return identity{"", int(n), true}, nil
}

// String is the name as it was given.
func (id identity) String() string {
	if id.isNumber {
		return strconv.Itoa(id.number)
	}
	return strconv.Quote(id.name)
}

// kind names the type of an argument that is none of the numbers.
func kind(arg any) string {
	switch arg.(type) {
	case string:
		return "string"
	case []byte:
		return "blob"
	case bool:
		return "boolean"
	case nil:
		return "nil"
	}
	return "time tag"
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
